"""The pages of back-tests, by full loads and by parts."""

import re

import pytest
from django.test import Client

from apps.quizzes.backtest import comparing, rescoring, showing
from apps.quizzes.models import BackTest, Rescoring, Response
from apps.segments.models import Segment
from tests.factories import UserFactory
from tests.quizzes.backtest.building import FIT, HOT, crowd, respond
from tests.quizzes.drafts import published
from tests.segments.build import segment, settle_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def quiz():
    quiz = published(FIT)
    segment("hot", HOT)
    return quiz


@pytest.fixture
def marketer():
    client = Client()
    client.force_login(UserFactory.create())
    return client


def edited(quiz):
    crowd(quiz, 8)
    respond(quiz, "ada@people.example", 50, budget="much", tools=None, sure=2)
    settle_all()
    quiz.tiers.filter(key="hot").update(starts_at=8)


def order(client, quiz):
    return client.post(f"/admin/quizzes/quiz/{quiz.pk}/backtest/", follow=True)


def test_from_the_quiz_to_the_lists_to_rescoring_and_back(marketer, quiz):
    edited(quiz)
    page = marketer.get(f"/admin/quizzes/quiz/{quiz.pk}/change/").content.decode()
    assert "Back-test on 9 responses" in page
    answer = order(marketer, quiz)
    page = answer.content.decode()
    backtest = BackTest.objects.get()
    assert "would come to another tier" in page
    for address in re.findall(rf'href="(/admin/quizzes/backtests/{backtest.pk}/[^"]+)"', page):
        listed = marketer.get(address).content.decode()
        part = marketer.get(address, headers={"HX-Request": "true"}).content.decode()
        assert "people.example" in listed
        assert "<html" not in part
    done = marketer.post(
        f"/admin/quizzes/backtests/{backtest.pk}/publish/", {"responses": "rescore"}, follow=True
    )
    assert "came to another tier" in done.content.decode()
    assert Response.objects.get(contact__email="ada@people.example").tier_key == "hot"
    undone = marketer.post(
        f"/admin/quizzes/rescorings/{Rescoring.objects.get().pk}/undo/", follow=True
    )
    assert "the result again that they had before" in undone.content.decode()
    page = marketer.get(f"/admin/quizzes/quiz/{quiz.pk}/change/").content.decode()
    assert "9 responses by version 2: undone" in page


def test_published_alone_old_responses_stay(marketer, quiz):
    edited(quiz)
    order(marketer, quiz)
    address = f"/admin/quizzes/backtests/{BackTest.objects.get().pk}/publish/"
    assert "Say what is to become" in marketer.post(address).content.decode()
    answer = marketer.post(address, {"responses": "keep"}, follow=True)
    assert "Version 2 is published" in answer.content.decode()
    assert not Rescoring.objects.exists()


@pytest.mark.parametrize("responses", ["keep", "rescore"])
def test_a_draft_that_changed_meanwhile_is_tried_again(marketer, quiz, responses):
    edited(quiz)
    order(marketer, quiz)
    first = BackTest.objects.get()
    quiz.tiers.filter(key="hot").update(starts_at=7)
    answer = marketer.post(
        f"/admin/quizzes/backtests/{first.pk}/publish/", {"responses": responses}, follow=True
    )
    assert "The draft was changed meanwhile" in answer.content.decode()
    assert BackTest.objects.exclude(pk=first.pk).exists()
    assert quiz.versions.count() == 1


def test_past_so_many_starts_the_number_is_typed(marketer, quiz, monkeypatch):
    edited(quiz)
    order(marketer, quiz)
    row = BackTest.objects.get()
    BackTest.objects.update(outcome={**row.outcome, "starting": 1200})
    address = f"/admin/quizzes/backtests/{row.pk}/publish/"
    asked = {"responses": "rescore", "starts_sequences": "on", "confirmed": "12"}
    assert "Type 1200 to start" in marketer.post(address, asked).content.decode()
    assert not Rescoring.objects.exists()
    marketer.post(address, {**asked, "confirmed": "1,200"})
    assert Rescoring.objects.get().starts_sequences


def test_a_draft_with_errors_leads_back_to_them(marketer, quiz):
    edited(quiz)
    quiz.tiers.all().delete()
    assert "Errors are in the way" in order(marketer, quiz).content.decode()
    assert not BackTest.objects.exists()


def test_many_are_worked_out_by_a_worker_and_the_page_shows_how_far(marketer, quiz, monkeypatch):
    edited(quiz)
    monkeypatch.setattr(comparing, "FEW", 2)
    page = order(marketer, quiz).content.decode()
    assert "Scoring 9 responses anew" in page
    row = BackTest.objects.get()
    monkeypatch.setattr(rescoring, "FEW", 2)
    comparing.run(row.pk, now=row.at)
    marketer.post(f"/admin/quizzes/backtests/{row.pk}/publish/", {"responses": "rescore"})
    made = Rescoring.objects.get()
    page = marketer.get(f"/admin/quizzes/rescorings/{made.pk}/").content.decode()
    assert "0 of 9 responses" in page
    assert 'hx-trigger="every 1s"' in page
    again = order(marketer, quiz)
    marketer.post(
        f"/admin/quizzes/backtests/{BackTest.objects.latest('pk').pk}/publish/",
        {"responses": "rescore"},
    )
    assert Rescoring.objects.count() == 1
    assert again.status_code == 200


def test_a_worker_whose_task_was_given_to_another_stops_and_the_last_gives_up(quiz, monkeypatch):
    edited(quiz)
    monkeypatch.setattr(comparing, "FEW", 2)
    row = comparing.order(quiz, by=UserFactory.create(), now=quiz.created_at)
    taken = comparing._touch

    def overtaken(backtest, *, done):
        BackTest.objects.update(attempt=9)
        taken(backtest, done=done)

    monkeypatch.setattr(comparing, "_touch", overtaken)
    comparing.run(row.pk, now=row.at)
    row.refresh_from_db()
    assert (row.state, row.tier_moves.count()) == ("working", 0)
    comparing.run(row.pk, now=row.at)
    row.refresh_from_db()
    assert row.state == "failed"


def test_lists_hold_everybody_once(marketer, quiz, monkeypatch):
    edited(quiz)
    monkeypatch.setattr(showing, "LISTED", 1)
    quiz.tiers.filter(key="hot").update(starts_at=5)
    order(marketer, quiz)
    row = BackTest.objects.get()
    address = f"/admin/quizzes/backtests/{row.pk}/tiers/warm/hot/"
    found, after = [], ""
    while True:
        page = marketer.get(address + after).content.decode()
        found += re.findall(r"/admin/quizzes/response/(\d+)/", page)
        more = re.search(r'href="(\?after=\d+)"', page)
        if more is None:
            break
        after = more[1]
    moved = row.tier_moves.filter(former="warm", tier="hot").order_by("response_id")
    assert found == [str(move.response_id) for move in moved]
    assert len(found) > 2


@pytest.mark.parametrize("path", ["tiers/no/hot/", "segments/none/entering/", ""])
def test_what_is_not_there_is_not_found(marketer, quiz, path):
    edited(quiz)
    order(marketer, quiz)
    base = f"/admin/quizzes/backtests/{BackTest.objects.get().pk}/"
    address = base + path if path else "/admin/quizzes/backtests/99/"
    assert marketer.get(address).status_code == 404


def test_a_back_test_is_shown_to_nobody_but_who_made_it(marketer, quiz):
    edited(quiz)
    order(marketer, quiz)
    other = Client()
    other.force_login(UserFactory.create())
    address = f"/admin/quizzes/backtests/{BackTest.objects.get().pk}/"
    assert other.get(address).status_code == 404
    assert Segment.objects.count() == 1
