"""The one form in which the API says no: `{"code", "message", "at"}`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import JsonResponse

from apps.rules.errors import Code, RuleError

LONGEST_PLACE = 500  # characters
OF_A_KEY = "[key]"  # what pydantic's place ends in where not the value but its key is wrong
UNREADABLE = {Code.BAD_JSON, Code.DUPLICATE_KEY}
OF_PYDANTIC = {  # the error's type: code, message with the error's own numbers
    "missing": ("missing", "This is needed."),
    "extra_forbidden": ("unknown_key", "This is not known here."),
    "string_type": ("wrong_type", "Expected a text."),
    "string_unicode": ("wrong_value", "A text cannot hold half a surrogate pair."),
    "string_too_long": ("too_large", "At most {max_length} characters."),
    "string_too_short": ("wrong_value", "This cannot be empty."),  # all may have one character
    "int_type": ("wrong_type", "Expected a whole number."),
    "int_from_float": ("wrong_type", "Expected a whole number."),
    "int_parsing": ("wrong_type", "Expected a whole number."),
    "int_parsing_size": ("wrong_value", "This number is too large."),
    "bool_type": ("wrong_type", "Expected true or false."),
    "list_type": ("wrong_type", "Expected a list."),
    "dict_type": ("wrong_type", "Expected an object."),
    "model_type": ("wrong_type", "Expected an object."),
    "model_attributes_type": ("wrong_type", "Expected an object."),
    "too_long": ("too_large", "At most {max_length} entries."),
    "literal_error": ("wrong_value", "Expected {expected}."),
    "enum": ("wrong_value", "Expected {expected}."),
    "greater_than_equal": ("wrong_value", "At least {ge}."),
    "less_than_equal": ("wrong_value", "At most {le}."),
}


class Refusal(Exception):
    """A call that is refused, or one row of it; `at` says where in the body."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        at: str = "",
        status: int = 422,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = str(code)
        self.message = message
        self.at = printable(at)
        self.status = status
        self.headers = headers or {}

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message, "at": self.at}

    def answer(self) -> JsonResponse:
        return JsonResponse(self.as_json(), status=self.status, headers=dict(self.headers))


def not_found(message: str, *, at: str = "") -> Refusal:
    return Refusal("not_found", message, at=at, status=404)


def of_rule(error: RuleError, *, before: str = "") -> Refusal:
    """Return a rule's error; `at` stays relative to the rule, unless there are two rules."""
    status = 400 if error.code in UNREADABLE else 422
    at = ".".join(part for part in (before, error.at) if part)
    return Refusal(error.code, error.message, at=at, status=status)


def of_fields(errors: Iterable[Mapping[str, Any]], *, skip: int = 0) -> Refusal:
    """Return the first of pydantic's errors in our own words; `skip` names of the place go."""
    error = next(iter(errors))
    path = error["loc"][skip:]
    at = place(path[:-1] if path[-1:] == (OF_A_KEY,) else path)
    code, message = OF_PYDANTIC.get(error["type"], ("wrong_value", ""))
    if error["type"] == "value_error":  # raised by a validator of ours, in our own words
        message = str(error["ctx"]["error"])
    message = message or "This value cannot be used here."
    return Refusal(code, message.format(**error.get("ctx", {})), at=at)


def place(path: Sequence[str | int]) -> str:
    """Return where that is, as rules write it: `contacts[3].traits.plan`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def printable(text: str) -> str:
    """Return a place cut to what can be shown and logged: keys of others may stand in it."""
    shown = (one if one.isprintable() else _escaped(one) for one in text[:LONGEST_PLACE])
    return "".join(shown)[:LONGEST_PLACE]


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
