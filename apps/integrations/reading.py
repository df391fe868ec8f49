"""Reading a body as JSON, strictly: what is wrong in it is found where it stands.

Python's parser lets NaN and repeated keys pass and gives up on other things with errors of
its own. Here each becomes a flaw with its place; a flaw inside one row of a bulk call spoils
that row alone.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from apps.integrations.refusals import Refusal, place

ROW = re.compile(r"(contacts|events)\[(\d+)\]\.?")
IN_THE_RULE = re.compile(r"^rule(\.|(?=\[)|$)")
DIGITS = 400  # of an integer: more than any number we keep, few enough to read fast


@dataclass(frozen=True, slots=True)
class Flaw:
    """What stands where something could not be read."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SpoiltRow:
    """A row of a bulk call that cannot be read; `at` is the place within the row."""

    refusal: Refusal


TWICE = Flaw("duplicate_key", "A key stands twice in one object.")
NOT_FINITE = Flaw("bad_json", "NaN and Infinity are not numbers in JSON.")
TOO_LONG = Flaw("bad_json", f"A number has at most {DIGITS} digits.")


def read(request: HttpRequest) -> Any:
    """Return the body as data. Raises Refusal; rows that cannot be read are SpoiltRows."""
    raw = _body(request)
    try:
        data = _parsed(raw)
    except RecursionError:
        raise Refusal("too_deep", "The JSON is nested too deeply.", status=400) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refusal("bad_json", f"Not JSON: {error.msg}, {where}.", status=400) from None
    except UnicodeDecodeError:
        raise Refusal("bad_json", "The body is not UTF-8.", status=400) from None
    for path, flaw in _flaws(data):
        _spoil(data, place(path), flaw, call=request.path_info)
    return data


def nothing() -> Refusal:
    """Return what is said of an empty body."""
    return Refusal("bad_json", "Not JSON: the body is empty.", status=400)


def _body(request: HttpRequest) -> bytes:
    if request.content_type not in {"", "application/json"}:
        message = "Send JSON, with the header Content-Type: application/json."
        raise Refusal("wrong_content", message, status=400)
    try:
        raw = request.body
    except UnreadablePostError:
        raise Refusal("bad_json", "The body broke off.", status=400) from None
    if len(raw) > settings.API_BODY_LIMIT:
        message = f"A body has at most {settings.API_BODY_LIMIT} bytes."
        raise Refusal("too_large", message, status=413)
    return raw


def _parsed(raw: bytes) -> Any:
    return json.loads(
        raw.decode(),
        object_pairs_hook=_object,
        parse_constant=lambda _name: NOT_FINITE,
        parse_int=_whole,
    )


def _object(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    return found if len(found) == len(pairs) else TWICE


def _whole(digits: str) -> int | Flaw:
    return int(digits) if len(digits) <= DIGITS else TOO_LONG


def _flaws(data: Any) -> Iterator[tuple[tuple[str | int, ...], Flaw]]:
    """Yield every flaw with its path. Not recursive: the data may be nested to the limit."""
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), data)]
    while stack:
        path, value = stack.pop()
        match value:
            case Flaw():
                yield path, value
            case dict():
                stack.extend(((*path, key), value[key]) for key in reversed(value))
            case list():
                last = len(value) - 1
                stack.extend(
                    ((*path, last - back), item) for back, item in enumerate(reversed(value))
                )
            case _:
                pass


def _spoil(data: Any, at: str, flaw: Flaw, *, call: str) -> None:
    """Put a SpoiltRow in the place of the row with the flaw. Raises Refusal outside of rows.

    `call` is the address: only the bulk call of that name reads its rows one by one.
    """
    row = ROW.match(at)
    if row is None or not call.endswith(f"/{row[1]}"):
        raise Refusal(flaw.code, flaw.message, at=IN_THE_RULE.sub("", at), status=400)
    refusal = Refusal(flaw.code, flaw.message, at=at[row.end() :], status=400)
    data[row[1]][int(row[2])] = SpoiltRow(refusal)
