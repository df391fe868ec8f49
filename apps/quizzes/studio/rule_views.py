"""The pages on which the rules of a quiz are written."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User
from apps.quizzes import arranging, revising
from apps.quizzes.models import Jump, Question, Tier
from apps.quizzes.studio import frame, rules
from apps.quizzes.studio.rules import RuleEditor, Target
from apps.quizzes.studio.views import may_write


@require_http_methods(["GET", "HEAD", "POST"])
@may_write
def shown_if(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    return _edit(request, rules.shown_if(_question(pk, question)))


@require_http_methods(["GET", "HEAD", "POST"])
@may_write
def jump(request: HttpRequest, pk: int, question: int, jump: int | None = None) -> HttpResponse:
    row = _question(pk, question)
    if jump is not None:
        found = get_object_or_404(row.jumps.select_related("question__quiz"), pk=jump)
        return _edit(request, rules.of_jump(found))
    if row.jumps.count() >= rules.MOST_JUMPS:
        messages.error(request, f"A question has at most {rules.MOST_JUMPS} jumps.")
        return redirect("studio:question", pk, question)
    return _edit(request, rules.of_jump(Jump(question=row, position=arranging.last_jump(row) + 10)))


@require_http_methods(["GET", "HEAD", "POST"])
@may_write
def override(request: HttpRequest, pk: int, tier: int) -> HttpResponse:
    row = get_object_or_404(Tier.objects.select_related("quiz"), quiz=pk, pk=tier)
    return _edit(request, rules.override(row))


@require_POST
@may_write
def arrange(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    """Move or remove a jump: `do` is up-3, down-3 or remove-3."""
    row = _question(pk, question)
    act, _, number = request.POST.get("do", "").partition("-")
    plain = number.isascii() and number.isdigit() and len(number) < 19
    found = get_object_or_404(row.jumps, pk=int(number) if plain else 0)
    user, now = cast("User", request.user), timezone.now()
    with revising.edited(row.quiz, by=user, now=now, what=f"Jumps of “{row.title[:150]}”"):
        if act == "remove":
            found.delete()
        elif act in {"up", "down"}:
            arranging.move_jump(found, by=-1 if act == "up" else 1)
    return redirect(reverse("studio:question", args=[pk, question]) + "#ways")


def _question(pk: int, question: int) -> Question:
    return get_object_or_404(Question.objects.select_related("quiz"), quiz=pk, pk=question)


def _edit(request: HttpRequest, target: Target) -> HttpResponse:
    """Show the builder, whole page or part; a POST changes the rule, saves it or removes it."""
    user, now = cast("User", request.user), timezone.now()
    posted = request.POST if request.method == "POST" else None
    editor = RuleEditor(target, posted, address=request.path)
    is_htmx = bool(request.headers.get("HX-Request"))
    if editor.asks_to_save and editor.save(by=user, now=now):
        messages.success(request, "Saved.")
        if is_htmx:
            return HttpResponse(headers={"HX-Redirect": target.back})
        return redirect(target.back)
    context = editor.context()
    if not is_htmx:
        context = frame.frame(target.quiz, place="rule", user=user, now=now) | context
    template = "quizzes/studio/_rule.html" if is_htmx else "quizzes/studio/rule.html"
    response = render(request, template, {**context, "quiz": target.quiz})
    response["Vary"] = "HX-Request"
    return response
