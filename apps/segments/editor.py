"""What the editor page does with a form: change rows, preview, save."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.urls import reverse

from apps.accounts.models import User
from apps.contacts.events import WELL_KNOWN
from apps.contacts.models import Event
from apps.quizzes.models import Quiz
from apps.quizzes.traits import within_its_quiz
from apps.rules.catalogue import Catalogue
from apps.rules.errors import RuleError
from apps.rules.nodes import Rule
from apps.segments import builder, editing
from apps.segments.builder import Draft, Row
from apps.segments.foreseeing import Preview, estimate, preview
from apps.segments.forms import SegmentForm
from apps.segments.models import Segment
from apps.segments.plan import catalogue
from apps.segments.widgets import widgets_of

NO_ROWS = (
    "Conditions cannot show this rule: it has groups within groups, or asks for the properties"
    " of an event. It can be edited here."
)
QUIZ = "Quiz: "  # what the groups of a quiz's traits begin with
ASK_AGAIN_ABOVE = 500  # contacts who would start sequences
PLACE = re.compile(r"^(?:not\.)?(?:all|any)\[(\d+)\]")


class Editor:
    """One request's view of a segment being written."""

    def __init__(self, segment: Segment, *, form: QueryDict | None) -> None:
        self.segment = segment
        self.posted = form
        self.known = catalogue()
        self.notice = ""
        self.draft = self._draft(form)
        self.form = self._form(form)
        self.problem: RuleError | None = None
        self.refusal = ""

    def _draft(self, form: QueryDict | None) -> Draft:
        if form is None:
            return builder.draft_of(self.segment.rule)
        return self._acted(builder.read(form), form.get("do", ""))

    def _acted(self, draft: Draft, action: str) -> Draft:
        """Return the draft after the button that was pressed."""
        if action == "add":
            return Draft(draft.match, (*draft.rows, Row()))
        if action.startswith("remove-"):
            return draft.without(builder.number(action.removeprefix("remove-")))
        if action == "json" and not draft.as_json:
            return builder.draft_of_json(draft.chosen().rule(self.known))
        if action == "rows" and draft.as_json:
            return self._as_rows(draft)
        return draft

    def _as_rows(self, draft: Draft) -> Draft:
        found = builder.rows_of_json(draft.json)
        if found is None:
            self.notice = NO_ROWS
        return found or draft

    def _form(self, form: QueryDict | None) -> SegmentForm:
        initial: dict[str, Any] = {"static": bool(self.segment.pk) and self.segment.rule is None}
        if form is None or not self.asks_to_save:
            # A row was added or previewed: what else was typed stays, unchecked.
            initial |= dict(form.items()) if form else {}
            return SegmentForm(instance=self.segment, initial=initial)
        return SegmentForm(form, instance=self.segment)

    @property
    def asks_to_save(self) -> bool:
        return self.posted is not None and self.posted.get("do") == "save"

    @property
    def address(self) -> str:
        pk = self.segment.pk
        return reverse("segments:edit", args=[pk]) if pk else reverse("segments:new")

    @property
    def static(self) -> bool:
        if self.posted is None:
            return bool(self.form.initial.get("static"))
        return "static" in self.posted

    @cached_property
    def rule(self) -> Rule | None:
        """Return the rule as written, or None with `problem` set where it cannot be read."""
        self.problem = self.draft.unchosen()
        if self.problem:
            return None
        try:
            return editing.read_rule(self.draft.rule(self.known), known=self.known)
        except RuleError as error:
            self.problem = error
            return None

    def save(self, *, by: User, now: datetime) -> bool:
        """Save; return whether that was done. Otherwise the reasons stand in the context."""
        with transaction.atomic():
            done = self._save(by=by, now=now)
            transaction.set_rollback(not done)  # a ladder that was begun for it goes too
        return done

    def _save(self, *, by: User, now: datetime) -> bool:
        if not self.form.is_valid() or (not self.static and self.rule is None):
            return False
        if self._must_ask(now):
            return False
        rule = None if self.static else self.draft.rule(self.known)
        enrol = self.form.cleaned_data["enrol_existing"]
        try:
            editing.save(self.segment, rule=rule, by=by, now=now, enrol_existing=enrol)
        except editing.SegmentError as error:
            self.refusal = str(error)
            return False
        return True

    def _must_ask(self, now: datetime) -> bool:
        """Return whether so many would start sequences that the number must be typed first."""
        if not self.form.cleaned_data["enrol_existing"]:
            return False
        foreseen = self._foreseen(preview, now)
        if foreseen is None:
            return False
        many = foreseen.entering > ASK_AGAIN_ABOVE
        if many and self.form.cleaned_data["confirmed"] != foreseen.entering:
            self.refusal = (
                f"{foreseen.entering:,} contacts would start sequences at once."
                f" Type {foreseen.entering} below and save again if that is what you want."
            )
            return True
        return False

    def _foreseen(self, foresee: Callable[..., Preview], now: datetime) -> Preview | None:
        if self.static or self.rule is None:
            return None
        return foresee(self.rule, segment=self.segment if self.segment.pk else None, now=now)

    def context(self, *, now: datetime) -> dict[str, Any]:
        exactly = bool(self.posted and "exactly" in self.posted)
        foreseen = self._foreseen(preview if exactly else estimate, now)
        complaints = self._complaints()
        widgets = widgets_of(self.draft, self.known, complaints)
        subjects = _subjects(self.known, self.segment.slug)
        quizzes = {value: of for of, group in subjects if of.startswith(QUIZ) for value, _ in group}
        return {
            "address": self.address,
            "segment": self.segment,
            "form": self.form,
            "draft": self.draft,
            "static": self.static,
            "matches": builder.MATCHES.items(),
            "units": builder.UNITS.items(),
            "conditions": [(widget, quizzes.get(widget.row.subject)) for widget in widgets],
            "complaints": complaints.items(),
            "subjects": subjects,
            "focus": self._focus(),
            "preview": foreseen,
            "problem": self.problem,
            "problem_row": self._problem_row(),
            "notice": self.notice,
            "refusal": self.refusal,
            "asks_number": "Type " in self.refusal,
        }

    def _complaints(self) -> dict[int, str]:
        """Return the complaint beside the row it is about; a row just begun is left in peace."""
        index = self._problem_row()
        if index is None or self.problem is None:
            return {}
        begun = not self.asks_to_save and self.draft.rows[index].is_blank
        return {} if begun else {index: self.problem.message}

    def _problem_row(self) -> int | None:
        place = PLACE.match(self.problem.at) if self.problem and not self.draft.as_json else None
        index = int(place[1]) if place else None
        return index if index is not None and index < len(self.draft.rows) else None

    def _focus(self) -> str:
        """Return where the keyboard goes on after a row came or went: a row's number, or add."""
        action = self.posted.get("do", "") if self.posted else ""
        if action == "add":
            return str(len(self.draft.rows) - 1)
        removed = builder.number(action.removeprefix("remove-"))
        return "add" if removed is not None and removed >= len(self.draft.rows) else ""


def _subjects(known: Catalogue, own_slug: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a condition may be about, in groups."""
    contact: list[tuple[str, str]] = []
    other: list[tuple[str, str]] = []
    quizzes: dict[str, list[tuple[str, str]]] = {}
    for key, spec in known.traits.items():
        if key.startswith("quiz."):
            slug, label = within_its_quiz(spec)
            quizzes.setdefault(slug, []).append((f"trait:{key}", label))
        else:
            group = contact if key.startswith("contact.") else other
            group.append((f"trait:{key}", spec.label))
    titles = dict(Quiz.objects.filter(slug__in=quizzes).values_list("slug", "title"))
    seen = Event.objects.order_by().values_list("name", flat=True).distinct()
    events = [(f"event:{name}", name) for name in {*seen, *WELL_KNOWN}]
    segments = [
        (f"segment:{slug}", name) for slug, name in known.segments.items() if slug != own_slug
    ]
    groups = [
        ("Contact", contact),
        *((f"{QUIZ}{titles.get(slug, slug)}", found) for slug, found in quizzes.items()),
        ("Traits", other),
        ("Did", events),
        ("Segments", segments),
    ]
    return [
        (title, sorted(choices, key=lambda choice: choice[1]))
        for title, choices in groups
        if choices
    ]
