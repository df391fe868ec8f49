"""What each revision of a segment changed, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from apps.rules import codec
from apps.rules.catalogue import Catalogue
from apps.rules.differing import differences
from apps.rules.differing import in_words as difference_in_words
from apps.rules.errors import RuleError
from apps.segments.listing import in_words
from apps.segments.models import Revision, Segment

SHOWN = 30
SAVED_AGAIN = "saved again, to the same effect"
FIRST = "the first revision"


@dataclass(frozen=True, slots=True)
class Told:
    """One revision: its rule as a sentence, and how it differs from the one before.

    `says_the_same`: as the segment now, so there is nothing to return to.
    """

    revision: Revision
    sentence: str
    changes: list[str]
    is_present: bool
    says_the_same: bool


def told(
    segment: Segment, known: Catalogue, *, limit: int = SHOWN, before: int | None = None
) -> list[Told]:
    """Return revisions, the latest first; those before a number, where one is given. One query."""
    rows = segment.revisions.select_related("by", "ladder")
    if before is not None:
        rows = rows.filter(number__lt=before)
    found: list[Revision | None] = [*rows[: limit + 1]]
    if len(found) <= limit:
        found.append(None)  # before the first there is nothing
    return [
        Told(
            revision=after,
            sentence=in_words(after.rule, known),
            changes=changes(earlier, after, known),
            is_present=after.number == segment.revision,
            says_the_same=after.rule == segment.rule,
        )
        for after, earlier in pairwise(found)
        if after is not None
    ]


def changes(before: Revision | None, after: Revision, known: Catalogue) -> list[str]:
    """Say what a revision changed against another."""
    if before is None:
        return [FIRST]
    found = [*rule_changes(before.rule, after.rule, known), *_of_place(before, after)]
    return found or [SAVED_AGAIN]


def rule_changes(before: object | None, after: object | None, known: Catalogue) -> list[str]:
    """Say how two stored rules differ; one that cannot be read any more is said as it is."""
    if before == after:
        return []
    try:
        read = [codec.loads(rule, known) for rule in (before, after) if rule is not None]
    except RuleError:
        return [f"{in_words(after, known)} (before: {in_words(before, known)})"]
    if len(read) < 2:
        return [f"{in_words(after, known)} instead of {in_words(before, known)}"]
    return [difference_in_words(found, known) for found in differences(*read)]


def _of_place(before: Revision, after: Revision) -> Iterator[str]:
    """Say what changed beside the rule, as far as both revisions kept it."""
    if before.status != after.status:
        yield (
            f"{after.get_status_display().lower()} instead of {before.get_status_display().lower()}"
        )
    if not before.name or not after.name:
        return
    if before.name != after.name:
        yield f"renamed from “{before.name}”"
    if before.ladder_id != after.ladder_id:
        yield from _of_ladders(before, after)
    elif before.rung != after.rung:
        yield f"{_rung(after)} of {after.ladder} instead of {_rung(before)}"


def _of_ladders(before: Revision, after: Revision) -> Iterator[str]:
    if before.ladder is not None:
        yield f"left the ladder {before.ladder}"
    if after.ladder is not None:
        yield f"came onto the ladder {after.ladder}, {_rung(after)}"


def _rung(revision: Revision) -> str:
    return "default" if revision.rung == Segment.DEFAULT_RUNG else f"rung {revision.rung}"
