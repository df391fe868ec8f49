"""Re-scoring: the responses of older versions get the result that a newer version gives them.

One step for whoever orders it, done by batches: each is one transaction that holds the row of
the re-scoring, and how far it is commits with it. So a killed worker's successor goes on where
it stood, and nothing counts as done before all of it is. What was there before is kept, so that
the same way back restores it exactly.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.models import User
from apps.contacts.revising import revise
from apps.core import rows
from apps.core.crashpoints import reached
from apps.core.jobs import ring
from apps.quizzes import publishing
from apps.quizzes.backtest.reading import BATCH, Scorer, finished, latest
from apps.quizzes.definition import of_version
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Quiz, Rescored, Rescoring, Response, Version
from apps.quizzes.signals import responses_rescored

JOB = "apps.quizzes.jobs.carry_on_rescoring"
FEW = 500  # responses that are re-scored before the page is answered
STINT = 2.0  # seconds of a task, then those behind it in the queue have theirs
FORGOTTEN_AFTER = timedelta(seconds=15)
RESULT = ("score", "percent", "tier_key", "tier_label", "ending_key", "receipt", "scored_by_id")


class NotNow(Exception):
    """It cannot be done as things are; the message says why. Nothing was changed."""


def publish(
    quiz: Quiz, *, by: User, now: datetime, starts_sequences: bool, expected: str
) -> Rescoring:
    """Publish the draft and order the re-scoring of all finished responses by it.

    Where the draft is published already, that version scores them. `expected`: the digest of
    the draft that was tried. Raises PublishError, Outdated and NotNow; then nothing is changed.
    """
    with transaction.atomic():
        quiz = Quiz.objects.select_for_update().get(pk=quiz.pk)
        if quiz.rescorings.under_way().exists():
            raise NotNow("The responses are being re-scored just now. Wait until that is done.")
        version = _version(quiz, by=by, now=now, expected=expected)
        rescoring = _order(quiz, version, by=by, now=now, starts_sequences=starts_sequences)
    if rescoring.total <= FEW:
        carry_on(rescoring.pk, seconds=STINT, now=now)
        rescoring.refresh_from_db()
    return rescoring


def undo(rescoring: Rescoring, *, by: User, now: datetime) -> None:
    """Order that every response has the result again that it had before. Raises NotNow."""
    newest = rescoring.quiz.rescorings.exclude(state=Rescoring.State.UNDONE).first()
    if newest is None or newest.pk != rescoring.pk:
        raise NotNow("A later re-scoring stands on this one: undo that first.")
    applied = Rescoring.objects.filter(pk=rescoring.pk, state=Rescoring.State.APPLIED)
    with transaction.atomic():
        undoing = {"state": Rescoring.State.UNDOING, "done": 0, "touched_at": now}
        if not applied.update(undone_by=by, undone_at=now, **undoing):
            raise NotNow("It is not done yet, or undone already.")
        ring(JOB, rescoring.pk)
    if rescoring.total <= FEW:
        carry_on(rescoring.pk, seconds=STINT, now=now)


def work(rescoring_id: int) -> None:
    """Do a worker's stint."""
    if carry_on(rescoring_id, seconds=STINT):
        ring(JOB, rescoring_id)


def carry_on(rescoring_id: int, *, seconds: float, now: datetime | None = None) -> bool:
    """Go on from where it last committed; return whether there is more. Safe to run twice."""
    until = time.monotonic() + seconds
    while _batch(rescoring_id, now=now or timezone.now()):
        reached("rescoring.between_batches")
        if time.monotonic() >= until:
            return True
    return False


def resume(*, now: datetime) -> None:
    """Wake a worker for each that nobody has touched for a while."""
    forgotten = Rescoring.objects.under_way().filter(touched_at__lt=now - FORGOTTEN_AFTER)
    for pk in forgotten.values_list("pk", flat=True):
        if forgotten.filter(pk=pk).update(touched_at=now):
            ring(JOB, pk)


def _version(quiz: Quiz, *, by: User, now: datetime, expected: str) -> Version:
    last = quiz.versions.first()
    if last is None or last.digest != publishing.digest(freeze(quiz)):
        return publishing.publish(quiz, by=by, now=now, expected=expected)
    if last.digest != expected:
        raise publishing.Outdated
    return last


def _order(
    quiz: Quiz, version: Version, *, by: User, now: datetime, starts_sequences: bool
) -> Rescoring:
    """Write down which responses are to be re-scored: those finished, by other versions."""
    scored = finished(quiz).annotate(scorer=Coalesce("scored_by", "version"))
    wanted = scored.exclude(scorer=version.pk)
    by_version = dict(wanted.order_by().values_list("scorer").annotate(Count("pk")))
    numbers = dict(quiz.versions.filter(pk__in=by_version).values_list("pk", "number"))
    try:
        rescoring = Rescoring.objects.create(
            quiz=quiz,
            version=version,
            by=by,
            at=now,
            starts_sequences=starts_sequences,
            total=sum(by_version.values()),
            from_versions=[
                {"number": number, "responses": by_version[pk]}
                for pk, number in sorted(numbers.items(), key=lambda pair: pair[1])
            ],
            touched_at=now,
        )
    except IntegrityError:
        raise NotNow("The responses are being re-scored just now.") from None
    sql, params = wanted.order_by().values("pk").query.sql_with_params()
    rows.run(f"{_INSERT} ({sql})", (rescoring.pk, *params), answers=False)
    ring(JOB, rescoring.pk)
    return rescoring


_INSERT = f"""
INSERT INTO {rows.table(Rescored)} (rescoring_id, response_id, is_done, former_tier, tier)
SELECT %s, id, FALSE, '', '' FROM {rows.table(Response)} WHERE id IN
"""  # noqa: S608


def _batch(rescoring_id: int, *, now: datetime) -> bool:
    """Do the next batch; return whether there may be another."""
    with transaction.atomic():
        held = Rescoring.objects.under_way().select_for_update(of=("self",))
        rescoring = held.filter(pk=rescoring_id).first()
        if rescoring is None:
            return False
        undoing = rescoring.state == Rescoring.State.UNDOING
        waiting = Rescored.objects.filter(rescoring=rescoring, is_done=undoing)
        todo = list(waiting.order_by("response_id")[:BATCH])
        if todo:
            (_restore if undoing else _rescore)(rescoring, todo, now=now)
        rescoring.done += len(todo)
        rescoring.touched_at = now
        if len(todo) < BATCH:
            _end(rescoring, now=now)
        rescoring.save()
        reached("rescoring.before_commit")
    return rescoring.is_under_way


def _end(rescoring: Rescoring, *, now: datetime) -> None:
    if rescoring.state == Rescoring.State.UNDOING:
        rescoring.state, rescoring.undone_at = Rescoring.State.UNDONE, now
        return
    counted = rescoring.rescored.values_list("former_tier", "tier").annotate(number=Count("pk"))
    rescoring.tiers = [
        {"from": former, "to": tier, "count": number}
        for former, tier, number in counted.order_by("former_tier", "tier")
    ]
    rescoring.state, rescoring.finished_at = Rescoring.State.APPLIED, now


def _rescore(rescoring: Rescoring, todo: Sequence[Rescored], *, now: datetime) -> None:
    version = Version.objects.defer("definition").get(pk=rescoring.version_id)
    scorer = Scorer(of_version(version))
    responses = _locked(todo)
    newest = latest(rescoring.quiz, responses)
    by_response = {row.response_id: row for row in todo}
    wanted: dict[int, dict[str, object]] = {}
    for response, result in scorer.score(responses):
        row = by_response[response.pk]
        row.former = {name: getattr(response, name) for name in RESULT}
        row.former_tier, row.tier, row.is_done = response.tier_key, result.tier.key, True
        response.score, response.percent = result.score, result.percent
        response.tier_key, response.tier_label = result.tier.key, result.tier.label
        response.ending_key = result.ending or ""
        response.receipt = result.receipt.as_json()
        response.scored_by_id = version.pk
        if response.pk in newest:
            assert response.contact_id is not None
            wanted[response.contact_id] = scorer.traits(result)
    replaced = revise(wanted, now=now, quiet=not rescoring.starts_sequences)
    for response in responses:
        row = by_response[response.pk]
        changes = replaced.get(response.contact_id or 0, {}) if response.pk in newest else {}
        row.written = {key: change.after for key, change in changes.items()}
        row.replaced = {key: change.before for key, change in changes.items()}
    _write(responses, todo)


def _restore(rescoring: Rescoring, todo: Sequence[Rescored], *, now: datetime) -> None:
    """Put back what was there: traits only where they are still as they were written."""
    responses = _locked(todo)
    newest = latest(rescoring.quiz, responses)
    by_response = {row.response_id: row for row in todo}
    wanted, standing = {}, {}
    for response in responses:
        row = by_response[response.pk]
        for name, value in (row.former or {}).items():
            setattr(response, name, value)
        if response.pk in newest and response.contact_id is not None:
            wanted[response.contact_id] = row.replaced or {}
            standing[response.contact_id] = row.written or {}
    for row in todo:
        row.is_done = False
    revise(wanted, now=now, quiet=True, standing=standing)
    _write(responses, todo)


def _locked(todo: Sequence[Rescored]) -> list[Response]:
    held = Response.objects.with_version().select_for_update(of=("self",))
    return list(held.filter(pk__in=[row.response_id for row in todo]).order_by("pk"))


def _write(responses: Sequence[Response], todo: Sequence[Rescored]) -> None:
    """Write results and their audit by upserts: rows of values cost a tenth of CASEs."""
    columns = [*RESULT[:-1], "scored_by"]
    Response.objects.bulk_create(
        responses, update_conflicts=True, unique_fields=["pk"], update_fields=columns
    )
    audit = ["is_done", "former", "former_tier", "tier", "written", "replaced"]
    Rescored.objects.bulk_create(
        todo, update_conflicts=True, unique_fields=["pk"], update_fields=audit
    )
    responses_rescored.send(Response, ids=[response.pk for response in responses])
