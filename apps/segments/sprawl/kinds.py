"""What a finding of the report is, apart from how it was found."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Of findings, the worst first."""

    NEVER_TRUE = "never_true"
    NEVER_REACHED = "never_reached"
    ALWAYS_TRUE = "always_true"
    COLLIDING = "colliding"
    SAME_AS = "same_as"
    NEAR_DUPLICATE = "near_duplicate"
    INSIDE = "inside"
    CHANGES_NOTHING = "changes_nothing"
    UNUSED = "unused"
    UNDECIDED = "undecided"


ALARMING = (
    Kind.NEVER_TRUE,
    Kind.NEVER_REACHED,
    Kind.ALWAYS_TRUE,
    Kind.COLLIDING,
    Kind.SAME_AS,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is so of a segment, or of two: `segments` and `sequences` are their names and keys.

    `example` is a contact, as the API takes them, of whom it is so.
    """

    kind: Kind
    message: str
    segments: tuple[tuple[str, int], ...]
    sequences: tuple[tuple[str, str], ...] = ()  # name, address
    at: str = ""
    example: dict[str, Any] | None = None


def alarms(findings: Iterable[Finding]) -> int:
    return sum(one.kind in ALARMING for one in findings)


def as_data(finding: Finding) -> dict[str, Any]:
    return asdict(finding)
