"""One part of a quiz being edited: its forms, how they are checked and saved."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.models import User
from apps.quizzes import revising
from apps.quizzes.definition import OFFERING, Kind
from apps.quizzes.exchanging import written
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Question, Quiz
from apps.quizzes.revising import Part
from apps.quizzes.studio import forms


@dataclass
class Editor:
    """Forms over one part of a quiz. `place` names it in addresses, `what` in revisions."""

    quiz: Quiz
    place: str
    what: str
    address: str
    part: Part
    bound: bool
    seen: str
    form: Any = None
    grids: tuple[tuple[str, Any], ...] = ()  # title, formset
    question: Question | None = None
    refusal: str = ""

    @property
    def template(self) -> str:
        return f"quizzes/studio/{self.place}.html"

    @cached_property
    def stamp(self) -> str:
        """What the form says it has seen: the part as it is stored."""
        return revising.stamp(self.part(written(Quiz.objects.get(pk=self.quiz.pk))))

    @property
    def all_forms(self) -> Iterator[Any]:
        yield from filter(None, (self.form, *(grid for _, grid in self.grids)))

    def is_valid(self) -> bool:
        found = [form.is_valid() for form in self.all_forms]  # each says what is wrong with it
        return all(found)

    def save(self, *, by: User, now: datetime) -> bool:
        """Save; return whether that was done. Otherwise the reasons stand on the page."""
        if not self.is_valid():
            return False
        try:
            with revising.edited(
                self.quiz, by=by, now=now, what=self.what, seen=self.seen, of=self.part
            ):
                self._write()
        except revising.EditedMeanwhile as error:
            self.refusal = str(error)
            return False
        return True

    def foreseen(self) -> dict[str, Any] | None:
        """Return the draft as saving would make it, with nothing saved; None: it cannot be."""
        if not self.is_valid():
            return None
        with transaction.atomic():
            self._write()
            source = freeze(Quiz.objects.get(pk=self.quiz.pk))
            transaction.set_rollback(True)
        return source

    def _write(self) -> None:
        if self.question is not None:
            self.form.set_picture()
        if self.form is not None:
            self.form.save()
        for _, grid in self.grids:
            grid.save()
        if self.question is not None:
            self.form.save_weights()
            self.form.save_pasted()

    @classmethod
    def of_question(cls, request: HttpRequest, question: Question) -> Self:
        kind = Kind(question.kind)
        made = cls(
            **_asked(request, question.quiz),
            place="question",
            what=f"Edited “{question.title[:150]}”",
            address=reverse("studio:question", args=[question.quiz_id, question.pk]),
            part=revising.of_question(question.key),
            question=question,
        )
        with_files = {**_data(request), "files": request.FILES if made.bound else None}
        made.form = forms.of_question(question)(**with_files, instance=question)
        grids = []
        if kind is Kind.MATRIX:
            grids.append(("Rows", forms.rows_of(question)(**_data(request), instance=question)))
        if kind in OFFERING:
            title = "Columns" if kind is Kind.MATRIX else "Answers"
            made_grid = forms.choices_of(question)(
                **with_files,
                instance=question,
                queryset=question.choices.prefetch_related("points"),
            )
            grids.append((title, made_grid))
        made.grids = tuple(grids)
        return made

    @classmethod
    def of_settings(cls, request: HttpRequest, quiz: Quiz) -> Self:
        made = cls(
            **_asked(request, quiz),
            place="settings",
            what="Edited the settings",
            address=reverse("studio:settings", args=[quiz.pk]),
            part=revising.about,
        )
        made.form = forms.settings_form()(**_data(request), instance=quiz)
        made.grids = (("Scales", forms.scales_of()(**_data(request), instance=quiz)),)
        return made

    @classmethod
    def of_tiers(cls, request: HttpRequest, quiz: Quiz) -> Self:
        return cls._of_list(request, quiz, "tiers", forms.tiers_of(quiz))

    @classmethod
    def of_endings(cls, request: HttpRequest, quiz: Quiz) -> Self:
        return cls._of_list(request, quiz, "endings", forms.endings_of())

    @classmethod
    def _of_list(
        cls, request: HttpRequest, quiz: Quiz, name: str, grid: Callable[..., Any]
    ) -> Self:
        return cls(
            **_asked(request, quiz),
            place=name,
            what=f"Edited the {name}",
            address=reverse(f"studio:{name}", args=[quiz.pk]),
            part=revising.part(name),
            grids=((name.capitalize(), grid(**_data(request), instance=quiz)),),
        )


def _asked(request: HttpRequest, quiz: Quiz) -> dict[str, Any]:
    bound = request.method == "POST"
    return {"quiz": quiz, "bound": bound, "seen": request.POST.get("seen", "") if bound else ""}


def _data(request: HttpRequest) -> dict[str, Any]:
    return {"data": request.POST if request.method == "POST" else None}
