"""The parts of quizzes and questions that are edited on their pages, row by row."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from apps.quizzes.definition import MANY, ONE, Kind
from apps.quizzes.forms import (
    ChoiceForm,
    EndingForm,
    JumpForm,
    JumpFormSet,
    KeyedFormSet,
    RowOfMatrixForm,
    ScaleForm,
    TabularFormSet,
    TierForm,
    TierFormSet,
    choice_form,
)
from apps.quizzes.models import Choice, Ending, Jump, Question, Quiz, Row, Scale, Tier

OTHERS = {kind.value for kind in ONE | MANY}
PICTURED = {Kind.PICTURE.value, Kind.PICTURES.value}


class ScaleInline(admin.TabularInline[Scale, Quiz]):
    model = Scale
    form = ScaleForm
    formset = TabularFormSet
    fields = ("label", "key", "method", "position")
    extra = 0


class TierInline(admin.StackedInline[Tier, Quiz]):
    model = Tier
    form = TierForm
    formset = TierFormSet
    extra = 0

    def get_fieldsets(self, request: HttpRequest, obj: Quiz | None = None) -> Any:
        outcomes = obj is not None and obj.scoring == Quiz.Scoring.OUTCOMES
        return [
            (
                None,
                {"fields": (("label", "scale" if outcomes else "starts_at"), ("key", "position"))},
            ),
            (
                "Result page",
                {"fields": ("headline", "body", "picture", ("button_label", "button_url"))},
            ),
            ("Override", {"classes": ("collapse",), "fields": ("override", "override_only")}),
        ]

    def get_formset(self, request: HttpRequest, obj: Quiz | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        scale = formset.form.base_fields.get("scale")
        if obj is not None and isinstance(scale, ModelChoiceField):
            scale.queryset = obj.scales.all()
        return formset


class EndingInline(admin.StackedInline[Ending, Quiz]):
    model = Ending
    form = EndingForm
    formset = KeyedFormSet
    extra = 0
    fields = (
        ("label", "is_default"),
        ("key", "position"),
        "headline",
        "body",
        "picture",
        ("button_label", "button_url"),
    )


class ChoiceInline(admin.TabularInline[Choice, Question]):
    model = Choice
    form = ChoiceForm
    formset = TabularFormSet
    fk_name = "question"

    def get_extra(self, request: HttpRequest, obj: Question | None = None, **kwargs: Any) -> int:
        return 1 if obj is not None and obj.choices.exists() else 4

    def get_queryset(self, request: HttpRequest) -> QuerySet[Choice]:
        return super().get_queryset(request).prefetch_related("points")

    def get_formset(self, request: HttpRequest, obj: Question | None = None, **kwargs: Any) -> Any:
        assert obj is not None
        return super().get_formset(request, obj, **{**kwargs, "form": choice_form(obj)})

    def get_fields(self, request: HttpRequest, obj: Question | None = None) -> Any:
        assert obj is not None
        own = [
            name for name in choice_form(obj).base_fields if name.startswith(("points_", "jump"))
        ]
        other = ["is_other"] if obj.kind in OTHERS else []
        shown = ["picture"] if obj.kind in PICTURED else []
        return ["label", *shown, *own, *other, "key", "position"]


class RowInline(admin.TabularInline[Row, Question]):
    model = Row
    form = RowOfMatrixForm
    formset = TabularFormSet
    fields = ("label", "reversed", "key", "position")

    def get_extra(self, request: HttpRequest, obj: Question | None = None, **kwargs: Any) -> int:
        return 1 if obj is not None and obj.rows.exists() else 4


class JumpInline(admin.TabularInline[Jump, Question]):
    model = Jump
    form = JumpForm
    formset = JumpFormSet
    fk_name = "question"
    fields = ("rule", "to", "ending", "position")
    extra = 0

    def get_formset(self, request: HttpRequest, obj: Question | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        assert obj is not None
        for name in ("to", "ending"):
            field = formset.form.base_fields[name]
            if isinstance(field, ModelChoiceField):
                of_quiz = obj.quiz.questions if name == "to" else obj.quiz.endings
                field.queryset = of_quiz.all()
        return formset
