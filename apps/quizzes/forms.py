"""The forms authors write quizzes in: keys derived, points by scale, jumps to later questions."""

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat
from django.forms.models import BaseInlineFormSet

from apps.core.forms import PlainLabels
from apps.quizzes import overrides
from apps.quizzes.definition import load, plain
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Choice, Points, Question, Quiz, Response, Scale, Tier, Weight
from apps.quizzes.naming import free_key
from apps.rules.codec import dumps
from apps.rules.errors import RuleError

END = "end"
SMALL = {"class": "vSmallField", "size": 6}


class QuizForm(PlainLabels, forms.ModelForm[Quiz]):
    def clean_status(self) -> str:
        status = str(self.cleaned_data["status"])
        published = self.instance.pk and self.instance.versions.exists()
        if status == Quiz.Status.OPEN and not published:
            raise forms.ValidationError("Publishing opens it: there is no version to take yet.")
        if status == Quiz.Status.DRAFT and published:
            raise forms.ValidationError("It is published already: close it to stop new responses.")
        return status


class ReceiptForm(PlainLabels, forms.ModelForm[Response]):
    """A response is shown, never written."""

    class Meta:
        model = Response
        fields = ()


class KeyedFormSet(BaseInlineFormSet[Any, Any, Any]):
    """Rows with a key each: a blank one is made from the label, a blank position from the order."""

    def clean(self) -> None:
        rows = [form for form in self.forms if self._stays(form)]
        taken = {form.cleaned_data.get("key") for form in rows}
        for place, form in enumerate(rows):
            if not form.cleaned_data.get("key"):
                words = form.cleaned_data.get("label") or ""
                key = free_key(words, taken=taken, fallback="key")
                form.cleaned_data["key"] = form.instance.key = key
                taken.add(key)
            if form.cleaned_data.get("position") is None:
                form.cleaned_data["position"] = form.instance.position = place * 10
        super().clean()

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """Save; first set aside what must be unique, so that two rows may trade places."""
        changed = [form.instance.pk for form in self.initial_forms if form.has_changed()]
        if commit and changed:
            self._set_aside(self.get_queryset().model._default_manager.filter(pk__in=changed))
        return super().save(commit)

    def _set_aside(self, rows: models.QuerySet[Any]) -> None:
        rows.update(key=Concat(Value("~"), Cast(F("pk"), models.CharField())))

    def _stays(self, form: Any) -> bool:
        data: dict[str, Any] = getattr(form, "cleaned_data", None) or {}
        kept = bool(data) and not data.get("DELETE")
        return kept and bool(form.has_changed() or form.instance.pk)


class TabularFormSet(KeyedFormSet):
    """Rows of a table: the heads of its columns are no labels, so each field names itself."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        row = "new row" if index is None else f"row {index + 1}"
        for name, field in form.fields.items():
            label = field.label or name.capitalize()
            field.widget.attrs.setdefault("aria-label", f"{label}, {row}")


class TierFormSet(KeyedFormSet):
    def _set_aside(self, rows: models.QuerySet[Any]) -> None:
        super()._set_aside(rows)
        rows.update(starts_at=None, scale=None, override_only=True)


class RowForm(PlainLabels, forms.ModelForm[Any]):
    """A row of a list; its position may stay blank."""

    position = forms.IntegerField(
        required=False, min_value=0, max_value=100_000, widget=forms.NumberInput(SMALL)
    )


class ScaleForm(RowForm):
    class Meta:
        model = Scale
        fields = ["label", "key", "position"]


class TierForm(RowForm):
    override = forms.CharField(
        label="Override rule",
        required=False,
        strip=True,
        widget=forms.Textarea({"rows": 3, "class": "vLargeTextField", "spellcheck": "false"}),
        help_text=Tier._meta.get_field("override").help_text,
    )

    class Meta:
        model = Tier
        fields = [
            "label",
            "key",
            "position",
            "starts_at",
            "scale",
            "headline",
            "body",
            "button_label",
            "button_url",
            "override",
            "override_only",
        ]
        widgets = {"body": forms.Textarea({"rows": 5, "class": "vLargeTextField"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule, start = self.instance.override, self.instance.starts_at
        self.initial["starts_at"] = None if start is None else plain(start)
        self.initial["override"] = "" if rule is None else json.dumps(rule, ensure_ascii=False)

    def clean_override(self) -> dict[str, object] | None:
        text = self.cleaned_data["override"]
        if not text:
            return None
        try:
            return dumps(overrides.parse(text, load(freeze(self.instance.quiz))))
        except RuleError as error:
            raise forms.ValidationError(str(error)) from None


class QuestionForm(PlainLabels, forms.ModelForm[Question]):
    """A question with, where its value counts, a weight for each scale of its quiz."""

    scales: tuple[Scale, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("minimum", "maximum", "step"):
            if self.initial.get(name) is not None:
                self.initial[name] = plain(self.initial[name])
        found = self.instance.weights.all() if self.instance.pk else ()
        for weight in found:
            self.initial[f"weight_{weight.scale_id}"] = plain(weight.value)

    def save_weights(self) -> None:
        for scale in self.scales:
            value = self.cleaned_data.get(f"weight_{scale.pk}")
            if value:
                Weight.objects.update_or_create(
                    question=self.instance, scale=scale, defaults={"value": value}
                )
            elif f"weight_{scale.pk}" in self.cleaned_data:
                Weight.objects.filter(question=self.instance, scale=scale).delete()


class ChoiceForm(RowForm):
    """A choice with its points on each scale, and where picking it leads."""

    scales: tuple[Scale, ...] = ()

    class Meta:
        model = Choice
        fields = ["label", "key", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.instance
        if choice.pk is None:
            return
        for points in choice.points.all():
            self.initial[f"points_{points.scale_id}"] = plain(points.value)
        self.initial["jump"] = END if choice.jump_to_end else str(choice.jump_to_id or "")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if "jump" in cleaned:
            jump = cleaned["jump"]
            self.instance.jump_to_end = jump == END
            self.instance.jump_to_id = int(jump) if jump and jump != END else None
        return cleaned

    def save(self, commit: bool = True) -> Choice:  # noqa: FBT001, FBT002 - Django's signature
        choice: Choice = super().save(commit)
        for scale in self.scales if commit else ():
            value = self.cleaned_data.get(f"points_{scale.pk}")
            if value:
                Points.objects.update_or_create(
                    choice=choice, scale=scale, defaults={"value": value}
                )
            else:
                Points.objects.filter(choice=choice, scale=scale).delete()
        return choice


def question_form(scales: tuple[Scale, ...]) -> type[QuestionForm]:
    """Return the form with a weight for each of these scales."""
    fields = {
        f"weight_{scale.pk}": _number(
            f"Counts on {scale.label}",
            "The value times this is added to the scale (1: as it is; blank: it does not count).",
        )
        for scale in scales
    }
    return type("QuestionForm", (QuestionForm,), {**fields, "scales": scales})


def choice_form(question: Question) -> type[ChoiceForm]:
    """Return the form with points for each scale and jumps to the questions that come later."""
    scales = tuple(question.quiz.scales.all())
    fields: dict[str, Any] = {
        f"points_{scale.pk}": _number(f"Points: {scale.label}") for scale in scales
    }
    if question.kind == Question.Kind.SINGLE:
        fields["jump"] = forms.ChoiceField(
            label="Leads to", required=False, choices=_jumps(question)
        )
    return type("ChoiceForm", (ChoiceForm,), {**fields, "scales": scales})


def _jumps(question: Question) -> list[tuple[str, str]]:
    ordered = list(question.quiz.questions.all())
    later = ordered[ordered.index(question) + 1 :]
    targets = {one.pk: str(one) for one in later}
    for choice in question.choices.select_related("jump_to"):  # one that has become wrong stays
        if choice.jump_to and choice.jump_to_id not in targets:
            targets[choice.jump_to.pk] = f"{choice.jump_to} (not later!)"
    return [
        ("", "the next question"),
        *((str(pk), title) for pk, title in targets.items()),
        (END, "the end"),
    ]


def _number(label: str, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        help_text=help_text,
        required=False,
        max_digits=8,
        decimal_places=2,
        min_value=Decimal(-100_000),
        max_value=Decimal(100_000),
        widget=forms.NumberInput({**SMALL, "step": "any"}),
    )
