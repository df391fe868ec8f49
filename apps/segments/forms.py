"""The fields of a segment beside its rule."""

from itertools import chain, count
from typing import Any

from django import forms
from django.utils.text import slugify

from apps.contacts.models import Contact
from apps.segments.models import Pin, Segment


class SegmentForm(forms.ModelForm[Segment]):
    """A new segment's slug follows its name; an old one keeps its slug: rules refer to it."""

    static = forms.BooleanField(
        required=False,
        label="Static: no rule, contacts are held in by hand",
    )
    enrol_existing = forms.BooleanField(
        required=False,
        label="Start sequences for contacts it already holds for",
        help_text="Without this, only contacts who enter from now on start its sequences.",
    )
    confirmed = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    class Meta:
        model = Segment
        fields = ("name", "status", "ladder", "rung")
        help_texts = {
            "ladder": "On a ladder a contact stands on the first rung that holds, and no other.",
            "rung": "1 is asked first.",
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.instance.pk and cleaned.get("name"):
            self.instance.slug = _free_slug(cleaned["name"])
        return cleaned


class PinForm(forms.Form):
    """Hold one contact in or out, found by email."""

    email = forms.CharField(max_length=254, label="Contact's email")
    held = forms.ChoiceField(
        choices=[*Pin.Held.choices, ("", "Let the rule decide")], required=False, label="Pin"
    )

    def clean_email(self) -> Contact:
        email = self.cleaned_data["email"].strip()
        contact = Contact.objects.standing().filter(email__iexact=email).exclude(email="").first()
        if contact is None:
            raise forms.ValidationError("There is no contact with this email.")
        return contact


def _free_slug(name: str) -> str:
    base = slugify(name)[:70] or "segment"
    taken = set(Segment.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    candidates = chain([base], (f"{base}-{number}" for number in count(2)))
    return next(slug for slug in candidates if slug not in taken)
