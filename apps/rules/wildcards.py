"""Wildcards of the `like` operator: `*` is any run of characters, `?` any one."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache


def matches(text: str, pattern: str) -> bool:
    """Match in time linear in the text, whatever the pattern: nothing is tried twice.

    The bits of `places` are the places in the pattern that the text so far can have
    reached (the Shift-And algorithm); a star keeps its place and also lets the next begin.
    """
    compiled = _compile(pattern)
    stars, single, letters = compiled.stars, compiled.single, compiled.letters
    places = 1 | (stars & 1) << 1
    for character in text:
        places = (places & letters.get(character, single)) << 1 | (places & stars)
        places |= (places & stars) << 1
    return bool(places & compiled.accepted)


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tests texts for the pattern: many times faster where it has no `?`."""
    if "?" in pattern:
        return lambda text: matches(text, pattern)
    first, *between = pattern.split("*")
    if not between:
        return lambda text: text == pattern
    *between, last = between
    parts = [part for part in between if part]
    return lambda text: _in_order(text, first, parts, last)


def _in_order(text: str, first: str, parts: Iterable[str], last: str) -> bool:
    """Return whether the parts stand apart in the text, in order: each as early as it can."""
    if not text.startswith(first):
        return False
    at = len(first)
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return text.endswith(last) and len(text) - len(last) >= at


def like_pattern(pattern: str) -> str:
    r"""Return the SQL LIKE pattern that matches the same texts, escaped by `\`."""
    return escaped(pattern).replace("*", "%").replace("?", "_")


def escaped(text: str) -> str:
    r"""Escape by `\` what is special in a LIKE pattern."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return text


@dataclass(frozen=True, slots=True)
class _Pattern:
    stars: int  # the places of stars
    single: int  # the places of question marks
    letters: dict[str, int]  # the places each character can pass
    accepted: int  # the place behind the end


@lru_cache(maxsize=512)
def _compile(pattern: str) -> _Pattern:
    pattern = re.sub(r"\*+", "*", pattern)
    places = {wanted: _places(pattern, wanted) for wanted in {*pattern, "*", "?"}}
    stars, single = places.pop("*"), places.pop("?")
    letters = {letter: at | single for letter, at in places.items()}
    return _Pattern(stars, single, letters, 1 << len(pattern))


def _places(pattern: str, wanted: str) -> int:
    return sum(1 << at for at, character in enumerate(pattern) if character == wanted)
