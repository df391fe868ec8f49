"""A form field for each kind of trait, and reading values that were typed as plain text."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.timezone import get_current_timezone, is_naive, localtime, make_aware

from apps.contacts.models import Trait
from apps.rules.kinds import MAX_TEXT, Kind, KindError, Value, canonical

BOOLEANS = [("", "-"), ("true", "Yes"), ("false", "No")]
TRUE = {"yes", "true"}
FALSE = {"no", "false"}


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list) else (value or "").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial) != self.to_python(data))


def field_for(trait: Trait, value: Any) -> forms.Field:
    """Return the input for a trait that now has `value`; emptying it removes the trait."""
    field = _input(trait, value)
    field.label, field.help_text, field.required = trait.label, trait.key, False
    field.initial = initial(Kind(trait.kind), value)
    return field


def initial(kind: Kind, value: Any) -> Any:
    """Return a canonical value as its form field starts out with it."""
    match kind:
        case Kind.BOOLEAN:
            return "" if value is None else str(value).lower()
        case Kind.DATETIME:
            return datetime.fromisoformat(value) if value else None
        case _:
            return value


def shown(trait: Trait, value: Any) -> str:
    """Return a canonical value as people write it."""
    labels = {item["value"]: item["label"] for item in trait.options}
    match Kind(trait.kind):
        case Kind.BOOLEAN:
            return "Yes" if value else "No"
        case Kind.DATE:
            return date_format(date.fromisoformat(value), "j M Y")
        case Kind.DATETIME:
            return date_format(localtime(datetime.fromisoformat(value)), "j M Y, H:i")
        case Kind.CHOICE | Kind.CHOICES:
            values = value if isinstance(value, list) else [value]
            return ", ".join(str(labels.get(item, item)) for item in values)
        case _:
            return str(value)


def parse(kind: Kind, text: str) -> Value | None:
    """Return a value typed as plain text in canonical form. Raises KindError."""
    text = text.strip()
    match kind:
        case Kind.NUMBER:
            return canonical(kind, _number(text))
        case Kind.BOOLEAN:
            return canonical(kind, _boolean(text))
        case Kind.DATETIME:
            return canonical(kind, _moment(text))
        case Kind.CHOICES:
            return canonical(kind, text.split(","))
        case _:
            return canonical(kind, text)


def guess(text: str) -> Value:
    """Return what a person most likely means: a number, yes or no, else the text as it is."""
    text = text.strip()
    if text.lower() in TRUE | FALSE:
        return _boolean(text)
    try:
        return _number(text)
    except KindError:
        return text


def _input(trait: Trait, value: Any) -> forms.Field:
    match Kind(trait.kind):
        case Kind.NUMBER:
            return forms.FloatField(widget=forms.NumberInput(attrs={"step": "any"}))
        case Kind.BOOLEAN:
            return forms.TypedChoiceField(choices=BOOLEANS, coerce=_boolean, empty_value=None)
        case Kind.DATE:
            return forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
        case Kind.DATETIME:
            shown = forms.DateTimeInput(
                {"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"
            )
            return forms.DateTimeField(widget=shown)
        case Kind.CHOICE if trait.options:
            return forms.ChoiceField(choices=[("", "-"), *_offered(trait, [value])])
        case Kind.CHOICES if trait.options:
            return forms.MultipleChoiceField(
                choices=_offered(trait, value or []), widget=forms.CheckboxSelectMultiple
            )
        case Kind.CHOICES:
            return LinesField(widget=forms.Textarea(attrs={"rows": 3, "class": "vTextField"}))
        case _:
            return forms.CharField(
                max_length=MAX_TEXT, widget=forms.TextInput(attrs={"class": "vTextField"})
            )


def _offered(trait: Trait, held: Sequence[str]) -> list[tuple[str, str]]:
    """Return the options, with values held now that are no longer offered at the end."""
    offered = [(item["value"], item["label"]) for item in trait.options]
    known = {value for value, _label in offered}
    return [*offered, *((value, value) for value in held if value and value not in known)]


def _number(text: str) -> int | float:
    try:
        return int(text) if len(text) < 20 else float(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise KindError(f"Expected a number, got {text[:60]!r}.") from None


def _boolean(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise KindError(f"Expected yes or no, got {text[:60]!r}.")
    return text.lower() in TRUE


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise KindError(f"Expected a time such as 2026-11-23 09:30, got {text[:60]!r}.") from None
    return make_aware(moment, get_current_timezone()) if is_naive(moment) else moment
