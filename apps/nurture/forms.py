"""Forms in which marketers write sequences and their steps."""

from collections import Counter
from datetime import timedelta
from typing import Any

from django import forms

from apps.core.forms import PlainLabels
from apps.nurture import spans
from apps.nurture.models import DAY, Sequence, Step
from apps.nurture.spans import UNITS

LONGEST = timedelta(days=3650)


class SpanWidget(forms.MultiWidget):
    """A number and its unit."""

    def __init__(self) -> None:
        number = forms.NumberInput(attrs={"min": 0, "step": 1, "class": "span-number"})
        units = [(unit, unit) for unit in reversed(UNITS)]
        super().__init__([number, forms.Select(attrs={"aria-label": "Unit"}, choices=units)])

    def id_for_label(self, id_: str) -> str:
        """Let the label be the number's."""
        return f"{id_}_0" if id_ else ""

    def decompress(self, value: timedelta | None) -> list[Any]:
        if value is None:
            return [None, "days"]
        return list(spans.split(value))


class SpanField(forms.MultiValueField):
    """A span of time as a number of minutes, hours, days or weeks."""

    def __init__(self, **kwargs: Any) -> None:
        number = forms.IntegerField(min_value=0)
        unit = forms.ChoiceField(choices=[(unit, unit) for unit in UNITS])
        kwargs.pop("encoder", None)
        super().__init__((number, unit), widget=SpanWidget(), require_all_fields=False, **kwargs)

    def compress(self, data_list: list[Any]) -> timedelta | None:
        if not data_list or data_list[0] is None:
            return None
        try:
            span: timedelta = data_list[0] * UNITS[data_list[1]]
        except (KeyError, OverflowError):
            span = LONGEST + UNITS["days"]
        if span > LONGEST:
            raise forms.ValidationError("At most ten years.")
        return span

    def clean(self, value: Any) -> Any:
        """Take a lone unit for an empty field: the list of units always says something."""
        if isinstance(value, list | tuple) and value and value[0] in (None, ""):
            value = []
        return super().clean(value)


class SequenceForm(PlainLabels, forms.ModelForm[Sequence]):
    cooldown = SpanField(
        required=True,
        initial=DAY,
        help_text="How long after one start another may follow for a contact.",
    )

    priority = forms.IntegerField(
        required=False,
        initial=0,
        min_value=0,
        max_value=32_767,
        help_text=Sequence._meta.get_field("priority").help_text,
    )

    class Meta:
        model = Sequence
        fields = (
            *("name", "slug", "status", "segment", "on_leave", "re_entry", "cooldown"),
            *("lane", "priority"),
        )

    def clean_priority(self) -> int:
        return self.cleaned_data["priority"] or 0


class StepForm(PlainLabels, forms.ModelForm[Step]):
    position = forms.IntegerField(min_value=1, required=False, help_text="Empty: after the others.")
    wait = SpanField(required=False, label="For")

    class Meta:
        model = Step
        fields = ("position", "kind", "subject", "body", "wait")
        widgets = {
            "subject": forms.TextInput(attrs={"class": "vTextField"}),
            "body": forms.Textarea(attrs={"rows": 12, "class": "vLargeTextField"}),
        }

    def clean(self) -> dict[str, Any]:
        """Keep what the kind needs, drop what the other one would."""
        data = super().clean() or self.cleaned_data
        if data.get("kind") == Step.Kind.WAIT:
            data["subject"] = data["body"] = ""
            if not data.get("wait") and "wait" not in self.errors:
                self.add_error("wait", "Say how long to wait.")
            return data
        data["wait"] = None
        for name, missing in (("subject", "An e-mail needs a subject."), ("body", "What to say?")):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, missing)
        return data


class StepFormSet(forms.BaseInlineFormSet[Step, Sequence, forms.ModelForm[Step]]):
    def clean(self) -> None:
        """Number the steps that have no position; a live sequence must have something to send."""
        kept = [form for form in self.forms if self._is_kept(form)]
        last = max((form.cleaned_data.get("position") or 0 for form in kept), default=0)
        for form in kept:
            if not form.cleaned_data.get("position"):
                last += 1
                form.cleaned_data["position"] = form.instance.position = last
        super().clean()
        positions = Counter(form.cleaned_data["position"] for form in kept)
        for position in (position for position, count in positions.items() if count > 1):
            raise forms.ValidationError(f"Two steps cannot both stand at position {position}.")
        mails = [form for form in kept if form.cleaned_data.get("kind") == Step.Kind.EMAIL]
        if self.instance.status == Sequence.Status.LIVE and not mails and not any(self.errors):
            raise forms.ValidationError("A live sequence needs at least one e-mail.")

    def _is_kept(self, form: forms.ModelForm[Step]) -> bool:
        data = getattr(form, "cleaned_data", {})
        filled = form.has_changed() or form.instance.pk is not None
        return filled and bool(data) and not data.get("DELETE", False)

    def save_existing_objects(self, commit: bool = True) -> list[Step]:  # noqa: FBT001, FBT002
        """Let steps change places: the old positions are cleared before the new are taken."""
        moved = [form for form in self.initial_forms if "position" in form.changed_data]
        for form in moved if commit else ():
            Step.objects.filter(pk=form.instance.pk).update(
                position=1_000_000 + form.instance.pk % 1_000_000
            )
        return super().save_existing_objects(commit)
