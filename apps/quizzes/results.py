"""What a result page shows: to the respondent, and to whom they give its link."""

from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from apps.quizzes import definition, opening, piping, theming
from apps.quizzes.charts import Chart, chart
from apps.quizzes.definition import Definition, Ending, Tier
from apps.quizzes.holding import said
from apps.quizzes.models import Response
from apps.quizzes.screens import spoken_of
from apps.quizzes.theming import Theme

LINKS = ("https://", "http://", "mailto:")


@dataclass(frozen=True, slots=True)
class Result:
    """The last page of one response, with what it says of answers filled in."""

    quiz: Definition
    page: Tier | Ending
    chart: Chart | None

    @property
    def theme(self) -> Theme:
        return self.quiz.look or Theme.of(theming.USUAL)


def result_of(response: Response) -> Result:
    """Return a finished response's result as its respondent sees it."""
    quiz = definition.of_result(response)
    page = _page(quiz, response)
    if any(map(piping.is_template, _texts(page))):
        page = piping.filled_page(page, spoken_of(response, said(response)))
    return Result(quiz, page, _chart(quiz, response))


def shared_result_of(response: Response) -> Result:
    """Return it as anybody may see it: what it says of answers and hidden fields is left blank."""
    quiz = definition.of_result(response)
    page = piping.filled_page(_page(quiz, response), _impersonal(response))
    return Result(quiz, page, _chart(quiz, response))


def is_open(response: Response) -> bool:
    """Return whether others can take the quiz now."""
    return opening.closed(response.version.quiz, now=timezone.now()) is None


def _impersonal(response: Response) -> piping.Known:
    totals = (response.receipt or {}).get("totals", ())
    return {
        "answer": {},
        "hidden": {},
        "score": response.score,
        "percent": response.percent,
        "scores": {total["scale"]: total["score"] for total in totals},
        "tier": response.tier_label,
    }


def _page(quiz: Definition, response: Response) -> Tier | Ending:
    last = quiz.ending(response.ending_key) or quiz.tier(response.tier_key)
    assert last is not None
    if not last.button_url.startswith(LINKS):  # the forms refuse it; a version may come otherwise
        return replace(last, button_url="")
    return last


def _texts(page: Tier | Ending) -> tuple[str, ...]:
    return page.headline, page.body, page.button_label


def _chart(quiz: Definition, response: Response) -> Chart | None:
    receipt: dict[str, Any] = response.receipt or {}
    return chart(quiz.chart, receipt, main=response.score)
