"""The editor's page, and the parts of it that are asked for while somebody writes.

After each change the browser asks for the sentence with a first number (`preview`), then for
what is proved (`proof`), then for the exact number (`count`). Without JavaScript a page has
all of it at once.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from apps.rules.builder import offering
from apps.rules.builder.draft import BEGUN
from apps.rules.builder.showing import Note, shown
from apps.rules.builder.tree import MATCHES, ids
from apps.segments.editor.editor import Editor
from apps.segments.editor.remarks import Remark, by_part, remarks
from apps.segments.editor.subjects import subjects
from apps.segments.foreseeing import estimate, preview

Remarks = Mapping[str, list[Remark]]  # by the id of the part
PARTS = {
    "preview": "segments/_preview.html",
    "proof": "segments/_proof.html",
    "count": "segments/_counted.html",
}


def part_asked(editor: Editor) -> str:
    """Return which part of the page is asked for; "" is the whole editor."""
    asked = editor.posted.get("ask", "") if editor.posted else ""
    return asked if asked in PARTS else ""


def template(editor: Editor, *, is_htmx: bool) -> str:
    if not is_htmx:
        return "segments/editor.html"
    return PARTS.get(part_asked(editor), "segments/_editor.html")


def context(editor: Editor, *, now: datetime, is_htmx: bool) -> dict[str, Any]:
    """Return what the page shows, or the part of it that is asked for."""
    asked = part_asked(editor) if is_htmx else ""
    whole = editor.posted is not None and not is_htmx
    found = _remarks(editor, now=now) if asked == "proof" or whole else None
    common = {
        "address": editor.address,
        "segment": editor.segment,
        "draft": editor.draft,
        "static": editor.static,
        "unfinished": len(editor.problems) if editor.finished_rule and not editor.rule else 0,
        "whole_problem": editor.problems.get(""),
        "remarks": None if found is None else found.get("", []),
    }
    if asked != "proof":
        exactly = asked == "count" or whole
        common["preview"] = editor.foreseen(preview if exactly else estimate, now=now)
    elif editor.posted:
        common["estimated"] = editor.posted.get("estimated")
        common["notes"] = _notes(editor, found or {})
    return common if asked else common | _builder(editor, found or {})


def _builder(editor: Editor, found: Remarks) -> dict[str, Any]:
    offered = subjects(editor.known, but=editor.segment.slug)
    draft = editor.draft
    return {
        "form": editor.form,
        "root": shown(
            draft.tree,
            editor.known,
            offered,
            problems=_told(editor),
            remarks=found,
            focus=draft.focus,
        ),
        "matches": MATCHES.items(),
        "units": offering.UNITS,
        # Rendered once: every condition offers all of them.
        "subject_options": render_to_string("rules/_subjects.html", {"groups": offered.groups}),
        "events": offered.events,
        "refusal": editor.refusal,
        "asks_number": editor.asks_number,
        "is_refused": editor.asks_to_save,
        "rehearsal": editor.rehearsal,
    }


def _told(editor: Editor) -> dict[str, str]:
    """Return what is told beside each part; what was just begun is left in peace."""
    in_peace = () if editor.asks_to_save else BEGUN
    return {
        name: error.message
        for name, error in editor.problems.items()
        if error.message not in in_peace
    }


def _notes(editor: Editor, found: Remarks) -> list[Note]:
    """Return what stands below each part, to be put in its place."""
    if editor.draft.as_json or editor.static:
        return []
    told = _told(editor)
    return [Note(one, told.get(one, ""), found.get(one, ())) for one in ids(editor.draft.tree)]


def _remarks(editor: Editor, *, now: datetime) -> Remarks:
    if editor.finished_rule is None:
        return {}
    found = remarks(editor.finished_rule, editor.finished, segment=editor.stored, now=now)
    return by_part(found)
