"""What is made of segments by the apps above: each says so here.

    @uses.register                     # imported in AppConfig.ready
    def sequences() -> Iterator[Use]: ...

A segment that nothing reads may go. Two sequences that can run for one contact may say two
things to somebody at once, unless a lane keeps them apart.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Use:
    """Something that reads a segment: "the sequence" 'Venue welcome', and its page."""

    segment_id: int
    kind: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Track:
    """A sequence that contacts begin when they enter a segment.

    Those of one lane never run at once for one contact.
    """

    segment_id: int
    name: str
    url: str
    lane: str = ""


Users = Callable[[], Iterable[Use]]
Tracks = Callable[[], Iterable[Track]]
_users: list[Users] = []
_tracks: list[Tracks] = []


def register(users: Users) -> Users:
    """Ask this too what reads segments; works as a decorator, twice is once."""
    if users not in _users:
        _users.append(users)
    return users


def register_tracks(tracks: Tracks) -> Tracks:
    """Ask this too which sequences run; works as a decorator, twice is once."""
    if tracks not in _tracks:
        _tracks.append(tracks)
    return tracks


def uses() -> list[Use]:
    return [use for users in _users for use in users()]


def tracks() -> list[Track]:
    return [track for running in _tracks for track in running()]
