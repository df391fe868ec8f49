"""Finished responses scored by another definition, many at once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from apps.quizzes.backtest.carrying import Carrier
from apps.quizzes.definition import Definition, of_version
from apps.quizzes.models import Answer, Quiz, Response
from apps.quizzes.scoring import Reckoned, Result, reckon, score
from apps.quizzes.traits import result_traits

BATCH = 500  # responses


@dataclass(frozen=True, slots=True)
class Compared:
    """A response as it is stored, beside what the other definition makes of it."""

    response: Response
    result: Reckoned
    lost: int  # answers that do not fit any more
    unasked: int  # questions on the way that nobody was asked


class Scorer:
    """Scores responses of any versions by one definition."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._carriers: dict[int, Carrier] = {}

    def compare(self, responses: Sequence[Response]) -> Iterator[Compared]:
        """Yield each response with its new result, in the order given. One query for answers."""
        for response, answers in _answered(responses):
            carrier = self._carrier(response)
            carried = carrier.carry(answers)
            result = reckon(self.definition, carried.answers, response.hidden)
            unasked = carrier.unasked(result.counted, answers)
            yield Compared(response, result, carried.lost, unasked)

    def score(self, responses: Sequence[Response]) -> Iterator[tuple[Response, Result]]:
        """Yield each with its whole new result, the receipt included."""
        for response, answers in _answered(responses):
            carried = self._carrier(response).carry(answers)
            yield response, score(self.definition, carried.answers, response.hidden)

    def traits(self, result: Result | Reckoned) -> dict[str, object]:
        """Return what the result writes on its contact: answers stay as they were said."""
        return result_traits(
            self.definition,
            score=result.score,
            percent=result.percent,
            tier=result.tier.key,
            by_scale=result.scores,
        )

    def _carrier(self, response: Response) -> Carrier:
        if response.version_id not in self._carriers:
            old = of_version(response.version)
            self._carriers[response.version_id] = Carrier(old, self.definition)
        return self._carriers[response.version_id]


def _answered(responses: Sequence[Response]) -> Iterator[tuple[Response, dict[str, Any]]]:
    answers: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    rows = Answer.objects.filter(response__in=[response.pk for response in responses]).order_by()
    for pk, key, value in rows.values_list("response_id", "question_key", "value"):
        answers[pk][key] = value
    return ((response, answers[response.pk]) for response in responses)


def finished(quiz: Quiz) -> QuerySet[Response]:
    """Return the responses that are scored: of all versions, in the order of their keys."""
    return Response.objects.finished().filter(version__quiz=quiz).order_by("pk")


def latest(quiz: Quiz, responses: Sequence[Response]) -> set[int]:
    """Return which of them are the last that their contact finished: those a profile tells of."""
    later = Response.objects.finished().filter(version__quiz=quiz, contact=OuterRef("contact"))
    newest = later.order_by("-finished_at", "-pk").values("pk")[:1]
    rows = Response.objects.filter(pk__in=[response.pk for response in responses])
    return set(rows.filter(pk=Subquery(newest)).values_list("pk", flat=True))
