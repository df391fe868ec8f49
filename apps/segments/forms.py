"""The fields of a segment beside its rule."""

from itertools import chain, count
from typing import Any

from django import forms
from django.utils.text import slugify

from apps.contacts.models import Contact
from apps.segments.models import Ladder, Pin, Segment


class SegmentForm(forms.ModelForm[Segment]):
    """A new segment's slug follows its name; an old one keeps its slug: rules refer to it."""

    static = forms.BooleanField(
        required=False,
        label="Static: no rule, contacts are held in by hand",
    )
    enrol_existing = forms.BooleanField(
        required=False,
        label="Start sequences for those who match already",
        help_text="Without this, only contacts who enter from now on start them.",
    )
    new_ladder = forms.CharField(required=False, max_length=120, label="Or begin a new ladder")
    confirmed = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    class Meta:
        model = Segment
        fields = ("name", "status", "ladder", "rung")
        help_texts = {
            "ladder": "On a ladder a contact stands on the first rung that holds, and no other.",
            "rung": "1 is asked first.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ladder = self.fields["ladder"]
        assert isinstance(ladder, forms.ModelChoiceField)
        ladder.empty_label = "None"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.instance.pk and cleaned.get("name"):
            self.instance.slug = free_slug(Segment, cleaned["name"])
        if cleaned.get("new_ladder") and not self.errors:
            self._begin_ladder(cleaned)
        return cleaned

    def _begin_ladder(self, cleaned: dict[str, Any]) -> None:
        """Put the segment on a ladder of its own; whoever does not save it then rolls back."""
        if cleaned.get("ladder"):
            self.add_error("new_ladder", "Choose a ladder above or begin a new one, not both.")
            return
        name = cleaned["new_ladder"]
        cleaned["ladder"] = Ladder.objects.create(name=name, slug=free_slug(Ladder, name))
        cleaned["rung"] = cleaned.get("rung") or 1


class PinForm(forms.Form):
    """Hold one contact in or out, found by email."""

    email = forms.CharField(max_length=254, label="Contact's email")
    held = forms.ChoiceField(
        choices=[*Pin.Held.choices, ("", "Let the rule decide")],
        initial=Pin.Held.IN,
        required=False,
        label="Membership",
    )

    def clean_email(self) -> Contact:
        email = self.cleaned_data["email"].strip()
        contact = Contact.objects.standing().filter(email__iexact=email).exclude(email="").first()
        if contact is None:
            raise forms.ValidationError("There is no contact with this email.")
        return contact


def free_slug(model: type[Segment] | type[Ladder], name: str) -> str:
    base = slugify(name)[:70] or model.__name__.lower()
    rows = model._default_manager.filter(slug__startswith=base)
    taken = set(rows.values_list("slug", flat=True))
    candidates = chain([base], (f"{base}-{number}" for number in count(2)))
    return next(slug for slug in candidates if slug not in taken)
