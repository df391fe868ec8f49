"""The pages of the studio. GET shows a part being edited; POST saves it, or looks ahead."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.models import User
from apps.quizzes import previewing
from apps.quizzes.definition import load
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Question, Quiz
from apps.quizzes.proving import prove
from apps.quizzes.studio import frame, rules
from apps.quizzes.studio.editors import Editor

may_write = permission_required("quizzes.change_quiz", raise_exception=True)
GONE = "This question is not there any more: somebody has removed it meanwhile."


@require_safe
@may_write
def studio(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to the first question, or where there is none to the settings."""
    quiz = get_object_or_404(Quiz, pk=pk)
    first = quiz.questions.first()
    if first is None:
        return redirect("studio:settings", pk)
    return redirect("studio:question", pk, first.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@may_write
def question(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    quiz = get_object_or_404(Quiz, pk=pk)
    row = quiz.questions.filter(pk=question).first()
    if row is None:
        messages.error(request, GONE)
        return redirect("studio:studio", pk)
    row.quiz = quiz
    return _page(request, Editor.of_question(request, row))


@require_http_methods(["GET", "HEAD", "POST"])
@may_write
def settings(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, Editor.of_settings(request, get_object_or_404(Quiz, pk=pk)))


@require_http_methods(["GET", "HEAD", "POST"])
@may_write
def tiers(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, Editor.of_tiers(request, get_object_or_404(Quiz, pk=pk)))


@require_http_methods(["GET", "HEAD", "POST"])
@may_write
def endings(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, Editor.of_endings(request, get_object_or_404(Quiz, pk=pk)))


def _page(request: HttpRequest, editor: Editor) -> HttpResponse:
    user, now = cast("User", request.user), timezone.now()
    if editor.bound and request.POST.get("ask") == "proof":
        return _looked_ahead(request, editor)
    if editor.bound and editor.save(by=user, now=now):
        messages.success(request, "Saved.")
        return redirect(editor.address)
    asked = editor.question.pk if editor.question else 0
    stored = get_object_or_404(Quiz, pk=editor.quiz.pk)
    context = frame.frame(stored, place=editor.place, user=user, now=now, question=asked)
    context |= {"editor": editor, **_ways(editor)}
    return render(request, editor.template, context, status=_status(editor))


def _status(editor: Editor) -> int:
    if editor.refusal:
        return 409
    return 422 if editor.bound else 200


def _ways(editor: Editor) -> dict[str, Any]:
    """Return the rules that belong to what is edited, as sentences."""
    if editor.question is not None:
        row = Question.objects.select_related("quiz").get(pk=editor.question.pk)
        return rules.of_question(row)
    return rules.of_tiers(editor.quiz) if editor.place == "tiers" else {}


def _looked_ahead(request: HttpRequest, editor: Editor) -> HttpResponse:
    """Answer with the proof of what is typed, and the preview where that changes it."""
    user, now = cast("User", request.user), timezone.now()
    asked = editor.question.pk if editor.question else 0
    source = editor.foreseen()
    if source is None:
        context: dict[str, Any] = {"unfinished": True, "quiz": editor.quiz}
        return render(request, "quizzes/studio/_proof.html", context)
    quiz = Quiz.objects.get(pk=editor.quiz.pk)
    proof = prove(load(source))
    token = ""
    if not proof.errors:
        token = previewing.begin(quiz, source, by=user, now=now, question=asked)
    context = frame.side(quiz, source, proof=proof, token=token or previewing.PREFIX)
    context["afresh"] = context["shown"] != request.POST.get("shown")
    context["typed"] = source != freeze(quiz)
    return render(request, "quizzes/studio/_looked_ahead.html", context)
