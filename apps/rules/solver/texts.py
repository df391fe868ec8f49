"""Which patterns one text can match together, each combination with an example: for the solver.

Exact by automata: the patterns are followed side by side, letter by letter, until nothing new
is met. Where that would take long, nothing is said.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import product

from apps.rules.fold import fold
from apps.rules.kinds import MAX_TEXT

MOST_STEPS = 30_000  # letters tried, each by each pattern: some hundredths of a second
MOST_SAMPLES = 60
MOST_EXACT = 3  # texts beside which patterns are followed exactly
OTHER_LETTERS = "xzqjkvw·¤§¶"


class Wild(Enum):
    RUN = "any run of characters"
    ONE = "any one character"


Pattern = tuple[str | Wild, ...]  # of folded characters
Combination = frozenset[Pattern]


class TooMany(Exception):
    """There are more cases than can be looked at."""


def containing(part: str) -> Pattern:
    return (Wild.RUN, *fold(part), Wild.RUN)


def starting(part: str) -> Pattern:
    return (*fold(part), Wild.RUN)


def ending(part: str) -> Pattern:
    return (Wild.RUN, *fold(part))


def resembling(pattern: str) -> Pattern:
    """Read the operand of `like`: `*` is any run of characters, `?` any one."""
    wild = {"*": Wild.RUN, "?": Wild.ONE}
    return tuple(wild.get(letter, letter) for letter in fold(pattern))


@dataclass(frozen=True, slots=True)
class Machine:
    """A pattern as the places in it that a text so far can have reached, as bits."""

    stars: int
    single: int
    letters: Mapping[str, int]
    accepted: int

    @property
    def begin(self) -> int:
        return self._past_stars(1)

    def step(self, places: int, letter: str) -> int:
        passed = places & self.letters.get(letter, self.single)
        return self._past_stars(passed << 1 | places & self.stars)

    def accepts(self, places: int) -> bool:
        return bool(places & self.accepted)

    def _past_stars(self, places: int) -> int:
        return places | (places & self.stars) << 1


@cache
def _letters_of(pattern: Pattern) -> frozenset[str]:
    return frozenset(token for token in pattern if isinstance(token, str))


def machine(pattern: Pattern) -> Machine:
    tokens = [
        token
        for at, token in enumerate(pattern)
        if token is not Wild.RUN or at == 0 or pattern[at - 1] is not Wild.RUN
    ]
    stars, single = _places(tokens, Wild.RUN), _places(tokens, Wild.ONE)
    letters = {letter: _places(tokens, letter) | single for letter in _letters_of(pattern)}
    return Machine(stars, single, letters, 1 << len(tokens))


def matches(text: str, pattern: Pattern) -> bool:
    """Return whether a folded text matches."""
    followed = machine(pattern)
    places = followed.begin
    for letter in text:
        places = followed.step(places, letter)
    return followed.accepts(places)


@dataclass(frozen=True, slots=True)
class Region:
    """Texts that no condition tells apart: those that are `text`, or those like it.

    `text` is None where only texts that stand in a region of their own are known to match so.
    """

    text: str | None
    named: str | None  # the one folded text it holds, where it holds just one
    matched: Combination
    is_there: bool = True

    def is_among(self, texts: Iterable[str]) -> bool:
        return self.named is not None and self.named in map(fold, texts)

    def matches(self, pattern: Pattern) -> bool:
        return pattern in self.matched


ANOTHER = Region(None, None, frozenset())  # a text of which nothing else is known


def regions(texts: Iterable[str], patterns: Iterable[Pattern]) -> list[Region]:
    """Return every way in which a text can be one of these and match these. Raises TooMany."""
    known, listed = {fold(text): text for text in texts}, list(dict.fromkeys(patterns))
    others = [
        Region(_unnamed(example, known.keys(), matched, listed), None, matched)
        for matched, example in combinations(listed).items()
    ]
    if listed and len(known) <= MOST_EXACT:
        possible = _beside(known, listed)
        others = [one for one in others if one.text is not None or one.matched in possible]
    return named(known.values(), listed) + others


def _beside(texts: Iterable[str], patterns: Sequence[Pattern]) -> set[Combination]:
    """Return what texts can match that are none of these. Raises TooMany."""
    exactly = [tuple(text) for text in texts]
    found = combinations([*patterns, *(one for one in exactly if one not in patterns)])
    return {frozenset(one.intersection(patterns)) for one in found if one.isdisjoint(exactly)}


def named(texts: Iterable[str], patterns: Iterable[Pattern]) -> list[Region]:
    """Return a region for each of these texts."""
    listed = list(patterns)
    spelled = {fold(text): text for text in texts}
    return [Region(text, folded, _matched(folded, listed)) for folded, text in spelled.items()]


def combinations(patterns: Sequence[Pattern]) -> dict[Combination, str]:
    """Return each combination of the patterns that some text matches, with such a text.

    Texts are not empty. Raises TooMany.
    """
    found: dict[Combination, str] = {}
    if len(patterns) * 2 <= MOST_SAMPLES:
        for text in _samples(patterns):
            found.setdefault(_matched(text, patterns), text)
    if len(found) < 2 ** len(patterns):
        _search(patterns, found)
    return found


def _search(patterns: Sequence[Pattern], found: dict[Combination, str]) -> None:
    """Add what the samples did not show: try all letters at all places until none is new."""
    machines = [machine(pattern) for pattern in patterns]
    alphabet = _alphabet(patterns)
    seen: set[tuple[int, ...]] = set()
    waiting = deque([("", tuple(one.begin for one in machines))])
    left = MOST_STEPS // (len(machines) or 1)
    while waiting:
        text, places = waiting.popleft()
        left -= len(alphabet)
        if left < 0:
            raise TooMany
        for letter in alphabet:
            after = tuple(
                one.step(place, letter) for one, place in zip(machines, places, strict=True)
            )
            if after not in seen:
                seen.add(after)
                waiting.append((text + letter, after))
                accepted = frozenset(
                    pattern
                    for pattern, one, place in zip(patterns, machines, after, strict=True)
                    if one.accepts(place)
                )
                found.setdefault(accepted, text + letter)


def _alphabet(patterns: Sequence[Pattern]) -> list[str]:
    """Return all letters of the patterns, and one that is in none of them."""
    letters = frozenset().union(*map(_letters_of, patterns))
    return [_another(letters), *sorted(letters)]


def _another(letters: Iterable[str]) -> str:
    """Return a letter that is none of these, and folds into itself."""
    taken = set(letters)
    beyond = map(chr, range(0x4E00, 0x9FFF))
    return next(letter for row in (OTHER_LETTERS, beyond) for letter in row if letter not in taken)


def _samples(patterns: Sequence[Pattern]) -> Iterator[str]:
    """Yield texts that match one of the patterns, two of them, and none."""
    other = _another(frozenset().union(*map(_letters_of, patterns)))
    yield other
    plain = [_filled(pattern, other) for pattern in patterns]
    yield from filter(None, plain)
    yield from (one + other for one in plain)
    yield from (other + one for one in plain)
    for one, two in product(plain, repeat=2):
        yield from filter(None, (one + two,))


def _filled(pattern: Pattern, other: str) -> str:
    """Return a text that matches: runs are empty."""
    letters = {Wild.RUN: "", Wild.ONE: other}
    return "".join(letters[one] if isinstance(one, Wild) else one for one in pattern)


def _unnamed(
    example: str, taken: Set[str], matched: Combination, patterns: Sequence[Pattern]
) -> str | None:
    """Return a text like the example that is none of those named, or None where none is known."""
    other = _another(frozenset("".join(taken)).union(*map(_letters_of, patterns)))
    grown = (
        example[:at] + more + example[at:]
        for more in (other, other * 2)
        for at in range(len(example) + 1)
    )
    for text in (example, *grown):
        if text not in taken and len(text) <= MAX_TEXT and _matched(text, patterns) == matched:
            return text
    return None


def _matched(text: str, patterns: Sequence[Pattern]) -> Combination:
    return frozenset(pattern for pattern in patterns if matches(text, pattern))


def _places(tokens: Sequence[str | Wild], wanted: str | Wild) -> int:
    return sum(1 << at for at, token in enumerate(tokens) if token == wanted)
