"""Who stands where today: how many contacts each two segments share, and in which mixes.

The database counts the contacts that stand in exactly the same segments, in one pass over the
memberships, each contact a few words of bits. All else follows from those counts: a segment
becomes one long number with a bit for each mix, and what two share is what both have set.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from django.db import connection

from apps.core import rows
from apps.segments.models import Membership
from apps.segments.scope import roomy

WORD = 60  # bits of one column
EITHER = {"postgresql": "bit_or", "sqlite": "sum"}  # nobody is in a segment twice
Mix = tuple[int, int]  # the segments as bits, by their places; contacts in exactly these
TO_DIGITS = [bytes(48 + (byte >> bit & 1) for byte in range(256)) for bit in range(8)]


def count(segment_ids: Sequence[int]) -> "Heads":
    """Count who stands in which of these segments, by one statement."""
    if not segment_ids:
        return Heads(0, [])
    words = range(len(segment_ids) // WORD + 1)
    bits = ", ".join(_bits(pk, place, words) for place, pk in enumerate(segment_ids))
    columns = ", ".join(f"w{word}" for word in words)
    joined = ", ".join(f"{EITHER[connection.vendor]}(w{word}) AS w{word}" for word in words)
    sql = (
        f"WITH bits (segment_id, {columns}) AS (VALUES {bits})"
        f" SELECT {columns}, count(*) FROM (SELECT {joined} FROM {rows.table(Membership)} AS m"
        " JOIN bits ON bits.segment_id = m.segment_id GROUP BY m.contact_id) AS standing"
        f" GROUP BY {columns}"
    )
    with roomy():
        found = rows.run(sql)
    return Heads(len(segment_ids), [(_together(row[:-1]), row[-1]) for row in found])


def _bits(pk: int, place: int, words: Iterable[int]) -> str:
    """Return a segment as a row of SQL: its key, and its bit in one of the words."""
    bits = [1 << place % WORD if place // WORD == word else 0 for word in words]
    return f"({rows.listed([pk, *bits])})"


def _together(words: Sequence[int]) -> int:
    return sum(word << WORD * place for place, word in enumerate(words))


class Heads:
    """The mixes that contacts stand in, of so many segments."""

    def __init__(self, segments: int, mixes: Sequence[Mix]) -> None:
        self.segments = segments
        self.mixes = sorted(mixes, key=lambda mix: (-mix[1], mix[0]))

    @cached_property
    def contacts(self) -> int:
        """How many stand in any segment."""
        return sum(number for _, number in self.mixes)

    @cached_property
    def alone(self) -> int:
        """How many stand in one segment only."""
        return sum(number for bits, number in self.mixes if bits.bit_count() == 1)

    @cached_property
    def sizes(self) -> list[int]:
        return [self._weight(column) for column in self._columns]

    def without(self, places: Iterable[int]) -> "Heads":
        """Return the same contacts, as they stand in the other segments."""
        hidden = sum(1 << place for place in set(places))
        left: dict[int, int] = {}
        for bits, number in self.mixes:
            if rest := bits & ~hidden:
                left[rest] = left.get(rest, 0) + number
        return Heads(self.segments, list(left.items()))

    def shared(self) -> Iterator[tuple[int, int, int]]:
        """Yield each two segments that share anybody, by their places, and how many."""
        for later, column in enumerate(self._columns):
            for place in range(later):
                if both := self._columns[place] & column:
                    yield place, later, self._weight(both)

    @cached_property
    def _columns(self) -> list[int]:
        """Each segment as a number with a bit for each mix.

        The mixes lie in bytes side by side; every so-many-eth byte is a column of eight
        segments, which Python turns over without a loop of its own.
        """
        width = (self.segments + 7) // 8
        data = b"".join(bits.to_bytes(width, "little") for bits, _ in self.mixes)
        places = range(self.segments)
        return [_number(data[p // 8 :: width].translate(TO_DIGITS[p % 8])) for p in places]

    @cached_property
    def _planes(self) -> list[int]:
        """The contacts of the mixes, bit by bit, as numbers with a bit for each mix."""
        numbers = [number for _, number in self.mixes]
        powers = range(max(numbers, default=0).bit_length())
        return [_number(bytes(48 + (n >> power & 1) for n in numbers)) for power in powers]

    def _weight(self, column: int) -> int:
        return sum((column & plane).bit_count() << p for p, plane in enumerate(self._planes))


def _number(digits: bytes) -> int:
    return int(digits or b"0", 2)
