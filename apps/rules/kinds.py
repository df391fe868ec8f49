"""The kinds a trait may have, and the one form in which each kind's value is kept.

Canonical forms (what `Contact.profile` holds; both databases and Python compare them alike):

    text, choice   str, 1 to 500 characters, no NUL, stripped
    number         int or float, finite, at most 1e15 either way
    boolean        bool
    date           "YYYY-MM-DD"
    datetime       "YYYY-MM-DDTHH:MM:SS.ffffffZ": UTC at fixed width, so text order is time order
    choices        list of str, as choice, without repeats, in the order given

An empty text and an empty list are no value: `canonical` returns None for them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

MAX_TEXT = 500  # characters
MAX_NUMBER = 10**15  # a float holds every integer up to here exactly
MAX_VALUES = 200
DATE_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DATETIME_FORM = re.compile(DATE_FORM.pattern + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")

TYPE_NAMES = {
    "text": "a text",
    "number": "a number",
    "boolean": "true or false",
    "date": 'a date such as "2026-11-23"',
    "datetime": 'a time with its offset such as "2026-11-23T09:30:00+01:00"',
    "choice": "one of the options",
    "choices": "a list of options",
}


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    CHOICES = "choices"


Value = str | int | float | bool | list[str]


class KindError(ValueError):
    """A value is not of its kind; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str


def canonical(kind: Kind, raw: object) -> Value | None:
    """Return `raw` in the canonical form of `kind`, or None where it is no value.

    Raises KindError when it cannot be one. Never coerces between kinds: "12" is no number.
    """
    if raw is None:
        return None
    match kind:
        case Kind.TEXT | Kind.CHOICE:
            return _text(raw, kind) or None
        case Kind.NUMBER:
            return _number(raw)
        case Kind.BOOLEAN:
            if not isinstance(raw, bool):
                raise _expected(kind, raw)
            return raw
        case Kind.DATE:
            return _date(raw)
        case Kind.DATETIME:
            return _datetime(raw)
        case Kind.CHOICES:
            return _choices(raw) or None


def datetime_text(moment: datetime) -> str:
    """Return an aware datetime in the canonical form."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def stored(kind: Kind | None, raw: object) -> object:
    """Return what a stored value says, or None where it is missing or of another type.

    Never raises and never converts: facts that were written under another kind count as
    missing. Kind None reads any value. Dates and times come as their canonical texts, lists
    as tuples.
    """
    match kind:
        case Kind.TEXT | Kind.CHOICE:
            return raw or None if isinstance(raw, str) else None
        case Kind.NUMBER:
            return stored_number(raw)
        case Kind.BOOLEAN:
            return raw if isinstance(raw, bool) else None
        case Kind.DATE:
            return raw if isinstance(raw, str) and DATE_FORM.fullmatch(raw) else None
        case Kind.DATETIME:
            if isinstance(raw, datetime):
                return datetime_text(raw)
            return raw if isinstance(raw, str) and DATETIME_FORM.fullmatch(raw) else None
        case Kind.CHOICES:
            items = raw if isinstance(raw, list | tuple) else ()
            return tuple(item for item in items if isinstance(item, str) and item) or None
        case None:
            return None if raw is None or raw in ("", []) else raw


def infer_kind(raw: object) -> Kind:
    """Return the kind that a trait first seen with this value gets."""
    match raw:
        case bool():
            return Kind.BOOLEAN
        case int() | float():
            return Kind.NUMBER
        case list():
            return Kind.CHOICES
        case str():
            return _infer_text_kind(raw)
        case _:
            raise KindError("A trait's value must be a text, a number, true or false, or a list.")


def _infer_text_kind(raw: str) -> Kind:
    for kind in (Kind.DATE, Kind.DATETIME):
        try:
            canonical(kind, raw)
        except KindError:
            continue
        return kind
    return Kind.TEXT


def _expected(kind: Kind, raw: object) -> KindError:
    return KindError(f"Expected {TYPE_NAMES[kind]}, got {shown(raw)}.")


def shown(raw: object) -> str:
    """Return outside data in a form short and safe enough for a message.

    Lists and objects are only named: their repr can recurse, and that of a huge int raises.
    """
    match raw:
        case None:
            return "nothing"
        case str():
            return repr(raw[:60])
        case bool():
            return str(raw).lower()
        case int() | float():
            return repr(raw) if abs(raw) <= MAX_NUMBER else "a number out of range"
        case list() | tuple():
            return "a list"
        case _:
            return "an object"


def stored_number(raw: object) -> int | float | None:
    """Return what `stored` does of a number."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    return raw if -MAX_NUMBER <= raw <= MAX_NUMBER else None


def _text(raw: object, kind: Kind) -> str:
    if not isinstance(raw, str):
        raise _expected(kind, raw)
    if "\x00" in raw or any("\ud800" <= character <= "\udfff" for character in raw):
        raise KindError("A text cannot hold a NUL character or half a surrogate pair.")
    text = raw.strip()
    if len(text) > MAX_TEXT:
        raise KindError(f"A text has at most {MAX_TEXT} characters, this one {len(text)}.")
    return text


def _number(raw: object) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise _expected(Kind.NUMBER, raw)
    if not -MAX_NUMBER <= raw <= MAX_NUMBER:  # false for NaN too; isfinite(10**400) raises
        raise KindError("A number must be finite and lie between -10^15 and 10^15.")
    return raw


def _date(raw: object) -> str:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw.isoformat()
    text = _text(raw, Kind.DATE)
    if not text:
        raise _expected(Kind.DATE, raw)
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        raise _expected(Kind.DATE, raw) from None
    if len(text) != 10:
        raise _expected(Kind.DATE, raw)
    return parsed.isoformat()


def _datetime(raw: object) -> str:
    moment = raw
    if not isinstance(moment, datetime):
        text = _text(raw, Kind.DATETIME)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _expected(Kind.DATETIME, raw) from None
    if moment.tzinfo is None:
        raise KindError("A time needs its offset, such as +01:00 or Z.")
    try:
        return datetime_text(moment)
    except (OverflowError, ValueError):
        raise KindError("A time must lie between the years 1 and 9999.") from None


def _choices(raw: object) -> list[str]:
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        raise _expected(Kind.CHOICES, raw)
    if len(raw) > MAX_VALUES:
        raise KindError(f"A list has at most {MAX_VALUES} values, this one {len(raw)}.")
    texts = (_text(item, Kind.CHOICES) for item in raw)
    return list(dict.fromkeys(text for text in texts if text))
