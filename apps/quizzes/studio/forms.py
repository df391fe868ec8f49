"""The forms of a question and its parts, as the studio shows them."""

from typing import Any, cast

from django import forms
from django.forms.models import inlineformset_factory, modelform_factory

from apps.quizzes import fields as by_kind
from apps.quizzes import pictures
from apps.quizzes.definition import MANY, OFFERING, ONE, WEIGHED, Kind, plain
from apps.quizzes.forms import (
    ChoiceForm,
    EndingForm,
    KeyedFormSet,
    QuestionForm,
    QuizForm,
    RowOfMatrixForm,
    ScaleForm,
    TabularFormSet,
    TierForm,
    TierFormSet,
    choice_form,
    question_form,
)
from apps.quizzes.models import Choice, Ending, Picture, Points, Question, Quiz, Row, Scale, Tier
from apps.quizzes.studio import pasting

MOST_ROWS = 300
ABOUT = ["kind", "title", "help", "required"]
LAST = ["key", "picture_alt"]
BLOCK = {"rows": 4, "spellcheck": "false", "class": "code"}
SETTINGS = ["title", "slug", "intro", "start_label", "scoring", "bands", "hidden"]


class PictureField(forms.FileField):
    """A picture to come; cleaned to what was drawn anew, and its name."""

    def __init__(self, label: str = "Picture") -> None:
        accept = {"accept": "image/png, image/jpeg, image/webp"}
        super().__init__(label=label, required=False, widget=forms.FileInput(accept))

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if not file:
            return None
        try:
            return pictures.read(file), file.name
        except pictures.BadPicture as error:
            raise forms.ValidationError(str(error)) from None


class WithPicture(forms.ModelForm[Any]):
    """A row that a picture may stand beside."""

    picture_file = PictureField()
    without_picture = forms.BooleanField(label="Remove the picture", required=False)

    def set_picture(self) -> None:
        if self.cleaned_data.get("picture_file"):
            new, name = self.cleaned_data["picture_file"]
            self.instance.picture = pictures.fill(Picture(), new, name=name)
            self.instance.picture.save()
        elif self.cleaned_data.get("without_picture"):
            self.instance.picture = None


class StudioQuestionForm(WithPicture, QuestionForm):
    """A question with what only its kind has; its rules have pages of their own."""

    visible = None  # type: ignore[assignment]
    pasted = forms.CharField(
        label="Paste from a spreadsheet",
        required=False,
        max_length=100_000,
        strip=False,
        widget=forms.Textarea(BLOCK),
        help_text="One answer a line, then its points on each scale, with tabs between. An answer"
        " that is there already gets the new points.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines: list[pasting.Line] = []
        if Kind(self.instance.kind) not in OFFERING:
            del self.fields["pasted"]
        if "mapping" in self.fields:
            self.fields["mapping"] = MappingField(tuple(self.instance.quiz.scales.all()))
            self.initial["mapping"] = self.instance.mapping

    def clean_pasted(self) -> str:
        text = str(self.cleaned_data.get("pasted") or "")
        scales = [scale.label for scale in self.instance.quiz.scales.all()]
        try:
            self.lines = pasting.read(text, columns=scales, longest=200)
        except pasting.PasteError as error:
            raise forms.ValidationError(str(error)) from None
        return text

    def save_pasted(self) -> None:
        """Give each pasted answer its points; one that is not there yet is added."""
        scales = list(self.instance.quiz.scales.all())
        known = {choice.label.casefold(): choice for choice in self.instance.choices.all()}
        for place, line in enumerate(self.lines, start=len(known)):
            choice = known.get(line.label.casefold()) or Choice.objects.create(
                question=self.instance, label=line.label, position=place * 10
            )
            known[line.label.casefold()] = choice
            for scale, value in zip(scales, line.numbers, strict=False):
                if value is not None:
                    Points.objects.update_or_create(
                        choice=choice, scale=scale, defaults={"value": value}
                    )


class MappingField(forms.CharField):
    """Bands of a number with their points, as lines of a spreadsheet."""

    def __init__(self, scales: tuple[Scale, ...]) -> None:
        self.scales = scales
        columns = ", ".join(scale.label for scale in scales)
        super().__init__(
            label="Points by value",
            required=False,
            max_length=10_000,
            strip=False,
            widget=forms.Textarea(BLOCK),
            help_text="What a number counts in place of its value. One band a line: where it"
            f" begins, then its points ({columns}), with tabs between. A band reaches up to where"
            " the next one begins.",
        )

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        lines = ([band["from"], *self._cells(band["points"])] for band in value)
        return "\n".join("\t".join(map(str, line)) for line in lines)

    def _cells(self, points: Any) -> list[Any]:
        return [points.get(scale.key, "") for scale in self.scales]

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        columns = [scale.label for scale in self.scales]
        try:
            lines = pasting.read(text, columns=columns, longest=20)
            return [self._band(line, number) for number, line in enumerate(lines, start=1)]
        except pasting.PasteError as error:
            raise forms.ValidationError(str(error)) from None

    def _band(self, line: pasting.Line, number: int) -> dict[str, Any]:
        start = pasting.as_number(line.label, f"Line {number}")
        assert start is not None
        given = zip(self.scales, line.numbers, strict=False)
        points = {scale.key: plain(value) for scale, value in given if value is not None}
        return {"from": plain(start), "points": points}


def of_question(question: Question) -> type[StudioQuestionForm]:
    """Return the form of a question of its kind, with a weight for each scale it may count on."""
    kind = Kind(question.kind)
    scales = tuple(question.quiz.scales.all()) if kind in WEIGHED else ()
    weighted = question_form(scales)
    base = type("StudioQuestionForm", (StudioQuestionForm, weighted), {"scales": scales})
    own = by_kind.BY_KIND.get(kind, ())
    made = modelform_factory(Question, form=base, fields=[*ABOUT, *own, *LAST])
    return cast("type[StudioQuestionForm]", made)


class StudioChoiceForm(WithPicture, ChoiceForm):
    """A choice as a row of the grid."""

    def save(self, commit: bool = True) -> Choice:  # noqa: FBT001, FBT002 - Django's signature
        self.set_picture()
        return super().save(commit)


def choices_of(question: Question) -> Any:
    """Return the class of the grid of a question's choices."""
    form = choice_form(question)
    own: dict[str, Any] = {"scales": form.scales, "field_order": _columns(form)}
    if Kind(question.kind) not in {Kind.PICTURE, Kind.PICTURES}:
        own |= {"picture_file": None, "without_picture": None}
    base = type("StudioChoiceForm", (StudioChoiceForm, form), own)
    other = ["is_other"] if Kind(question.kind) in ONE | MANY else []
    return inlineformset_factory(
        Question,
        Choice,
        form=base,
        formset=TabularFormSet,
        fk_name="question",
        fields=["label", *other, "key", "position"],
        extra=1 if question.choices.exists() else 3,
        max_num=MOST_ROWS,
        absolute_max=MOST_ROWS,
    )


def _columns(form: type[ChoiceForm]) -> list[str]:
    """Return the order of the grid: what a spreadsheet has first, what is seldom needed last."""
    points = [name for name in form.base_fields if name.startswith("points_")]
    return ["label", *points, "jump", "picture_file", "without_picture", "is_other", "position"]


def rows_of(question: Question) -> Any:
    return inlineformset_factory(
        Question,
        Row,
        form=RowOfMatrixForm,
        formset=TabularFormSet,
        extra=1 if question.rows.exists() else 3,
        max_num=MOST_ROWS,
        absolute_max=MOST_ROWS,
    )


class SettingsForm(QuizForm):
    """What is told of the quiz itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.versions.exists():
            self.fields["slug"].disabled = True


def settings_form() -> type[SettingsForm]:
    made = modelform_factory(Quiz, form=SettingsForm, fields=SETTINGS)
    return cast("type[SettingsForm]", made)


def scales_of() -> Any:
    return inlineformset_factory(
        Quiz, Scale, form=ScaleForm, formset=TabularFormSet, extra=1, max_num=30, absolute_max=30
    )


class StudioTierForm(TierForm):
    """A tier with its cut-off; its override rule has a page of its own."""

    override = None  # type: ignore[assignment]


class StudioTierFormSet(TierFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "scale" in form.fields:
            form.fields["scale"].queryset = self.instance.scales.all()


def tiers_of(quiz: Quiz) -> Any:
    outcomes = quiz.scoring == Quiz.Scoring.OUTCOMES
    way = "scale" if outcomes else "starts_at"
    return inlineformset_factory(
        Quiz,
        Tier,
        form=StudioTierForm,
        formset=StudioTierFormSet,
        fields=[
            "label",
            way,
            "override_only",
            "headline",
            "body",
            "button_label",
            "button_url",
            "key",
            "position",
        ],
        extra=1,
        max_num=50,
        absolute_max=50,
    )


def endings_of() -> Any:
    return inlineformset_factory(
        Quiz, Ending, form=EndingForm, formset=KeyedFormSet, extra=1, max_num=50, absolute_max=50
    )
