"""Pieces of JSON data, checked one by one; `at` is the place each is named by when it is wrong."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from apps.rules.errors import Code, RuleError
from apps.rules.kinds import shown

Data = Mapping[object, object]


def fail(code: Code, message: str, at: str = "") -> NoReturn:
    raise RuleError(code, message, at)


def an_object(data: object, at: str) -> Data:
    if not isinstance(data, dict):
        fail(Code.WRONG_SHAPE, f"Expected an object, got {shown(data)}.", at)
    return data


def a_list(data: object, at: str) -> Sequence[object]:
    if not isinstance(data, list | tuple):
        fail(Code.WRONG_SHAPE, f"Expected a list, got {shown(data)}.", at)
    return data


def with_keys(data: Data, known: Sequence[str], at: str) -> Data:
    for key in data:
        if key not in known:
            message = f"{shown(key)} is not known here; there are {', '.join(known)}."
            fail(Code.UNKNOWN_KEY, message, inside(at, named(key)))
    return data


def alone(data: Data, key: str, at: str) -> object:
    return with_keys(data, (key,), at)[key]


def needed(data: Data, key: str, at: str) -> object:
    if key not in data:
        fail(Code.WRONG_SHAPE, f"`{key}` is missing.", inside(at, key))
    return data[key]


def a_text(data: object, at: str) -> str:
    if not isinstance(data, str):
        fail(Code.WRONG_TYPE, f"Expected a text, got {shown(data)}.", at)
    if "\x00" in data or any("\ud800" <= character <= "\udfff" for character in data):
        fail(Code.WRONG_TYPE, "A text cannot hold a NUL character or half a surrogate pair.", at)
    return data


def named(key: object) -> str:
    """Return an unknown key as a place may name it."""
    return str(key)[:60].encode("utf-8", "backslashreplace").decode()


def inside(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
