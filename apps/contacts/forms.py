"""The forms of a contact's page: the profile with its traits, and recording an event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import now as the_clock

from apps.contacts import people
from apps.contacts.events import EventError, NewEvent, check
from apps.contacts.fields import field_for, guess, parse
from apps.contacts.models import FIELDS, Contact, Trait
from apps.contacts.profile import change_profile
from apps.core.forms import PlainLabels
from apps.rules.kinds import Kind, KindError, Value, canonical


class ProfileForm(PlainLabels, forms.ModelForm[Contact]):
    """Fields of a contact; `with_traits` adds one per trait. Saved by `apply`, never by save."""

    traits: Mapping[str, Trait] = {}  # by the name of the form field
    add_key = forms.CharField(
        label="Trait",
        required=False,
        max_length=150,
        help_text="One of the catalogue, or a new one: lower-case words joined by dots.",
        widget=forms.TextInput(
            attrs={"list": "trait-keys", "autocomplete": "off", "class": "vTextField"}
        ),
    )
    add_value = forms.CharField(
        label="Value",
        required=False,
        max_length=2000,
        help_text="Several values of a list: with commas between them.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )

    class Meta:
        model = Contact
        fields = FIELDS
        labels = {"timezone": "Time zone"}

    def clean_email(self) -> str:
        raw = str(self.cleaned_data["email"])
        try:
            return people.normalise_email(raw) if raw.strip() else ""
        except people.EmailError as error:
            raise ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, trait in self.traits.items():
            if name in cleaned:
                self._canonical(name, trait)
        if cleaned.get("add_key"):
            self._read_added()
        elif cleaned.get("add_value"):
            self.add_error("add_key", "Say which trait has this value.")
        return cleaned

    def apply(self, contact: Contact, *, now: datetime, source: str) -> frozenset[str]:
        """Write what was changed, and nothing else: what came in meanwhile is left alone."""
        traits: dict[str, Any] = {
            trait.key: self.cleaned_data[name]
            for name, trait in self.traits.items()
            if name in self.changed_data
        }
        if self.cleaned_data.get("add_key"):
            traits[self.cleaned_data["add_key"]] = self.cleaned_data["add_value"]
        fields = {name: self.cleaned_data[name] for name in FIELDS if name in self.changed_data}
        return change_profile(contact, now=now, fields=fields, traits=traits, source=source)

    def _canonical(self, name: str, trait: Trait) -> None:
        value = self.cleaned_data[name]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        try:
            self.cleaned_data[name] = canonical(Kind(trait.kind), value)
        except KindError as error:
            self.add_error(name, str(error))

    def _read_added(self) -> None:
        key, text = self.cleaned_data["add_key"].strip(), self.cleaned_data.get("add_value", "")
        try:
            Trait.clean_key(key)
            self.cleaned_data |= {"add_key": key, "add_value": self._added(key, text)}
        except ValidationError as error:
            self.add_error("add_key", error)
        except KindError as error:
            self.add_error("add_value", str(error))

    def _added(self, key: str, text: str) -> Value:
        known = Trait.objects.filter(key=key).first()
        value = parse(Kind(known.kind), text) if known else guess(text)
        if value is None or value == "":
            raise KindError("Give the trait a value.")
        return value


def with_traits(contact: Contact | None) -> type[ProfileForm]:
    """Return the form for this contact: one input for each trait it has."""
    profile = contact.profile if contact else {}
    traits = {f"trait_{trait.pk}": trait for trait in Trait.objects.filter(key__in=profile)}
    fields = {name: field_for(trait, profile[trait.key]) for name, trait in traits.items()}
    return type("ContactForm", (ProfileForm,), {"traits": traits, **fields})


class EventForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        label="Event",
        help_text="Such as order_completed: letters, digits and _ . : -",
        widget=forms.TextInput(attrs={"list": "event-names", "autocomplete": "off"}),
    )
    occurred_at = forms.DateTimeField(
        label="When",
        initial=the_clock,
        widget=forms.DateTimeInput(
            {"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"
        ),
    )
    properties = forms.CharField(
        required=False,
        help_text="One a line: total = 120.50",
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "total = 120.50"}),
    )

    def clean_properties(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for line in self.cleaned_data["properties"].splitlines():
            if not line.strip():
                continue
            name, equals, text = line.partition("=")
            if not equals or not name.strip():
                raise ValidationError(f"Expected “name = value”, got “{line.strip()[:60]}”.")
            found[name.strip()] = guess(text)
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            event = NewEvent(
                contact_id=0,
                name=cleaned["name"],
                occurred_at=cleaned["occurred_at"],
                message_id="checked",
                properties=cleaned["properties"],
            )
            try:
                check(event)
            except EventError as error:
                self.add_error(None, str(error))
        return cleaned


class OptionsField(forms.Field):
    """The options of a trait, one a line: `pro = Professional`, or the value alone."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(_option_line(item["value"], item["label"]) for item in value)

    def to_python(self, value: Any) -> list[dict[str, str]]:
        if isinstance(value, list):
            return value
        pairs = (line.partition("=") for line in (value or "").splitlines() if line.strip())
        return [_option(key, label) for key, _equals, label in pairs]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)


class TraitForm(PlainLabels, forms.ModelForm[Trait]):
    options = OptionsField(
        required=False,
        help_text="For choices, one a line: value = label.",
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
    )

    class Meta:
        model = Trait
        fields = ("key", "label", "kind", "options")

    def clean_key(self) -> str:
        return Trait.clean_key(self.cleaned_data["key"])


def _option(value: str, label: str) -> dict[str, str]:
    try:
        texts = [canonical(Kind.TEXT, text) for text in (value, label)]
    except KindError as error:
        raise ValidationError(str(error)) from None
    return {"value": str(texts[0] or ""), "label": str(texts[1] or texts[0] or "")}


def _option_line(value: str, label: str) -> str:
    return value if value == label else f"{value} = {label}"
