"""What the page of the report shows, read from the stored one: nothing is worked out here."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from apps.rules.catalogue import Catalogue
from apps.segments.models import SprawlReport
from apps.segments.plan import catalogue, fingerprint
from apps.segments.sprawl import heatmap, upset
from apps.segments.sprawl.kinds import ALARMING, Kind
from apps.segments.witnesses import contact_words

SHOWN = 8  # findings of a kind; the others are folded away

# kind: title of one, title of several, what to do about it
WORDS: Mapping[Kind, tuple[str, str, str]] = {
    Kind.NEVER_TRUE: (
        "segment can never hold anybody",
        "segments can never hold anybody",
        "Two of its conditions contradict each other: change one, or archive the segment.",
    ),
    Kind.NEVER_REACHED: (
        "rung can never be reached",
        "rungs can never be reached",
        "Move the rung up its ladder, narrow a rung above it, or archive it.",
    ),
    Kind.ALWAYS_TRUE: (
        "segment holds everybody, always",
        "segments hold everybody, always",
        "Its conditions leave nobody out: change one, or archive the segment.",
    ),
    Kind.COLLIDING: (
        "pair of sequences can run at once for one contact",
        "pairs of sequences can run at once for one contact",
        "Put the two into one lane, or their segments on one ladder, where both should not speak.",
    ),
    Kind.SAME_AS: (
        "pair of segments is the same",
        "pairs of segments are the same",
        "Keep one of the two, and let what reads the other read it.",
    ),
    Kind.NEAR_DUPLICATE: (
        "pair of segments is nearly the same",
        "pairs of segments are nearly the same",
        "Look whether the difference is meant; if not, keep one.",
    ),
    Kind.INSIDE: (
        "segment lies inside another",
        "times a segment lies inside another",
        "Often meant. Where both start something, the contact gets it twice.",
    ),
    Kind.CHANGES_NOTHING: (
        "condition changes nothing",
        "conditions change nothing",
        "Leave it out, or look for what was meant instead.",
    ),
    Kind.UNUSED: (
        "segment is used nowhere",
        "segments are used nowhere",
        "Put it to use or archive it. Whether somebody uses it through the API is not recorded.",
    ),
    Kind.UNDECIDED: (
        "pair could not be decided",
        "pairs could not be decided",
        "Neither a proof nor an example was found in time. Shorter rules are easier.",
    ),
}


@dataclass(frozen=True, slots=True)
class Progress:
    done: int
    of: int

    @property
    def percent(self) -> int:
        return 100 * self.done // self.of if self.of else 0


@dataclass(frozen=True, slots=True)
class Mend:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: `about` are names, each with the page of its segment or sequence."""

    about: tuple[Mend, ...]
    message: str
    example: str
    mends: tuple[Mend, ...]


@dataclass(frozen=True, slots=True)
class Group:
    kind: Kind
    title: str
    advice: str
    shown: tuple[Line, ...]
    folded: tuple[Line, ...]
    is_alarming: bool


@dataclass(frozen=True, slots=True)
class Page:
    progress: Progress | None
    has_failed: bool
    at: datetime | None = None
    is_stale: bool = False
    segments: int = 0
    groups: tuple[Group, ...] = ()
    map: heatmap.HeatMap | None = None
    mixes: upset.UpSet | None = None


def progress() -> Progress | None:
    """Return how far the report under way is; none where there is none."""
    row = SprawlReport.objects.under_way().values_list("done", "of").first()
    return None if row is None else Progress(*row)


def page() -> Page:
    """Return the last report and the state of the next. Seven queries, however much there is."""
    last = SprawlReport.objects.done().defer("proved").order_by("-pk").first()
    has_failed = SprawlReport.objects.filter(state=SprawlReport.State.STOPPED).exists()
    if last is None:
        return Page(progress(), has_failed)
    found = last.found
    return Page(
        progress=progress(),
        has_failed=has_failed,
        at=last.finished_at,
        is_stale=last.rules != fingerprint(),
        segments=len(found["segments"]),
        groups=tuple(_groups(found["findings"], catalogue())),
        map=heatmap.draw(found),
        mixes=upset.draw(found),
    )


def _groups(findings: Iterable[Mapping[str, Any]], known: Catalogue) -> Iterator[Group]:
    by_kind: dict[Kind, list[Line]] = {kind: [] for kind in Kind}
    for one in findings:
        by_kind[Kind(one["kind"])].append(_line(one, known))
    for kind, lines in by_kind.items():
        if lines:
            singular, plural, advice = WORDS[kind]
            title = f"{len(lines):,} {singular if len(lines) == 1 else plural}"
            shown, folded = tuple(lines[:SHOWN]), tuple(lines[SHOWN:])
            yield Group(kind, title, advice, shown, folded, kind in ALARMING)


def _line(one: Mapping[str, Any], known: Catalogue) -> Line:
    segments = [(name, reverse("segments:segment", args=[pk])) for name, pk in one["segments"]]
    about = one["sequences"] or segments[:1]
    return Line(
        about=tuple(Mend(name, url) for name, url in about),
        message=one["message"],
        example=_example(one, known),
        mends=tuple(_mends(one)),
    )


def _example(one: Mapping[str, Any], known: Catalogue) -> str:
    if one["example"] is None:
        return ""
    where = f"in “{one['segments'][-1][0]}” alone" if one["kind"] == Kind.INSIDE else "in both"
    example = {**one["example"], "segments": []}  # those it is in are named
    return f"For example, {where}: {contact_words(example, known)}."


def _mends(one: Mapping[str, Any]) -> Iterator[Mend]:
    for name, pk in one["segments"]:
        yield Mend(f"Edit {name}", reverse("segments:edit", args=[pk]))
        if one["kind"] == Kind.UNUSED:
            yield Mend(f"Archive {name}", reverse("segments:archive", args=[pk]))
