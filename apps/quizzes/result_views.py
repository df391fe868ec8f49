"""What one can do with a result: share it, take that back, keep it as PDF; and its look."""

import hashlib
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from apps.core import failures, ratelimit, richtext
from apps.quizzes import cards, papers, results, sharing, taking, theming
from apps.quizzes.views import Request, respondent_page

FOR_EVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=300"  # a link that is taken back is soon forgotten everywhere
DESCRIPTION_LENGTH = 200
PAPERS_PER_MINUTE = 30  # per address: a paper takes a moment to set


@require_POST
@respondent_page
def share(request: Request, *, token: str) -> HttpResponse:
    """Make the link of a result, or take it back: the respondent's deed alone."""
    response = taking.find(token)
    if request.POST.get("do") == "take-back":
        sharing.take_back(response)
    else:
        sharing.share(response, now=timezone.now())
    return HttpResponse(status=303, headers={"Location": reverse("quiz-result", args=[token])})


@require_safe
@respondent_page
def paper(request: Request, *, token: str) -> HttpResponse:
    """Hand over the result as a PDF, by the respondent's own address only."""
    response = taking.find(token)
    if not response.is_finished:
        return redirect("quiz-resume", token)
    result = results.result_of(response)
    if not result.quiz.downloadable:
        raise Http404("This result cannot be downloaded.")
    if not ratelimit.allowed(request, bucket="paper", per_minute=PAPERS_PER_MINUTE):
        return failures.answer(request, 429)
    assert response.finished_at is not None
    name = content_disposition_header(True, f"{result.quiz.slug}.pdf")  # noqa: FBT003
    return HttpResponse(
        papers.pdf(result, finished=response.finished_at),
        content_type="application/pdf",
        headers={"Content-Disposition": name or "attachment"},
    )


@require_safe
@respondent_page
def shared(request: Request, *, token: str) -> HttpResponse:
    """Show a shared result: neither answers nor names, and nothing for search engines."""
    response = sharing.find(token)
    result = results.shared_result_of(response)
    context: dict[str, Any] = {
        "quiz": result.quiz,
        "tier": result.page,
        "chart": result.chart,
        "theme": result.quiz.theme_address,
        "open": results.is_open(response),
        "address": settings.PUBLIC_URL + reverse("quiz-shared", args=[token]),
        "image": settings.PUBLIC_URL + reverse("quiz-card", args=[token]),
        "description": _description(result.page.body) or result.quiz.title,
    }
    page = render(request, "quizzes/shared.html", context)
    page["X-Robots-Tag"] = "noindex"
    return page


@require_safe
def card(request: HttpRequest, *, token: str) -> HttpResponse:
    """Show the picture that other sites put beside a shared link."""
    try:
        result = results.shared_result_of(sharing.find(token))
    except taking.UnknownToken as error:
        raise Http404(str(error)) from None
    chart = result.chart
    drawn = cards.png(
        cards.Card(
            title=result.quiz.title,
            headline=result.page.headline,
            percent=chart.main.percent if chart and not chart.is_radar else None,
            palette=result.theme.light,
        )
    )
    return HttpResponse(
        drawn,
        content_type="image/png",
        headers={
            "Cache-Control": A_WHILE,
            "ETag": f'"{hashlib.sha256(drawn).hexdigest()[:32]}"',
            "X-Robots-Tag": "noindex",
        },
    )


@require_safe
def theme(request: HttpRequest, *, tokens: str) -> HttpResponse:
    """Hand over a stylesheet whose address is its content: it may be kept for ever."""
    try:
        sheet = theming.css(theming.at(tokens))
    except ValidationError:
        raise Http404("There is no such theme.") from None
    return HttpResponse(sheet, content_type="text/css", headers={"Cache-Control": FOR_EVER})


def _description(body: str) -> str:
    first = next(richtext.blocks(body), None)
    text = first.text if first else ""
    return text if len(text) <= DESCRIPTION_LENGTH else f"{text[: DESCRIPTION_LENGTH - 1]}…"
