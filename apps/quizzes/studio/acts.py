"""What a button of the studio does: add, move, copy, remove, publish, return."""

from typing import cast

from django.contrib import messages
from django.db.models import RestrictedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import User
from apps.quizzes import arranging, publishing, revising
from apps.quizzes.definition import Kind
from apps.quizzes.exchanging import written
from apps.quizzes.models import Question, Quiz
from apps.quizzes.studio import beginning, frame
from apps.quizzes.studio.views import GONE, may_write

MOST_QUESTIONS = 200
SHOWN_REVISIONS = 100


@require_POST
@may_write
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a question of a kind behind the one that was open, or at the end."""
    quiz = get_object_or_404(Quiz, pk=pk)
    wanted = request.POST.get("kind", "")
    if wanted not in Question.Kind.values:
        messages.error(request, "There is no such kind of question.")
        return redirect("studio:studio", pk)
    if quiz.questions.count() >= MOST_QUESTIONS:
        messages.error(request, f"A quiz has at most {MOST_QUESTIONS} questions.")
        return redirect("studio:studio", pk)
    kind = Kind(wanted)
    user, now = cast("User", request.user), timezone.now()
    with revising.edited(quiz, by=user, now=now, what=f"Added a question: {kind.value}"):
        after = _number(request.POST.get("after", ""))
        row = arranging.add(quiz, beginning.spec(kind, quiz), after=after)
    return redirect("studio:question", pk, row.pk)


@require_POST
@may_write
def arrange(request: HttpRequest, pk: int) -> HttpResponse:
    """Move, copy or remove a question (`do` is up-3, down-3, copy-3, remove-3), or order all."""
    quiz = get_object_or_404(Quiz, pk=pk)
    act, _, number = request.POST.get("do", "").partition("-")
    row = quiz.questions.filter(pk=_number(number)).first()
    if row is None and act != "order":
        messages.error(request, GONE)
        return redirect("studio:studio", pk)
    shown = _number(request.POST.get("open", ""))
    user, now = cast("User", request.user), timezone.now()
    with revising.edited(quiz, by=user, now=now, what=_what(act, row)):
        match act, row:
            case (("up" | "down"), Question()):
                arranging.move(row, by=-1 if act == "up" else 1)
            case "copy", Question() if quiz.questions.count() < MOST_QUESTIONS:
                shown = arranging.copy(row).pk
            case "remove", Question():
                shown = _removed(request, row) or shown
            case "order", _:
                wanted = map(_number, request.POST.get("order", "")[:4000].split(","))
                arranging.order(quiz, list(wanted))
            case _:
                pass
    if quiz.questions.filter(pk=shown).exists():
        return redirect("studio:question", pk, shown)
    return redirect("studio:studio", pk)


def _removed(request: HttpRequest, row: Question) -> int:
    """Remove a question unless something leads to it; return the one to show then, 0: any."""
    try:
        arranging.remove(row)
    except RestrictedError:
        messages.error(
            request,
            f"“{row.title}” was not removed: a jump of another question leads to it. Let that"
            " lead elsewhere first.",
        )
        return row.pk
    messages.success(request, f"“{row.title}” is removed. Under Revisions you can have it back.")
    return 0


def _what(act: str, row: Question | None) -> str:
    title = f"“{row.title[:150]}”" if row else ""
    words = {"up": "Moved", "down": "Moved", "copy": "Copied", "remove": "Removed"}
    return f"{words[act]} {title}" if act in words else "Put the questions in order"


@require_POST
@may_write
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish the draft, if it is still what was seen, or say what is in the way."""
    quiz = get_object_or_404(Quiz, pk=pk)
    if request.POST.get("seen") != revising.stamp(written(quiz)):
        text = "Not published: the draft was edited meanwhile. Look at it as it is now, here."
        messages.error(request, text)
        return redirect("studio:studio", pk)
    try:
        version = publishing.publish(quiz, by=cast("User", request.user), now=timezone.now())
    except publishing.PublishError as error:
        count = len(error.problems)
        noun = "error is" if count == 1 else "errors are"
        messages.error(request, f"Not published: {count} {noun} in the way, listed below.")
    else:
        text = f"Version {version.number} is published. New respondents take it from now on;"
        messages.success(request, f"{text} whoever has begun stays on the version they began.")
    return redirect("studio:studio", pk)


@require_safe
@may_write
def revisions(request: HttpRequest, pk: int) -> HttpResponse:
    quiz = get_object_or_404(Quiz, pk=pk)
    user, now = cast("User", request.user), timezone.now()
    kept = quiz.draft_revisions.select_related("by").defer("draft")[:SHOWN_REVISIONS]
    context = frame.frame(quiz, place="revisions", user=user, now=now)
    return render(request, "quizzes/studio/revisions.html", {**context, "revisions": list(kept)})


@require_POST
@may_write
def return_to(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    quiz = get_object_or_404(Quiz, pk=pk)
    revision = get_object_or_404(quiz.draft_revisions, number=number)
    revising.return_to(revision, by=cast("User", request.user), now=timezone.now())
    messages.success(request, f"The draft is again as it was at revision {number}.")
    return redirect("studio:revisions", pk)


def _number(text: str) -> int:
    plain = text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if plain else 0
