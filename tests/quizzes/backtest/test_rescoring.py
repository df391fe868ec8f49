"""What a back-test says is what re-scoring then does, and undo takes it all back."""

import contextlib
import random
from datetime import timedelta

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.contacts.profile import change_profile
from apps.leads.models import Lead
from apps.nurture.models import Enrolment, Sequence
from apps.quizzes import taking
from apps.quizzes.backtest import comparing, rescoring
from apps.quizzes.models import BackTest, Choice, Points, Quiz, Rescored, Rescoring, Response
from apps.quizzes.publishing import Outdated, PublishError, publish
from tests.factories import UserFactory
from tests.nurture import build as nurture
from tests.quizzes.backtest.building import (
    AT_LEAST_7,
    FIT,
    HOT,
    crowd,
    members,
    respond,
    results,
    tiers,
)
from tests.quizzes.drafts import NOW, published
from tests.segments.build import segment, settle_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return UserFactory.create()


@pytest.fixture
def quiz() -> Quiz:
    return published(FIT)


def audience(**fields):
    """Segments over tier, score and each other, and a sequence for those who are hot."""
    hot = segment("hot", HOT, now=NOW)
    segment("seven", AT_LEAST_7, now=NOW)
    segment("not-hot", {"not": {"segment": "hot"}}, now=NOW)
    return nurture.sequence(segment=hot, **fields)


def lower_hot(quiz, to=7):
    quiz.tiers.filter(key="hot").update(starts_at=to)


def tried(quiz, by):
    return comparing.order(quiz, by=by, now=NOW)


def apply(quiz, by, *, starts=False):
    backtest = tried(quiz, by)
    expected = backtest.digest
    return rescoring.publish(quiz, by=by, now=NOW, starts_sequences=starts, expected=expected)


def test_lowering_a_cut_off_says_who_would_move(quiz, by):
    one = respond(quiz, "a@x.example", budget="much", tools=None, sure=2)  # 8: warm
    respond(quiz, "b@x.example", budget="much", tools=None, sure=4)  # 10: hot
    audience()
    settle_all(now=NOW)
    lower_hot(quiz, to=8)
    found = tried(quiz, by)
    assert found.state == BackTest.State.DONE
    assert found.outcome["tiers"] == [
        {"from": "warm", "to": "hot", "count": 1},
        {"from": "hot", "to": "hot", "count": 1},
    ]
    moved = {
        line["slug"]: (line["entering"], line["leaving"]) for line in found.outcome["segments"]
    }
    assert moved == {"hot": (1, 0), "not-hot": (0, 1)}
    assert found.outcome["starting"] == 1
    assert [move.response_id for move in found.tier_moves.all()] == [one.pk]
    assert tiers()[one.pk] == "warm"


def test_a_draft_that_cannot_be_published_is_not_tried(quiz, by):
    quiz.tiers.all().delete()
    with pytest.raises(PublishError):
        tried(quiz, by)


def test_publishing_alone_keeps_old_responses_as_they_were_scored(quiz, by):
    crowd(quiz, 6)
    before = results()
    lower_hot(quiz)
    publish(quiz, by=by, now=NOW)
    assert results() == before


def test_rescored_responses_leads_and_receipts_say_the_new_result(quiz, by):
    one = respond(quiz, "a@x.example", budget="much", tools=None, sure=2)
    lower_hot(quiz, to=8)
    done = apply(quiz, by)
    one.refresh_from_db()
    assert (one.tier_key, one.scored_by_id) == ("hot", done.version_id)
    assert "Hot is from 8" in one.receipt["why"]
    assert Lead.objects.get(response=one).tier_key == "hot"
    assert one.contact.profile["quiz.fit.tier"] == "hot"
    assert one.contact.profile["quiz.fit.answer.budget"] == "much"
    assert (done.state, done.by, done.total) == ("applied", by, 1)
    assert done.from_versions == [{"number": 1, "responses": 1}]
    assert done.tiers == [{"from": "warm", "to": "hot", "count": 1}]


@pytest.mark.parametrize("starts", [False, True])
def test_sequences_start_only_if_the_author_says_so(quiz, by, starts):
    respond(quiz, "a@x.example", budget="much", tools=None, sure=2)
    audience()
    settle_all(now=NOW)
    lower_hot(quiz, to=8)
    apply(quiz, by, starts=starts)
    settle_all(now=NOW)
    assert ("hot", Response.objects.get().contact_id) in members()
    assert Enrolment.objects.count() == starts


def test_whoever_answers_again_later_keeps_what_the_later_response_says(quiz, by):
    respond(quiz, "a@x.example", 0, budget="much", tools=None, sure=2)
    last = respond(quiz, "a@x.example", 1, budget="none", tools=None, sure=1)
    Points.objects.filter(choice__key="none").update(value=1)
    apply(quiz, by)
    last.contact.refresh_from_db()
    assert last.contact.profile["quiz.fit.score"] == 2


def test_undo_restores_scores_tiers_and_traits_exactly(quiz, by):
    crowd(quiz, 20)
    audience()
    before = results()
    lower_hot(quiz, to=6)
    Points.objects.filter(choice__key="some").update(value=5)
    done = apply(quiz, by)
    assert results() != before
    rescoring.undo(done, by=by, now=NOW)
    done.refresh_from_db()
    assert (done.state, done.undone_by) == ("undone", by)
    assert results() == before


def test_undo_leaves_what_was_written_since(quiz, by):
    one = respond(quiz, "a@x.example", budget="much", tools=None, sure=2)
    two = respond(quiz, "b@x.example", budget="much", tools=None, sure=2)
    lower_hot(quiz, to=8)
    done = apply(quiz, by)
    change_profile(one.contact, now=NOW, traits={"quiz.fit.tier": "cold"}, source="by hand")
    again = respond(quiz, "b@x.example", 5, budget="much", tools=None, sure=2)
    rescoring.undo(done, by=by, now=NOW)
    one.contact.refresh_from_db()
    again.contact.refresh_from_db()
    assert one.contact.profile["quiz.fit.tier"] == "cold"
    assert again.contact.profile["quiz.fit.tier"] == "hot"  # finished on the new version
    two.refresh_from_db()
    assert (two.tier_key, two.scored_by_id) == ("warm", None)


def test_only_the_latest_is_undone_and_only_once(quiz, by):
    crowd(quiz, 3)
    lower_hot(quiz, to=7)
    first = apply(quiz, by)
    lower_hot(quiz, to=6)
    second = apply(quiz, by)
    with pytest.raises(rescoring.NotNow, match="undo that first"):
        rescoring.undo(first, by=by, now=NOW)
    rescoring.undo(second, by=by, now=NOW)
    with pytest.raises(rescoring.NotNow):
        rescoring.undo(second, by=by, now=NOW)
    rescoring.undo(first, by=by, now=NOW)
    assert not Response.objects.exclude(scored_by=None).exists()


def test_a_draft_that_changed_since_it_was_tried_is_not_published(quiz, by):
    crowd(quiz, 3)
    lower_hot(quiz, to=7)
    backtest = tried(quiz, by)
    lower_hot(quiz, to=6)
    with pytest.raises(Outdated):
        rescoring.publish(quiz, by=by, now=NOW, starts_sequences=False, expected=backtest.digest)
    assert quiz.versions.count() == 1
    assert not Rescoring.objects.exists()


def test_published_first_and_rescored_later_makes_no_second_version(quiz, by):
    crowd(quiz, 3)
    lower_hot(quiz, to=7)
    publish(quiz, by=by, now=NOW)
    new = respond(quiz, "new@x.example", 9, budget="much", tools=None, sure=2)
    done = apply(quiz, by)
    assert (quiz.versions.count(), done.total) == (2, 3)
    new.refresh_from_db()
    assert new.scored_by_id is None


def test_the_respondent_sees_the_result_of_the_new_version(client, quiz, by):
    one = respond(quiz, "a@x.example", budget="much", tools=None, sure=2)
    Response.objects.filter(pk=one.pk).update(token_hash=taking.hashed("token"))
    quiz.tiers.filter(key="warm").delete()
    quiz.tiers.create(key="lukewarm", label="Lukewarm", headline="New words", starts_at=4)
    apply(quiz, by)
    assert "New words" in client.get("/q/r/token/result/").content.decode()


@pytest.mark.parametrize("undoing", [False, True])
def test_killed_half_way_it_goes_on_where_it_stood_and_counts_nothing_twice(
    quiz, by, monkeypatch, undoing
):
    crowd(quiz, 10)
    before = results()
    lower_hot(quiz, to=6)
    monkeypatch.setattr(rescoring, "BATCH", 4)
    if undoing:
        done = apply(quiz, by)
        monkeypatch.setattr(rescoring, "FEW", 0)
        rescoring.undo(done, by=by, now=NOW)
    else:
        monkeypatch.setattr(rescoring, "FEW", 0)
        done = apply(quiz, by)

    class Killed(BaseException):
        pass

    deadly = ["rescoring.before_commit", "rescoring.between_batches"]

    def die(name):
        if name == deadly[-1]:
            raise Killed

    monkeypatch.setattr(rescoring, "reached", die)
    while deadly:
        with pytest.raises(Killed):
            rescoring.carry_on(done.pk, seconds=60, now=NOW)
        done.refresh_from_db()
        assert done.is_under_way
        assert (done.done, done.finished_at is None) == (4, not undoing)
        assert undoing or done.tiers == []
        deadly.pop()
    with pytest.raises(rescoring.NotNow):
        rescoring.undo(done, by=by, now=NOW)
    rung = []
    monkeypatch.setattr(rescoring, "ring", lambda job, pk: rung.append(pk))
    rescoring.resume(now=NOW + timedelta(minutes=1))
    assert rung == [done.pk]
    monkeypatch.setattr(rescoring, "reached", lambda name: None)
    rescoring.carry_on(done.pk, seconds=60, now=NOW)
    done.refresh_from_db()
    assert (done.state, done.done) == ("undone" if undoing else "applied", 10)
    assert Rescored.objects.filter(is_done=not undoing).count() == 10
    if undoing:
        assert results() == before
    else:
        assert sum(line["count"] for line in done.tiers) == 10


def test_a_response_erased_meanwhile_is_passed_over(quiz, by, monkeypatch):
    responses = crowd(quiz, 5)
    lower_hot(quiz, to=6)
    monkeypatch.setattr(rescoring, "FEW", 0)
    done = apply(quiz, by)
    responses[0].delete()
    rescoring.carry_on(done.pk, seconds=60, now=NOW)
    done.refresh_from_db()
    assert (done.state, done.done, done.total) == ("applied", 4, 5)


EDITS = {
    "points": lambda quiz, chance: Points.objects.filter(
        choice=chance.choice(list(Choice.objects.filter(question__quiz=quiz)))
    ).update(value=chance.randint(-4, 8)),
    "cut-off": lambda quiz, chance: quiz.tiers.filter(key="warm").update(
        starts_at=chance.randint(-1, 5)
    ),
    "hot": lambda quiz, chance: quiz.tiers.filter(key="hot").update(starts_at=chance.randint(6, 9)),
    "choice gone": lambda quiz, chance: Choice.objects.filter(
        question__quiz=quiz, key=chance.choice(["some", "crm", "paper"])
    ).delete(),
    "question gone": lambda quiz, chance: quiz.questions.filter(
        key=chance.choice(["tools", "sure"])
    ).delete(),
    "shorter scale": lambda quiz, chance: quiz.questions.filter(key="sure").update(
        maximum=chance.randint(3, 4)
    ),
    "reversed": lambda quiz, chance: quiz.questions.filter(key="sure").update(reversed=True),
    "percent": lambda quiz, chance: Quiz.objects.filter(pk=quiz.pk).update(bands="percent"),
    "override": lambda quiz, chance: quiz.tiers.filter(key="cold").update(
        override={"trait": "answer.budget", "op": "is", "value": "none"}
    ),
    "ends early": lambda quiz, chance: Choice.objects.filter(
        question__quiz=quiz, key="none"
    ).update(jump_to_end=True),
}


def tried_with_edits(quiz, by, chance):
    """Make three edits that can be published together, and try them."""
    while True:
        before = transaction.savepoint()
        for name in chance.sample(sorted(EDITS), 3):
            EDITS[name](quiz, chance)
        with contextlib.suppress(PublishError):
            return tried(Quiz.objects.get(pk=quiz.pk), by)
        transaction.savepoint_rollback(before)


@pytest.mark.parametrize("seed", range(12))
def test_what_a_back_test_says_of_any_edit_is_what_rescoring_does(quiz, by, seed):
    chance = random.Random(seed)
    crowd(quiz, 16, seed=seed)
    audience(
        re_entry=chance.choice(Sequence.ReEntry.values),
        on_leave=chance.choice(Sequence.OnLeave.values),
    )
    before, stood, was = results(), members(), tiers()
    backtest = tried_with_edits(quiz, by, chance)
    assert results() == before  # trying it changed nothing
    starts = chance.random() < 0.5
    walking = Enrolment.objects.active().count()
    done = rescoring.publish(
        quiz, by=by, now=NOW, starts_sequences=starts, expected=backtest.digest
    )
    settle_all(now=NOW)
    now = tiers()
    assert {(m.response_id, m.former, m.tier) for m in backtest.tier_moves.all()} == {
        (pk, was[pk], now[pk]) for pk in now if was[pk] != now[pk]
    }
    assert sorted(backtest.outcome["tiers"], key=str) == sorted(done.tiers, key=str)
    moved = {(m.segment, m.contact_id, m.enters) for m in backtest.segment_moves.all()}
    assert {(slug, pk) for slug, pk, enters in moved if enters} == members() - stood
    assert {(slug, pk) for slug, pk, enters in moved if not enters} == stood - members()
    told = backtest.outcome["sequences"]
    started = sum(line["starts"] - line["restarts"] for line in told) * starts
    stopped = sum(line["stops"] for line in told)
    assert Enrolment.objects.active().count() == walking + started - stopped
    rescoring.undo(done, by=by, now=NOW)
    assert results() == before
