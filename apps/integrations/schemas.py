"""What calls take and give, piece by piece; each call's own body stands beside it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)

from apps.contacts.events import FIRST_YEAR, LAST_YEAR
from apps.integrations.refusals import Refusal
from apps.rules.kinds import datetime_text

LARGEST_ID = 2**63 - 1
MOST_ROWS = 1_000
SURROGATE = re.compile("[\ud800-\udfff]")


class Body(BaseModel):
    """A body, or an object in one: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Problem(Answer):
    code: str
    message: str
    at: str


class RowProblem(Problem):
    index: int


def plain(text: str) -> str:
    """Refuse what PostgreSQL cannot keep."""
    if "\x00" in text:
        raise ValueError("A text cannot hold a NUL character.")
    if not text.isascii() and SURROGATE.search(text):
        raise ValueError("A text cannot hold half a surrogate pair.")
    return text


def said(text: str) -> str:
    """Refuse a name of blanks alone."""
    if not text.strip():
        raise ValueError("This cannot be empty.")
    return text


def moment(raw: object) -> datetime:
    """Read a time with its offset. A `+` that an address turned into a blank is forgiven."""
    message = 'Expected a time with its offset such as "2026-11-23T09:30:00+01:00".'
    if not isinstance(raw, str):
        raise ValueError(message)
    try:
        found = datetime.fromisoformat(raw[:10] + raw[10:].replace(" ", "+"))
    except ValueError:
        raise ValueError(message) from None
    if found.tzinfo is None:
        raise ValueError(message)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"A time lies between the years {FIRST_YEAR} and {LAST_YEAR}.")
    return found.astimezone(UTC)


PLAIN = AfterValidator(plain)  # after the bounds of length, which are told as a text's then
SAID = AfterValidator(said)
Text = Annotated[str, PLAIN]
ExternalId = Annotated[str, Field(max_length=200), PLAIN, AfterValidator(str.strip)]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Time = Annotated[datetime, BeforeValidator(moment)]
Moment = Annotated[datetime, PlainSerializer(datetime_text, return_type=str)]
A_RULE = {"type": "object", "description": "A rule, as docs/rules.md has it."}
A_SLUG = {"type": "string", "description": "The slug of a segment, for its rule."}
RuleSource = Annotated[Any, WithJsonSchema(A_RULE)]
RuleOrNull = Annotated[Any, WithJsonSchema({"anyOf": [A_RULE, {"type": "null"}]})]
RuleOrSlug = Annotated[Any, WithJsonSchema({"anyOf": [A_RULE, A_SLUG]})]


def rows_of(model: type[BaseModel]) -> Any:
    """Return the type of a list whose entries are read one by one, so one may be refused."""
    listed = WithJsonSchema({"type": "array", "maxItems": MOST_ROWS, "items": whole_schema(model)})
    return Annotated[list[Any], AfterValidator(_few_enough), listed]


def _few_enough(rows: list[Any], info: ValidationInfo) -> list[Any]:
    """Refuse more rows than a call takes, as a body that is too large."""
    if len(rows) > MOST_ROWS:
        message = f"At most {MOST_ROWS:,} rows a call, these are {len(rows):,}."
        raise Refusal("too_large", message, at=info.field_name or "", status=413)
    return rows


def whole_schema(model: type[BaseModel]) -> Any:
    """Return a model's JSON schema with the objects in it written out."""
    schema = model.model_json_schema()
    return _written_out(schema, schema.pop("$defs", {}))


def _written_out(schema: Any, parts: Mapping[str, Any]) -> Any:
    match schema:
        case {"$ref": str() as name}:
            return _written_out(parts[name.rpartition("/")[2]], parts)
        case dict():
            return {key: _written_out(value, parts) for key, value in schema.items()}
        case list():
            return [_written_out(value, parts) for value in schema]
        case _:
            return schema
