"""One value as it is typed: texts of inputs to what a rule holds, and back.

A text that holds a line break stands in its input as a JSON string, for no input holds a line
break; so does what could be taken for such a string. Times are written in the zone given.
"""

import json
import re
from datetime import date, datetime, time, tzinfo

from apps.rules.builder.tree import Span, Typed
from apps.rules.kinds import Kind
from apps.rules.operands import Shape

_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}", re.ASCII)
_LINES = re.compile(r"\r\n|\r|\n")
_SPAN = re.compile(r"([0-9]{1,12})([smhdw])", re.ASCII)


class Unshown(ValueError):
    """What a rule holds here has no inputs."""


def value(typed: Typed, shape: Shape, kind: Kind, zone: tzinfo) -> object:
    """Return what the inputs hold, as a rule holds it; what makes no sense as it stands."""
    match shape:
        case Shape.NONE:
            return None
        case Shape.DURATION:
            return str(typed.span)
        case Shape.WHOLE:
            return number(typed.value)
        case Shape.WHOLES:
            return [number(typed.low), number(typed.high)]
        case Shape.PAIR:
            return [
                _one(typed.low, typed.low_time, kind, zone),
                _one(typed.high, typed.high_time, kind, zone),
            ]
        case Shape.LIST:
            return [_one(line, "", kind, zone) for text in typed.values for line in lines(text)]
        case Shape.DAY | Shape.PERIOD:
            return typed.value
        case Shape.TEXT | Shape.ONE:
            return _one(typed.value, typed.time, kind, zone)


def typed(raw: object, shape: Shape, kind: Kind, zone: tzinfo) -> Typed:
    """Return the inputs that hold this. Raises Unshown."""
    match shape, raw:
        case Shape.NONE, None:
            return Typed()
        case Shape.DURATION, str():
            return Typed(span=span(raw))
        case ((Shape.WHOLES | Shape.PAIR), [low, high]):
            (low_text, low_time), (high_text, high_time) = (
                _shown(end, kind, zone) for end in (low, high)
            )
            return Typed(low=low_text, low_time=low_time, high=high_text, high_time=high_time)
        case Shape.LIST, [_, *_]:
            assert isinstance(raw, list)
            return Typed(tuple(_shown(item, kind, zone)[0] for item in raw))
        case ((Shape.DAY | Shape.PERIOD), str()):
            return Typed((raw,))
        case ((Shape.ONE | Shape.TEXT | Shape.WHOLE), _):
            text, at = _shown(raw, kind, zone)
            return Typed((text,), at)
        case _:
            raise Unshown


def span(raw: object) -> Span:
    """Return the inputs of a duration. Raises Unshown."""
    found = _SPAN.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        raise Unshown
    return Span(found[1], found[2])


def number(text: str) -> object:
    """Return the number a text writes; the text itself where it writes none."""
    bare = text.strip()
    if _WHOLE.fullmatch(bare):
        return int(bare)
    return float(bare) if _NUMBER.fullmatch(bare) else text


def encoded(text: str) -> str:
    """Return a text as an input of one line holds it."""
    return json.dumps(text) if _needs_quotes(text) else text


def decoded(text: str) -> str:
    """Return the text that an input holds."""
    return _literal(text) or "" if not _has_break(text) and _needs_quotes(text) else text


def loaded(source: str) -> object:
    """Return what JSON writes; None where it is none, or holds what no page can show."""
    try:
        found: object = json.loads(source)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair has no encoding
    except (ValueError, RecursionError):
        return None
    return found


def lines(text: str) -> list[str]:
    """Return the values of a list: one a line, blank lines left out."""
    return [line.strip() for line in _LINES.split(text) if line.strip()]


def _needs_quotes(text: str) -> bool:
    """Return whether a text holds a line break, or is the JSON of one that does."""
    while not _has_break(text):
        inner = _literal(text)
        if inner is None:
            return False
        text = inner  # which is shorter
    return True


def _has_break(text: str) -> bool:
    return "\n" in text or "\r" in text


def _literal(text: str) -> str | None:
    """Return the text that a JSON string writes."""
    if not (len(text) > 1 and text[0] == text[-1] == '"'):
        return None
    found = loaded(text)
    return found if isinstance(found, str) else None


def _one(text: str, at: str, kind: Kind, zone: tzinfo) -> object:
    match kind:
        case Kind.NUMBER:
            return number(text)
        case Kind.DATETIME if at.strip():
            return _moment(text.strip(), at.strip(), zone)
        case Kind.DATE | Kind.DATETIME:
            return text
        case _:
            return decoded(text)


def _moment(day: str, at: str, zone: tzinfo) -> str:
    try:
        clock = time.fromisoformat(at)
        moment = datetime.combine(date.fromisoformat(day), clock, clock.tzinfo or zone)
        return moment.isoformat()
    except (ValueError, OverflowError):
        return f"{day}T{at}"


def _shown(raw: object, kind: Kind, zone: tzinfo) -> tuple[str, str]:
    """Return the text of a value, and of its time of day. Raises Unshown."""
    match raw:
        case bool():
            raise Unshown
        case int() | float() if kind is Kind.NUMBER:
            return str(raw), ""
        case str() if kind is Kind.DATETIME and len(raw) > 10:
            return _day_and_time(raw, zone)
        case str():
            return encoded(raw), ""
        case _:
            raise Unshown


def _day_and_time(text: str, zone: tzinfo) -> tuple[str, str]:
    try:
        moment = datetime.fromisoformat(text)
        local = moment.astimezone(zone)
    except ValueError:
        raise Unshown from None
    except OverflowError:
        local = moment
    day, clock = local.isoformat()[:10], local.time()
    if _moment(day, clock.isoformat(), zone) == local.isoformat() and not local.fold:
        return day, clock.isoformat().removesuffix(":00")
    return day, local.isoformat()[11:]
