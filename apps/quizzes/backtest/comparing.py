"""Back-testing: every finished response scored by the draft, beside the score that it has.

A worker's job with its row in `BackTest`. The queue hands a task out again whose worker was
killed; then it begins anew, and a former worker that is still at it finds out and stops.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import User
from apps.core.jobs import ring
from apps.core.rows import insert
from apps.quizzes.backtest.outlook import Outlook, outlook
from apps.quizzes.backtest.reading import BATCH, Compared, Scorer, finished
from apps.quizzes.definition import Definition, load
from apps.quizzes.freezing import freeze
from apps.quizzes.models import BackTest, Quiz, Response, SegmentMove, TierMove
from apps.quizzes.proving import prove
from apps.quizzes.publishing import PublishError, digest

JOB = "apps.quizzes.jobs.backtest"
FEW = 1000  # responses that are scored before the page is answered
PIECE = 5000  # moves written at once
TRIES = 3
KEPT = timedelta(days=1)
FORGOTTEN_AFTER = timedelta(seconds=90)  # longer than a task may take
TOO_LONG = "It could not be worked out: it was begun again and again, and never ended."


class TakenOver(Exception):
    """Another worker began the same back-test anew, or it is gone."""


@dataclass(slots=True)
class Tally:
    """What is counted while the responses go by."""

    responses: int = 0
    scores: int = 0  # responses with another score
    lost: int = 0  # responses with answers that do not fit any more
    unasked: int = 0  # responses that were never asked a question on their way now
    tiers: Counter[tuple[str, str]] = field(default_factory=Counter)
    labels: dict[str, str] = field(default_factory=dict)
    moves: list[tuple[int, str, str, float | None, float]] = field(default_factory=list)
    newest: dict[int, tuple[datetime, int]] = field(default_factory=dict)  # by contact
    traits: dict[int, dict[str, object]] = field(default_factory=dict)

    def add(self, one: Compared, traits: dict[str, object]) -> None:
        response, result = one.response, one.result
        self.responses += 1
        self.scores += response.score != result.score
        self.lost += one.lost > 0
        self.unasked += one.unasked > 0
        former, tier = response.tier_key, result.tier.key
        self.tiers[former, tier] += 1
        self.labels.setdefault(former, response.tier_label)
        if former != tier:
            self.moves.append((response.pk, former, tier, response.score, result.score))
        assert response.contact_id is not None
        assert response.finished_at is not None
        this = (response.finished_at, response.pk)
        if self.newest.get(response.contact_id, this) <= this:
            self.newest[response.contact_id] = this
            self.traits[response.contact_id] = traits


def order(quiz: Quiz, *, by: User, now: datetime) -> BackTest:
    """Try the draft as it stands on the responses there are. Raises PublishError.

    Few are worked out at once; many by a worker.
    """
    source = freeze(quiz)
    errors = prove(load(source)).errors
    if errors:
        raise PublishError(errors)
    BackTest.objects.filter(at__lt=now - KEPT).delete()
    backtest = BackTest.objects.create(
        quiz=quiz,
        definition=source,
        digest=digest(source),
        by=by,
        at=now,
        touched_at=now,
        total=finished(quiz).count(),
    )
    if backtest.total <= FEW:
        run(backtest.pk, now=now)
        backtest.refresh_from_db()
    else:
        ring(JOB, backtest.pk)
    return backtest


def run(backtest_id: int, *, now: datetime) -> None:
    """Work a back-test out. Safe to run twice, or twice at once."""
    with suppress(TakenOver):
        backtest = _taken(backtest_id, now=now)
        if backtest.attempt > TRIES:
            _end(backtest, BackTest.State.FAILED, {"problem": TOO_LONG}, now=now)
            return
        _work(backtest, now=now)


def resume(*, now: datetime) -> None:
    """Wake a worker for each back-test that nobody has touched for a while."""
    forgotten = BackTest.objects.under_way().filter(touched_at__lt=now - FORGOTTEN_AFTER)
    for pk in forgotten.values_list("pk", flat=True):
        if forgotten.filter(pk=pk).update(touched_at=now):
            ring(JOB, pk)


def compare(
    quiz: Quiz, definition: Definition, *, now: datetime, backtest: BackTest | None = None
) -> tuple[Tally, Outlook]:
    """Return what the definition would make of the responses, and who would move by it.

    Nothing is written but how far it is, into `backtest`; nobody is held up.
    """
    tally, scorer = Tally(), Scorer(definition)
    for batch in _batches(quiz):
        for one in scorer.compare(batch):
            tally.add(one, scorer.traits(one.result))
        if backtest is not None:
            _touch(backtest, done=tally.responses)
    tally.labels |= {tier.key: tier.label for tier in definition.tiers}
    return tally, outlook(tally.traits, now=now)


def _work(backtest: BackTest, *, now: datetime) -> None:
    backtest.tier_moves.all().delete()
    backtest.segment_moves.all().delete()
    definition = load(backtest.definition)
    tally, seen = compare(backtest.quiz, definition, now=now, backtest=backtest)
    columns = ("response_id", "former", "tier", "former_score", "score")
    _write(backtest, TierMove, columns, tally.moves)
    _write(backtest, SegmentMove, ("contact_id", "segment", "enters"), list(_moves(seen)))
    order_of = [tier.key for tier in definition.tiers]
    found = _outcome(tally, seen, order_of)
    _end(backtest, BackTest.State.DONE, found, now=now)


def _batches(quiz: Quiz) -> Iterator[list[Response]]:
    after, rows = 0, finished(quiz).defer("receipt")
    while batch := list(rows.filter(pk__gt=after)[:BATCH]):
        yield batch
        after = batch[-1].pk


def _moves(seen: Outlook) -> Iterator[tuple[int, str, bool]]:
    for one in seen.segments:
        yield from ((pk, one.slug, True) for pk in one.entering)
        yield from ((pk, one.slug, False) for pk in one.leaving)


def _outcome(tally: Tally, seen: Outlook, tiers: Sequence[str]) -> dict[str, Any]:
    """Return the numbers as plain data; tiers in the order of the draft, gone ones last."""
    place = {key: number for number, key in enumerate(tiers)}

    def rank(key: str) -> tuple[int, str]:
        return place.get(key, len(place)), key

    pairs = sorted(tally.tiers, key=lambda pair: (rank(pair[0]), rank(pair[1])))
    return {
        "responses": tally.responses,
        "scores": tally.scores,
        "lost": tally.lost,
        "unasked": tally.unasked,
        "moved": len(tally.moves),
        "labels": tally.labels,
        "tiers": [{"from": a, "to": b, "count": tally.tiers[a, b]} for a, b in pairs],
        "segments": [
            {
                "slug": one.slug,
                "name": one.name,
                "members": one.members,
                "entering": len(one.entering),
                "leaving": len(one.leaving),
            }
            for one in seen.segments
        ],
        "sequences": [
            {
                "name": one.name,
                "address": one.address,
                "segment": one.segment,
                "starts": one.starts,
                "restarts": one.restarts,
                "stops": one.stops,
            }
            for one in seen.sequences
        ],
        "starting": seen.starting,
        "is_moving_anyway": seen.is_moving_anyway,
    }


def _taken(backtest_id: int, *, now: datetime) -> BackTest:
    """Take it up: whoever was at it loses it. Raises TakenOver where it is done."""
    mine = BackTest.objects.under_way().filter(pk=backtest_id)
    if not mine.update(attempt=F("attempt") + 1, touched_at=now):
        raise TakenOver
    return BackTest.objects.select_related("quiz").get(pk=backtest_id)


def _touch(backtest: BackTest, *, done: int) -> None:
    mine = BackTest.objects.filter(pk=backtest.pk, attempt=backtest.attempt)
    if not mine.update(done=done, touched_at=timezone.now()):
        raise TakenOver


def _write(
    backtest: BackTest,
    model: type[TierMove] | type[SegmentMove],
    columns: Sequence[str],
    found: Sequence[tuple[Any, ...]],
) -> None:
    for start in range(0, len(found), PIECE):
        with transaction.atomic():
            _hold(backtest)
            piece = [(backtest.pk, *row) for row in found[start : start + PIECE]]
            insert(model, ("backtest_id", *columns), piece)


def _hold(backtest: BackTest) -> None:
    """Hold the row. Raises TakenOver where another worker has it."""
    held = BackTest.objects.select_for_update().filter(pk=backtest.pk, attempt=backtest.attempt)
    if not held:
        raise TakenOver


def _end(
    backtest: BackTest, state: BackTest.State, outcome: Mapping[str, Any], *, now: datetime
) -> None:
    with transaction.atomic():
        _hold(backtest)
        BackTest.objects.filter(pk=backtest.pk).update(state=state, outcome=outcome, done_at=now)
