"""The field catalogue: `PUT /traits/{key}`."""

from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router
from pydantic import BeforeValidator, Field

from apps.contacts import traits as catalogue
from apps.contacts.models import Trait
from apps.integrations.guard import WRITE
from apps.integrations.refusals import Refusal
from apps.integrations.schemas import Answer, Body, Text
from apps.rules.kinds import MAX_TEXT, MAX_VALUES, Kind, KindError, Option, canonical

router = Router(tags=["traits"])

Label = Annotated[Text, Field(min_length=1, max_length=200)]


class OptionBody(Body):
    value: Annotated[Text, Field(min_length=1, max_length=MAX_TEXT)]
    label: Annotated[Text, Field(max_length=200)] = ""


def _whole(raw: object) -> object:
    """Read an option given by its value alone."""
    return {"value": raw} if isinstance(raw, str) else raw


AnyOption = Annotated[OptionBody, BeforeValidator(_whole)]


class TraitBody(Body):
    label: Label
    kind: Literal["text", "number", "boolean", "date", "datetime", "choice", "choices"]
    options: Annotated[list[AnyOption], Field(max_length=MAX_VALUES)] = []


class TraitAnswer(Answer):
    key: str
    label: str
    kind: str
    options: list[dict[str, Any]]


@router.put("/traits/{str:key}", auth=WRITE, response=TraitAnswer)
def put_trait(request: HttpRequest, key: str, data: TraitBody) -> Trait:
    """Add a trait to the catalogue, or bring its label and options up to date.

    A trait keeps its kind: values of it are stored, and rules are written on it.
    """
    options = [_option(option, at=f"options[{index}]") for index, option in enumerate(data.options)]
    if len({option.value for option in options}) < len(options):
        raise Refusal("wrong_value", "Two options have one value.", at="options")
    try:
        return catalogue.put(
            key, label=data.label, kind=Kind(data.kind), options=options, source="API"
        )
    except ValidationError as error:
        raise Refusal("wrong_value", " ".join(error.messages), at="key") from None
    except catalogue.KindDiffers as error:
        raise Refusal("kind_differs", str(error), at="kind", status=409) from None


def _option(given: OptionBody, *, at: str) -> Option:
    try:
        value = canonical(Kind.CHOICE, given.value)
    except KindError as error:
        raise Refusal("wrong_value", str(error), at=at) from None
    if value is None:
        raise Refusal("wrong_value", "An option is not empty.", at=at)
    return Option(str(value), given.label or str(value)[:200])
