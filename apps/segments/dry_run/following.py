"""What follows from people moving, in the app above: whoever knows registers to be asked.

register(Follower(foretell=foretell, state=state))          # where the app's receivers are
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Effect:
    """How many contacts would start and stop one sequence by moving in its segment.

    Who enters starts only if the marketer says so; of those, `restarts` stop a walk of it that
    is under way and begin anew. `gives_way`: how many more would stop because a higher sequence of
    the same lane starts; the segment need not be one of those that move.
    """

    name: str
    address: str
    segment_id: int
    starts: int
    restarts: int
    stops: int
    gives_way: int


@dataclass(frozen=True, slots=True)
class Following:
    """`starting`: how many contacts would start any sequence."""

    effects: tuple[Effect, ...] = ()
    starting: int = 0


@dataclass(frozen=True, slots=True)
class Follower:
    """Answers for the moves that stand in `models.Foreseen`, of these segments.

    `state` is a text that is another once the answer may be another by somebody's edit.
    """

    foretell: Callable[[Collection[int], datetime], Following]
    state: Callable[[Collection[int]], str]


_follower: Follower | None = None


def register(follower: Follower) -> None:
    global _follower  # noqa: PLW0603  one app stands above
    _follower = follower


def foretell(segment_ids: Collection[int], *, now: datetime) -> Following:
    return _follower.foretell(segment_ids, now) if _follower else Following()


def state(segment_ids: Collection[int]) -> str:
    return _follower.state(segment_ids) if _follower else ""
