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
from apps.quizzes import conditions, pictures
from apps.quizzes.definition import ONE, Kind, load, plain
from apps.quizzes.freezing import freeze
from apps.quizzes.models import (
    Choice,
    Ending,
    Jump,
    Points,
    Question,
    Quiz,
    Response,
    Row,
    Scale,
    Tier,
    Weight,
)
from apps.quizzes.models.quiz import check_hidden
from apps.quizzes.naming import free_key
from apps.quizzes.theme_form import ThemeForm
from apps.rules.codec import dumps
from apps.rules.errors import RuleError

END = "end"
HALVES = ("date", "time")  # a moment is written in two fields
SMALL = {"class": "vSmallField", "size": 6}


class QuizForm(ThemeForm):
    hidden = forms.CharField(
        label="Hidden fields",
        required=False,
        help_text="Names that may come with the address, such as plan in ?plan=pro, with commas"
        " between them; utm_source and its like always may.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["hidden"] = ", ".join(self.instance.hidden)
        if "bands" in self.fields:
            self.fields["bands"].required = False
        for name in {"opens_at", "closes_at"} & set(self.fields):
            field = self.fields[name]
            for widget, part in zip(getattr(field.widget, "widgets", ()), HALVES, strict=False):
                widget.attrs["aria-label"] = f"{field.label}: {part}"

    def clean_hidden(self) -> list[str]:
        text = str(self.cleaned_data["hidden"])
        names = [name.strip() for name in text.split(",") if name.strip()]
        check_hidden(names)
        return names

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


class JumpFormSet(BaseInlineFormSet[Any, Any, Any]):
    """Jumps in the order they are listed, where they do not say their position."""

    def clean(self) -> None:
        for place, form in enumerate(self.forms):
            data = getattr(form, "cleaned_data", None) or {}
            if data and data.get("position") is None:
                data["position"] = form.instance.position = place * 10
        super().clean()


class TierFormSet(KeyedFormSet):
    def _set_aside(self, rows: models.QuerySet[Any]) -> None:
        super()._set_aside(rows)
        rows.update(starts_at=None, scale=None, override_only=True)


class PicksPictures(PlainLabels, forms.ModelForm[Any]):
    """A form that offers the newest pictures, where it has a field for one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("picture")
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = pictures.newest(keep=self.instance.picture_id)


class RowForm(PicksPictures):
    """A row of a list; its position may stay blank."""

    position = forms.IntegerField(
        required=False, min_value=0, max_value=100_000, widget=forms.NumberInput(SMALL)
    )


class ScaleForm(RowForm):
    class Meta:
        model = Scale
        fields = ["label", "key", "method", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].required = False


class RowOfMatrixForm(RowForm):
    class Meta:
        model = Row
        fields = ["label", "reversed", "key", "position"]


class EndingForm(RowForm):
    class Meta:
        model = Ending
        fields = [
            "label",
            "is_default",
            "key",
            "position",
            "headline",
            "body",
            "picture",
            "button_label",
            "button_url",
        ]
        widgets = {"body": forms.Textarea({"rows": 5, "class": "vLargeTextField"})}


class RuleField(forms.CharField):
    """A rule as its JSON; `quiz` is set by the form before it is read."""

    quiz: Quiz

    def __init__(self, *, label: str, help_text: str = "") -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=False,
            widget=forms.Textarea({"rows": 2, "class": "vLargeTextField", "spellcheck": "false"}),
        )

    def clean(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return dumps(conditions.parse(text, load(freeze(self.quiz))))
        except RuleError as error:
            raise forms.ValidationError(str(error)) from None


def as_text(rule: object) -> str:
    return "" if rule is None else json.dumps(rule, ensure_ascii=False)


class JumpForm(PlainLabels, forms.ModelForm[Jump]):
    """Where a rule leads; with neither question nor ending, to the end."""

    rule = RuleField(label="If (blank: always)")
    position = forms.IntegerField(
        required=False, min_value=0, max_value=100_000, widget=forms.NumberInput(SMALL)
    )

    class Meta:
        model = Jump
        fields = ["rule", "to", "ending", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["rule"] = as_text(self.instance.rule)
        if self.instance.question_id:
            self.fields["rule"].quiz = self.instance.question.quiz  # type: ignore[attr-defined]


class TierForm(RowForm):
    override = RuleField(
        label="Override rule", help_text=str(Tier._meta.get_field("override").help_text)
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
            "picture",
            "button_label",
            "button_url",
            "override",
            "override_only",
        ]
        widgets = {"body": forms.Textarea({"rows": 5, "class": "vLargeTextField"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        start = self.instance.starts_at
        self.initial["starts_at"] = None if start is None else plain(start)
        self.initial["override"] = as_text(self.instance.override)
        if self.instance.quiz_id and "override" in self.fields:
            self.fields["override"].quiz = self.instance.quiz  # type: ignore[attr-defined]


class QuestionForm(PicksPictures):
    """A question with, where its value counts, a weight for each scale of its quiz."""

    scales: tuple[Scale, ...] = ()
    visible = RuleField(
        label="Shown if", help_text=str(Question._meta.get_field("visible").help_text)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["visible"] = as_text(self.instance.visible)
        if "order" in self.fields:
            self.fields["order"].required = False
        if "visible" in self.fields and self.instance.quiz_id:
            self.fields["visible"].quiz = self.instance.quiz  # type: ignore[attr-defined]
        for name in ("minimum", "maximum", "step"):
            if self.initial.get(name) is not None:
                self.initial[name] = plain(self.initial[name])
        found = self.instance.weights.all() if self.instance.pk else ()
        for weight in found:
            self.initial[f"weight_{weight.scale_id}"] = plain(weight.value)

    def clean_mapping(self) -> Any:
        return self.cleaned_data.get("mapping") or []

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
        fields = ["label", "picture", "is_other", "key", "position"]

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
            if value is not None:
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
    if Kind(question.kind) in ONE:
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
