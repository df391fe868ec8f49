"""The respondent's pages. No session, no cookie: the token in the address is all there is."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.middleware import HtmxDetails

from apps.core import failures, ratelimit
from apps.quizzes import (
    branching,
    definition,
    opening,
    piping,
    previewing,
    results,
    screens,
    sharing,
    taking,
)
from apps.quizzes.answers import AnswerError
from apps.quizzes.conditions import hidden_names
from apps.quizzes.definition import Definition, Kind, Question
from apps.quizzes.holding import Rows, said
from apps.quizzes.models import Picture, Quiz, Response
from apps.quizzes.screens import Screen, screen


class Request(HttpRequest):
    htmx: HtmxDetails


View = Callable[..., HttpResponse]
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
MAX_REVISION = 2**31 - 1


def respondent_page(view: View) -> View:
    """Let no cache or referrer keep the token, and answer what cannot be done with its page."""

    @wraps(view)
    def page(request: Request, **kwargs: Any) -> HttpResponse:
        trial = previewing.is_token(kwargs.get("token", ""))
        try:
            response = _tried_out(view, request, **kwargs) if trial else view(request, **kwargs)
        except (taking.UnknownToken, taking.UnknownQuestion) as error:
            raise Http404(str(error)) from None
        except taking.BadHidden as error:
            raise BadRequest(str(error)) from None
        except taking.Conflict as error:
            response = _whole_page(request, "409.html", {"why": str(error)}, status=409)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        patch_vary_headers(response, ["HX-Request"])
        return previewing.framed(response) if trial else response

    return page


def _tried_out(view: View, request: Request, **kwargs: Any) -> HttpResponse:
    """Answer within an author's trial of a draft: the same view, and nothing stays of it."""
    now = timezone.now()
    with previewing.played(kwargs["token"], now=now):
        response = view(request, **kwargs)
    if request.method == "POST" and response.status_code in {200, 303}:
        file = request.FILES.get("file")
        name = str(file.name) if isinstance(file, UploadedFile) else ""
        previewing.keep(kwargs["token"], kwargs["key"], _form(request), file=name, now=now)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@respondent_page
def front(request: Request, *, slug: str) -> HttpResponse:
    """Show what the quiz is about; POST starts a response."""
    quiz = get_object_or_404(Quiz, slug=slug)
    version = quiz.versions.defer("definition").first()
    if version is None:
        raise Http404("This quiz is not published.")
    shown = definition.of_version(version)
    now = timezone.now()
    why = opening.closed(quiz, now=now)
    if why is not None:
        return _closed(request, quiz, why, theme=shown.theme_address)
    if request.method == "POST":
        if not ratelimit.allowed(request, bucket="start", per_minute=settings.STARTS_PER_MINUTE):
            return _whole_page(request, "429.html", {}, status=429)
        form = _form(request)
        hidden = {name: texts[-1] for name, texts in form.items() if texts}
        response, token = taking.start(quiz, now=now, hidden=hidden)
        return _see(_place_url(response, token))
    names = hidden_names(shown)
    hidden = {name: request.GET[name] for name in names if request.GET.get(name)}
    fit = {name: text for name, text in hidden.items() if taking.is_kept(text)}
    context = {"quiz": piping.front(shown, fit), "hidden": hidden, "theme": shown.theme_address}
    return render(request, "quizzes/front.html", context)


@require_safe
@respondent_page
def resume(request: Request, *, token: str) -> HttpResponse:
    """Lead to the first question without an answer, or to the result."""
    response = taking.find(token)
    return redirect(_place_url(response, token))


@require_http_methods(["GET", "HEAD", "POST"])
@respondent_page
def question(request: Request, *, token: str, key: str) -> HttpResponse:
    if request.method == "POST":
        return _answer(request, token, key)
    response = taking.find(token)
    quiz = definition.of(response)
    asked = quiz.question(key)
    if asked is None:
        raise taking.UnknownQuestion("This quiz has no such question.")
    rows = said(response)
    if response.is_finished or key not in branching.path(quiz, _values(rows), response.hidden):
        return redirect(_place_url(response, token))
    return _show(request, token, response, asked, rows)


@require_safe
@respondent_page
def result(request: Request, *, token: str) -> HttpResponse:
    response = taking.find(token)
    if not response.is_finished:
        return redirect(_place_url(response, token))
    return _show_result(request, response, token)


@require_safe
def picture(request: Request, *, token: str) -> HttpResponse:
    """Show a picture of a quiz; it never changes, so it may be kept."""
    found = get_object_or_404(Picture.objects.defer(None), token=token)
    return HttpResponse(
        bytes(found.data),
        content_type=found.type,
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


def _closed(request: Request, quiz: Quiz, why: opening.Closed, *, theme: str) -> HttpResponse:
    status = 403 if why.opens_at else 410
    context = {"quiz": quiz, "why": why, "theme": theme}
    return _whole_page(request, "quizzes/closed.html", context, status=status)


def _answer(request: Request, token: str, key: str) -> HttpResponse:
    if _is_too_large(request, token, key):
        return failures.answer(request, 413)
    form = _form(request)
    file = request.FILES.get("file")
    if file is not None and not isinstance(file, UploadedFile):
        raise BadRequest("Send one file.")
    revision, now = _revision(form), timezone.now()
    try:
        outcome = taking.answer(
            taking.hashed(token), key, form, revision=revision, now=now, file=file
        )
    except taking.QuizFull:
        response = taking.find(token)
        theme = definition.of(response).theme_address
        return _closed(request, response.version.quiz, opening.FULL, theme=theme)
    except (AnswerError, taking.Stale) as error:
        return _show_again(request, taking.find(token), token, key, form, error)
    if not request.htmx:
        return _see(_place_after(outcome, token))
    if outcome.next is None:
        page = _show_result(request, outcome.response, token)
    else:
        page = _show(request, token, outcome.response, outcome.next, outcome.rows)
    page["HX-Push-Url"] = _place_after(outcome, token)
    return page


def _is_too_large(request: Request, token: str, key: str) -> bool:
    """Return whether a body is too large for an answer; only a file may be large."""
    if int(request.META.get("CONTENT_LENGTH") or 0) <= settings.PUBLIC_BODY_LIMIT:
        return False
    asked = definition.of(taking.find(token)).question(key)
    return asked is None or asked.kind is not Kind.FILE


def _show_again(
    request: Request,
    response: Response,
    token: str,
    key: str,
    form: dict[str, list[str]],
    error: AnswerError | taking.Stale,
) -> HttpResponse:
    """Show the question once more: with what was typed, or with the newer answer."""
    quiz = definition.of(response)
    asked = quiz.question(key)
    assert asked is not None
    rows = said(response)
    if isinstance(error, taking.Stale):
        return _show(request, token, response, asked, rows, status=409, notice=str(error))
    if response.is_finished or key not in branching.path(quiz, _values(rows), response.hidden):
        raise taking.Conflict("This question cannot be answered now.")
    again = {"sent": form, "errors": error.messages}
    return _show(request, token, response, asked, rows, status=422, **again)


def _show(
    request: Request,
    token: str,
    response: Response,
    asked: Question,
    rows: Rows,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    quiz = definition.of(response)
    shown = screen(response, asked, rows, **more)
    context = {
        "screen": shown,
        "part": _fresh_part(quiz, asked.key) if shown.is_fresh else _part(shown),
        "theme": quiz.theme_address,
        "token": token,
        "action": _question_url(token, asked),
        "back_url": reverse("quiz-question", args=[token, shown.back]) if shown.back else "",
    }
    return render(request, _template(request, "question"), context, status=status)


@lru_cache(maxsize=2048)
def _fresh_part(quiz: Definition, key: str) -> SafeString:
    """Return the part of a question that nobody has answered yet: the same for everybody.

    It is most of a page, and painting it took a sixth of an answer's time.
    """
    question = quiz.question(key)
    assert question is not None
    return _part(screens.fresh(quiz, question))


def _part(shown: Screen) -> SafeString:
    """Return what of a question's page is filled in."""
    return render_to_string(shown.template, {"screen": shown})


def _show_result(request: Request, response: Response, token: str) -> HttpResponse:
    found = results.result_of(response)
    quiz = found.quiz
    link = sharing.link_of(response) if quiz.shareable else None
    context = {
        "quiz": quiz,
        "tier": found.page,
        "chart": found.chart,
        "theme": quiz.theme_address,
        "token": token,
        "link": settings.PUBLIC_URL + link.get_absolute_url() if link else "",
    }
    return render(request, _template(request, "result"), context)


def _template(request: Request, name: str) -> str:
    part = request.htmx and not request.htmx.history_restore_request
    return f"quizzes/_{name}.html" if part else f"quizzes/{name}.html"


def _whole_page(
    request: Request, template: str, context: dict[str, Any], *, status: int
) -> HttpResponse:
    """Render a page that replaces everything, even when HTMX asked for a part."""
    response = render(request, template, context, status=status)
    response["HX-Retarget"] = "body"
    return response


def _form(request: Request) -> dict[str, list[str]]:
    """Return the posted fields; raises BadRequest for a body that is no form."""
    if request.content_type not in FORMS:
        raise BadRequest("Send the answer as a form.")
    return {name: request.POST.getlist(name) for name in request.POST}


def _revision(form: dict[str, list[str]]) -> int:
    """Return which answer the page had shown; raises BadRequest unless it is a whole number."""
    text = next(iter(form.get("revision", ())), "")
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_REVISION):
        raise BadRequest("The form came without the number of the answer it shows.")
    return int(text)


def _values(rows: Rows) -> dict[str, Any]:
    return {key: row.value for key, row in rows.items()}


def _place_url(response: Response, token: str) -> str:
    """Return where this respondent is: the question that waits, or the result."""
    if response.is_finished:
        return reverse("quiz-result", args=[token])
    quiz = definition.of(response)
    waiting = branching.waiting(quiz, taking.given(response), response.hidden)
    assert waiting is not None
    return _question_url(token, waiting)


def _place_after(outcome: taking.Outcome, token: str) -> str:
    if outcome.next is None:
        return reverse("quiz-result", args=[token])
    return _question_url(token, outcome.next)


def _question_url(token: str, asked: Question) -> str:
    return reverse("quiz-question", args=[token, asked.key])


def _see(url: str) -> HttpResponse:
    """Redirect with 303: whatever was posted, the next page is got."""
    return HttpResponse(status=303, headers={"Location": url})
