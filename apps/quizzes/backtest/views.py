"""The pages of back-tests: try the draft, see who would move, publish it, take that back.

A back-test is for whoever made it; a re-scoring is for everybody who may change quizzes.
"""

from typing import cast

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import User
from apps.quizzes import publishing
from apps.quizzes.backtest import comparing, showing
from apps.quizzes.backtest import rescoring as doing
from apps.quizzes.models import BackTest, Quiz, Rescoring
from apps.quizzes.publishing import PublishError

may_change = permission_required("quizzes.change_quiz", raise_exception=True)
IN_THE_WAY = "Errors are in the way, listed below: mend them first."
KEPT = "Responses so far keep the result they have; new respondents get the new scoring."


@require_POST
@may_change
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """Try the draft as it is saved."""
    quiz = get_object_or_404(Quiz, pk=pk)
    return _try(request, quiz)


@require_safe
@may_change
def backtest(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, "backtest", showing.context(_own(request, pk)))


@require_POST
@may_change
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish what was tried: with the old responses as they are, or re-scored."""
    row = _own(request, pk)
    if row.state != BackTest.State.DONE:
        return redirect("backtest:backtest", pk)
    if request.POST.get("responses") == "rescore":
        return _rescore(request, row)
    if request.POST.get("responses") != "keep":
        refusal = "Say what is to become of the responses there are."
        return _show(request, "backtest", {**showing.context(row), "refusal": refusal})
    return _keep(request, row)


@require_safe
@may_change
def tier_moves(request: HttpRequest, pk: int, former: str, tier: str) -> HttpResponse:
    """List the responses that would go from one tier to another, a stretch at a time."""
    row = _own(request, pk)
    line = showing.line_of_tiers(row, former, tier)
    if line is None:
        raise Http404("Nobody would move so.")
    rows = row.tier_moves.filter(former=former, tier=tier).select_related("response__contact")
    found = showing.stretch(rows, by="response", after=request.GET.get("after", ""))
    return _show(request, "tiers", {"backtest": row, "line": line, "found": found})


@require_safe
@may_change
def segment_moves(request: HttpRequest, pk: int, slug: str, way: str) -> HttpResponse:
    """List who would enter or leave a segment, a stretch at a time."""
    row = _own(request, pk)
    line = showing.line_of_segment(row, slug)
    if line is None:
        raise Http404("Nobody would move in this segment.")
    rows = row.segment_moves.filter(segment=slug, enters=way == "entering")
    found = showing.stretch(
        rows.select_related("contact"), by="contact", after=request.GET.get("after", "")
    )
    context = {"backtest": row, "line": line, "way": way, "count": line[way], "found": found}
    return _show(request, "segment", context)


@require_safe
@may_change
def rescoring(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, "rescoring", showing.of_rescoring(_rescoring(pk)))


@require_POST
@may_change
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    row = _rescoring(pk)
    try:
        doing.undo(row, by=cast("User", request.user), now=timezone.now())
    except doing.NotNow as error:
        messages.warning(request, str(error))
    else:
        _log(request, row.quiz, f"Undid the re-scoring by version {row.version.number}.")
    return redirect("backtest:rescoring", pk)


def _try(request: HttpRequest, quiz: Quiz) -> HttpResponse:
    try:
        made = comparing.order(quiz, by=cast("User", request.user), now=timezone.now())
    except PublishError:
        messages.error(request, IN_THE_WAY)
        return redirect("admin:quizzes_quiz_change", quiz.pk)
    return redirect("backtest:backtest", made.pk)


def _keep(request: HttpRequest, row: BackTest) -> HttpResponse:
    by, now = cast("User", request.user), timezone.now()
    try:
        version = publishing.publish(row.quiz, by=by, now=now, expected=row.digest)
    except publishing.Outdated as error:
        messages.warning(request, str(error))
        return _try(request, row.quiz)
    messages.success(request, f"Version {version.number} is published. {KEPT}")
    _log(request, row.quiz, f"Published version {version.number}.")
    return redirect("admin:quizzes_quiz_change", row.quiz_id)


def _rescore(request: HttpRequest, row: BackTest) -> HttpResponse:
    starts = "starts_sequences" in request.POST
    typed = request.POST.get("confirmed", "").replace(",", "").strip()
    starting = row.outcome["starting"]
    if starts and starting > showing.ASK_AGAIN_ABOVE and typed != str(starting):
        refusal = f"Type {starting} to start sequences for so many contacts."
        context = {**showing.context(row), "refusal": refusal, "rescores": True, "starts": True}
        return _show(request, "backtest", context)
    try:
        made = doing.publish(
            row.quiz,
            by=cast("User", request.user),
            now=timezone.now(),
            starts_sequences=starts,
            expected=row.digest,
        )
    except publishing.Outdated as error:
        messages.warning(request, str(error))
        return _try(request, row.quiz)
    except doing.NotNow as error:
        messages.warning(request, str(error))
        return redirect("backtest:backtest", row.pk)
    number = made.version.number
    _log(request, row.quiz, f"Published version {number} and re-scored {made.total} responses.")
    return redirect("backtest:rescoring", made.pk)


def _own(request: HttpRequest, pk: int) -> BackTest:
    rows = BackTest.objects.select_related("quiz").defer("definition")
    return get_object_or_404(rows, pk=pk, by=cast("User", request.user))


def _rescoring(pk: int) -> Rescoring:
    rows = Rescoring.objects.select_related("quiz", "version", "by", "undone_by")
    return get_object_or_404(rows.defer("version__definition"), pk=pk)


def _log(request: HttpRequest, quiz: Quiz, what: str) -> None:
    by = cast("User", request.user)
    LogEntry.objects.log_actions(by.pk, [quiz], CHANGE, what, single_object=True)


def _show(request: HttpRequest, name: str, context: dict[str, object]) -> HttpResponse:
    part = "_" if request.headers.get("HX-Request") else ""
    response = render(request, f"quizzes/backtest/{part}{name}.html", context)
    response["Vary"] = "HX-Request"
    return response
