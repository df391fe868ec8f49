"""The history of one contact and one segment: when it entered and left, and what made it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from apps.rules.catalogue import Catalogue
from apps.rules.verdict import holds
from apps.rules.wording import deed
from apps.segments.calendar import installed
from apps.segments.explaining.past import Past, known_then
from apps.segments.explaining.revisions import Archive, Unreadable
from apps.segments.models import Segment, Transition
from apps.segments.why.moments import JUST, in_address

MOST = 12  # moves on a page
A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Step:
    """One entering or leaving, with links to the explanations at it and just before it."""

    entered: bool
    at: datetime
    cause: str
    by_another: bool  # a contact that was merged into this one later
    link: str
    link_before: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The latest first; `earlier` leads on behind the last one shown."""

    steps: Sequence[Step]
    earlier: int | None


def strip(past: Past, segment: Segment, archive: Archive, *, before: int | None) -> Strip:
    moves = [one for one in past.moves_of(segment.slug) if before is None or one.pk < before]
    shown = moves[-MOST:]
    steps = [_step(move, past, segment, archive) for move in reversed(shown)]
    return Strip(steps, shown[0].pk if len(moves) > MOST else None)


def _step(move: Transition, past: Past, segment: Segment, archive: Archive) -> Step:
    return Step(
        entered=move.kind == Transition.Kind.ENTERED,
        at=move.at,
        cause=_cause(move, past, segment, archive),
        by_another=move.former is not None,
        link=in_address(move.at),
        link_before=in_address(move.at - JUST),
    )


def _cause(move: Transition, past: Past, segment: Segment, archive: Archive) -> str:
    keys = [key for key in move.cause.split(", ") if key]
    read = archive.reading(segment.slug).as_marks()
    relevant = [key for key in keys if key in read or not key.startswith(("trait:", "event:"))]
    words = list(dict.fromkeys(_words(relevant or keys, archive.known, archive.known.segments)))
    said = ", ".join(words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else "")
    by_time = _is_of_time(keys) and _time_did_it(move, past, segment, archive)
    if by_time:
        return f"time passed ({said})"
    return said


def _words(keys: Sequence[str], known: Catalogue, names: Mapping[str, str]) -> Iterator[str]:
    for key in keys:
        about, _, name = key.partition(":")
        match about:
            case "event":
                what = deed(name)
                yield what.plural if what else f"'{name}'"
            case "trait":
                spec = known.traits.get(name)
                yield spec.label if spec else name
            case "segment":
                yield f"'{names.get(name, name)}'"
            case "pin":
                yield "a pin"
            case "revision":
                yield f"the rule was edited (revision {name})"
            case "rebuild":
                yield "all segments were looked at anew"
            case _:
                yield "the contact was new, or two became one"


def _is_of_time(keys: Sequence[str]) -> bool:
    """Return whether nothing but what time does to facts may be behind these keys."""
    return bool(keys) and all(key.startswith(("trait:", "event:", "segment:")) for key in keys)


def _time_did_it(move: Transition, past: Past, segment: Segment, archive: Archive) -> bool:
    """Return whether the rule came to this with what was known a minute before already."""
    try:
        known = known_then(past, segment, archive, at=move.at)
    except Unreadable:
        return False
    if known is None or known.segment.rule is None:
        return False
    stale = replace(past.facts(move.at - A_MINUTE), segments=known.facts.segments)
    entered = move.kind == Transition.Kind.ENTERED
    return holds(known.segment.rule, stale, now=move.at, calendar=installed()) is entered
