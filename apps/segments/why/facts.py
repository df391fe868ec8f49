"""What a condition found, in words: "bought 3 times in the last 30 days", "Plan is Pro"."""

import re
from dataclasses import replace
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format

from apps.rules.catalogue import Catalogue
from apps.rules.event_prose import event_words
from apps.rules.fold import fold
from apps.rules.kinds import Kind
from apps.rules.nodes import (
    Compare,
    EventCondition,
    Leaf,
    Measure,
    Not,
    Operand,
    SegmentCondition,
    TraitCondition,
)
from apps.rules.prose import labelled_trait, sentence
from apps.rules.verdict import Reason
from apps.rules.wording import number

LONGEST = 80  # characters of a value
MISSING = "not known"
_QUOTED = re.compile(r"('[^']*'|\"[^\"]*\")")
_PAST = {"is": "was", "has": "had", "does": "did", "are": "were"}


def fact(reason: Reason, known: Catalogue, *, gone_by: bool) -> str:
    """Return a clause that says what was found: of the contact, who is "they" in it."""
    match reason.rule:
        case SegmentCondition(segment):
            verb = "were" if gone_by else "are"
            inside = "in" if reason.actual else "not in"
            return f"they {verb} {inside} '{known.segments.get(segment, segment)}'"
        case EventCondition() as leaf:
            return _of_events(leaf, reason, known, gone_by=gone_by)
        case TraitCondition() as leaf:
            return _of_trait(leaf, reason, known, gone_by=gone_by)
        case _:
            return "the segment takes " + ("everybody" if reason.holds else "nobody")


def _of_events(leaf: EventCondition, reason: Reason, known: Catalogue, *, gone_by: bool) -> str:
    if leaf.first is not None or leaf.last is not None:
        if reason.actual is None:
            return f"they {event_words(_counted(leaf, 0))}"
        return _plain(leaf, reason, known)
    if leaf.measured is not None:
        found = Measure(leaf.measured.property, *_is(reason.actual))
        measuring = replace(
            leaf, sum=leaf.sum and found, min=leaf.min and found, max=leaf.max and found
        )
        return _told(event_words(measuring), gone_by=gone_by)
    words = event_words(_counted(leaf, int(str(reason.actual))))
    return "they " + words.replace(" exactly ", " ", 1)


def _counted(leaf: EventCondition, times: int) -> EventCondition:
    return replace(leaf, first=None, last=None, count=Compare("exactly", times))


def _is(actual: object) -> tuple[str, Operand]:
    return ("is", actual) if isinstance(actual, int | float) else ("is_not_set", None)


def _of_trait(leaf: TraitCondition, reason: Reason, known: Catalogue, *, gone_by: bool) -> str:
    if leaf.kind in {Kind.DATE, Kind.DATETIME} and reason.actual is not None:
        words = _plain(leaf, reason, known)
    else:
        words = sentence(_found_as(leaf, reason.actual), known)
    label = labelled_trait(leaf, known)
    return label + _told(words.removeprefix(label), gone_by=gone_by)


def _found_as(leaf: TraitCondition, actual: object) -> TraitCondition:
    """Return the condition that says just what was found."""
    match actual:
        case None:
            return replace(leaf, op="is_not_set", value=None)
        case bool():
            return replace(leaf, op="is_true" if actual else "is_false", value=None)
        case list() | tuple():
            return replace(leaf, op="has_all", value=tuple(_short(one) for one in actual))
        case int() | float():
            return replace(leaf, op="is", value=actual)
        case _:
            return replace(leaf, op="is", value=_short(actual))


def _plain(leaf: Leaf, reason: Reason, known: Catalogue) -> str:
    return sentence(leaf if reason.holds else Not(leaf), known)


def _told(words: str, *, gone_by: bool) -> str:
    """Put the first verb outside quotes into the past."""
    if not gone_by:
        return words
    parts = _QUOTED.split(words)
    for index in range(0, len(parts), 2):
        told = re.sub(
            r"\b(is|has|does|are)\b", lambda found: _PAST[found[0]], parts[index], count=1
        )
        if told != parts[index]:
            return "".join([*parts[:index], told, *parts[index + 1 :]])
    return words


def value(leaf: Leaf, actual: object, known: Catalogue) -> str:
    """Return what was found, as a value: "3 times", "Pro", "not in it"."""
    match leaf, actual:
        case SegmentCondition(), _:
            return "in it" if actual else "not in it"
        case _, None:
            return "never" if isinstance(leaf, EventCondition) and not leaf.measured else MISSING
        case EventCondition(first=None, last=None, sum=None, min=None, max=None), int():
            return {0: "never", 1: "once"}.get(actual, f"{actual} times")
        case TraitCondition() as trait, _:
            return trait_value(trait.trait, trait.kind, actual, known)
        case _:
            return trait_value("", None, actual, known)


def trait_value(key: str, kind: Kind | None, actual: object, known: Catalogue) -> str:
    """Return a value as people write it: an option by its label, a time in our zone."""
    match actual:
        case bool():
            return "yes" if actual else "no"
        case datetime():
            return date_format(timezone.localtime(actual), "j M Y, H:i")
        case str() if kind in {Kind.DATE, Kind.DATETIME}:
            return _dated(actual, kind)
        case list() | tuple():
            return ", ".join(trait_value(key, kind, one, known) for one in actual)
        case int() | float():
            return number(actual)
        case _:
            spec = known.traits.get(key)
            labels = {fold(option.value): option.label for option in spec.options} if spec else {}
            return _short(labels.get(fold(str(actual)), actual))


def _dated(text: str, kind: Kind) -> str:
    try:
        if kind is Kind.DATE:
            return date_format(date.fromisoformat(text), "j M Y")
        return date_format(timezone.localtime(datetime.fromisoformat(text)), "j M Y, H:i")
    except (ValueError, OverflowError):  # the form of a date, but none that is in the calendar
        return text


def _short(text: object) -> str:
    whole = str(text)
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"
