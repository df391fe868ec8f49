"""The field catalogue: `PUT /traits/{key}`."""

from typing import Annotated, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router
from pydantic import BeforeValidator, Field

from apps.contacts import traits as catalogue
from apps.integrations.guard import WRITE
from apps.integrations.refusals import Refusal
from apps.integrations.schemas import PLAIN, SAID, Answer, Body
from apps.rules.catalogue import TraitSpec
from apps.rules.kinds import MAX_TEXT, MAX_VALUES, Kind, KindError, Option, canonical

router = Router(tags=["traits"])

LONGEST_LABEL = 200

Label = Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL), PLAIN, SAID]


class OptionBody(Body):
    value: Annotated[str, Field(min_length=1, max_length=MAX_TEXT), PLAIN]
    label: Annotated[str, Field(max_length=LONGEST_LABEL), PLAIN] = ""


def _whole(raw: object) -> object:
    """Read an option given by its value alone."""
    return {"value": raw} if isinstance(raw, str) else raw


AnyOption = Annotated[OptionBody, BeforeValidator(_whole)]


class TraitBody(Body):
    label: Label
    kind: Literal["text", "number", "boolean", "date", "datetime", "choice", "choices"]
    options: Annotated[list[AnyOption], Field(max_length=MAX_VALUES)] = []


class OptionAnswer(Answer):
    value: str
    label: str


class TraitAnswer(Answer):
    """An option whose label is its value stands as that text alone."""

    key: str
    label: str
    kind: str
    options: list[str | OptionAnswer]


@router.put("/traits/{str:key}", auth=WRITE, response=TraitAnswer)
def put_trait(request: HttpRequest, key: str, data: TraitBody) -> TraitAnswer:
    """Add a trait to the catalogue, or bring its label and options up to date.

    A trait keeps its kind: values of it are stored, and rules are written on it.
    """
    options = [_option(option, at=f"options[{index}]") for index, option in enumerate(data.options)]
    if len({option.value for option in options}) < len(options):
        raise Refusal("wrong_value", "Two options have one value.", at="options")
    try:
        trait = catalogue.put(
            key, label=data.label, kind=Kind(data.kind), options=options, source="API"
        )
    except ValidationError as error:
        raise Refusal("wrong_value", " ".join(error.messages), at="key") from None
    except catalogue.KindDiffers as error:
        raise Refusal("kind_differs", str(error), at="kind", status=409) from None
    return _shown(catalogue.spec(trait))


def _shown(trait: TraitSpec) -> TraitAnswer:
    return TraitAnswer(
        key=trait.key,
        label=trait.label,
        kind=trait.kind,
        options=[
            option.value
            if option.label == _label_of(option.value)
            else OptionAnswer(value=option.value, label=option.label)
            for option in trait.options
        ],
    )


def _option(given: OptionBody, *, at: str) -> Option:
    try:
        value = canonical(Kind.CHOICE, given.value)
    except KindError as error:
        raise Refusal("wrong_value", str(error), at=at) from None
    if value is None:
        raise Refusal("wrong_value", "An option is not empty.", at=at)
    return Option(str(value), given.label or _label_of(str(value)))


def _label_of(value: str) -> str:
    """Return the label of an option that was given none."""
    return value[:LONGEST_LABEL]
