"""What follows for segments and sequences, in the apps above: whoever knows registers to be asked.

register(foresee)  # where the app's receivers are
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

Traits = Mapping[int, Mapping[str, object]]  # by contact: what would be written on it


@dataclass(frozen=True, slots=True)
class Moving:
    """A segment in which anybody would move; contacts by id."""

    slug: str
    name: str
    members: int
    entering: tuple[int, ...]
    leaving: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Walking:
    """For how many contacts a sequence would start and stop. Starting is only if one says so."""

    name: str
    address: str
    segment: str
    starts: int
    restarts: int
    stops: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """`starting`: how many contacts would start any sequence."""

    segments: tuple[Moving, ...] = ()
    sequences: tuple[Walking, ...] = ()
    starting: int = 0
    is_moving_anyway: bool = False


Foresee = Callable[[Traits, datetime], Outlook]
_foresee: Foresee | None = None


def register(foresee: Foresee) -> None:
    global _foresee  # noqa: PLW0603  one app stands above
    _foresee = foresee


def outlook(traits: Traits, *, now: datetime) -> Outlook:
    """Return who would move, were these traits written."""
    return _foresee(traits, now) if _foresee else Outlook()
