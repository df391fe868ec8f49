"""Letters for what is drawn here: the font that comes along, and texts that it can write."""

import unicodedata
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = FONTS / "DejaVuSans.ttf", FONTS / "DejaVuSans-Bold.ttf"
BLANK = frozenset(" \t\r\n\u00a0\u2028\u2029")


@lru_cache(maxsize=1)
def letters() -> frozenset[int]:
    """Return the code points that both weights can write."""
    found = []
    for path in (REGULAR, BOLD):
        with TTFont(path, lazy=True) as font:
            found.append(frozenset(font.getBestCmap()))
    return found[0] & found[1]


def written(text: str, *, longest: int) -> str:
    """Return a text as the font can write it, on one line and cut to `longest` characters.

    A letter of a script that the font lacks becomes a question mark; a sign (an emoji), a
    control character and a half of a surrogate pair are left out.
    """
    shown = "".join(_letter(one) for one in unicodedata.normalize("NFC", text[: 4 * longest]))
    line = " ".join(shown.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _letter(one: str) -> str:
    if one in BLANK:
        return " "
    if unicodedata.category(one)[0] == "C":
        return ""
    if ord(one) in letters():
        return one
    return "?" if unicodedata.category(one)[0] in "LN" else ""
