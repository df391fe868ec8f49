"""Values of a foreign file as they can be kept: nothing in it is taken to be what it should be."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

UNKEPT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
BLANKS = re.compile(r"\s+")
CENT = Decimal("0.01")
MOST = Decimal(999_999)  # of points and limits: fits every column, sums of them too
URL = URLValidator(schemes=["http", "https"])


def text(value: object) -> str:
    """Return a text without what no database keeps; a number as text, anything else as none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) <= 10**15 else ""
    if isinstance(value, float):
        value = str(value)
    return UNKEPT.sub("", value).strip() if isinstance(value, str) else ""


def one_line(value: str) -> str:
    return BLANKS.sub(" ", value).strip()


def cut(value: str, limit: int) -> str:
    """Return a text that fits, cut at a word and with … where it did not."""
    if len(value) <= limit:
        return value
    short = value[: limit - 1]
    word, blank, _ = short.rpartition(" ")
    return f"{(word if blank and len(word) > limit // 2 else short).rstrip()}…"


def parted(value: str, limit: int) -> tuple[str, str]:
    """Return a text in two: what fits, with … where it goes on, and all the rest."""
    short = cut(value, limit)
    if short == value:
        return value, ""
    kept = short[:-1]
    if kept.count("{{") != kept.count("}}"):  # never cut within what is spoken of
        kept = kept[: kept.rindex("{{")].rstrip()
    return f"{kept}…", value[len(kept) :].strip()


def printed(value: str, limit: int) -> str:
    """Return a text of the source as it can be shown in the report."""
    return cut(one_line(UNKEPT.sub("", value)), limit)


def number(value: object) -> Decimal | None:
    """Return a number as it can be kept, to two decimals; None for what is none or too large."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        if isinstance(value, int) and abs(value) > MOST:
            return None
        exact = Decimal(str(value))
        return exact.quantize(CENT) if exact.is_finite() and abs(exact) <= MOST else None
    except (InvalidOperation, ValueError):
        return None


def whole(value: object, most: int) -> int | None:
    """Return a count from 1 to `most`, or None."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most
    return value if fits and isinstance(value, int) else None


def mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: object, at: str) -> Iterator[tuple[str, Any]]:
    """Yield the members of a list with their paths; of what is no list, nothing."""
    for place, item in enumerate(value if isinstance(value, list) else ()):
        yield f"{at}[{place}]", item


def url(value: object) -> str:
    """Return a web address that may stand behind a button, or nothing."""
    address = text(value)
    try:
        URL(address)
    except ValidationError:
        return ""
    return address if len(address) <= 500 else ""
