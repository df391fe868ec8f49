"""Everything the page of one lead shows of its contact, read in a fixed number of queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.contacts import timeline
from apps.contacts.fields import shown
from apps.contacts.models import Contact, Trait
from apps.leads.models import Lead
from apps.quizzes.models import Response
from apps.segments.explaining.reasons import Explanation, ReasonLine, explain_all, reason_lines
from apps.segments.models import Segment
from apps.segments.plan import catalogue
from apps.segments.why.showing import choosable


@dataclass(frozen=True, slots=True)
class Answered:
    """One line of the receipt: the question, the answer in words, what it gave."""

    title: str
    answer: str
    points: list[tuple[str, float]]  # scale in words, points


@dataclass(frozen=True, slots=True)
class Standing:
    """A segment the contact is in, why, and what each condition of its rule found."""

    explanation: Explanation
    found: list[ReasonLine]


@dataclass(frozen=True, slots=True)
class Portrait:
    answers: list[Answered]
    totals: list[Mapping[str, Any]]
    why: str
    segments: list[Standing]
    elsewhere: list[Segment]  # live segments the contact is not in
    timeline: list[timeline.Entry]
    traits: list[tuple[str, str]]
    others: list[Response]


def portrait(lead: Lead, *, now: datetime) -> Portrait:
    receipt: Mapping[str, Any] = (lead.response.receipt if lead.response else None) or {}
    segments = _segments(lead.contact, now=now)
    inside = [standing.explanation.segment.pk for standing in segments]
    return Portrait(
        answers=_answers(receipt),
        totals=list(receipt.get("totals", ())),
        why=str(receipt.get("why", "")),
        segments=segments,
        elsewhere=list(choosable(live_only=True).exclude(pk__in=inside)),
        timeline=timeline.entries(lead.contact),
        traits=_traits(lead.contact),
        others=_others(lead),
    )


def _answers(receipt: Mapping[str, Any]) -> list[Answered]:
    scales = {total["scale"]: total["label"] for total in receipt.get("totals", ())}
    return [
        Answered(
            title=line["title"],
            answer=line["answer"],
            points=[
                (scales.get(key, key) if len(scales) > 1 else "", value)
                for key, value in line["points"].items()
                if value or len(scales) <= 1
            ],
        )
        for line in receipt.get("lines", ())
    ]


def _segments(contact: Contact, *, now: datetime) -> list[Standing]:
    known = catalogue()
    standings = []
    for explanation in explain_all(contact, now=now):
        lines = reason_lines(explanation.reason, known) if explanation.reason else ()
        standings.append(Standing(explanation, [line for line in lines if line.actual]))
    return standings


def _traits(contact: Contact) -> list[tuple[str, str]]:
    """Return what is known of the contact besides quiz results, labelled."""
    keys = [key for key in contact.profile if not key.startswith("quiz.")]
    known = Trait.objects.filter(key__in=keys).order_by("label")
    return [(trait.label, shown(trait, contact.profile[trait.key])) for trait in known]


def _others(lead: Lead) -> list[Response]:
    """Return the other quizzes this contact has finished, newest first."""
    return list(
        Response.objects.finished()
        .filter(contact=lead.contact)
        .exclude(pk=lead.response_id or 0)
        .select_related("version__quiz")
        .defer("version__definition", "receipt")
        .order_by("-finished_at", "-pk")[:10]
    )
