"""When a quiz opens and closes, and how many may finish it."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.contacts.models import Contact
from apps.quizzes import taking
from apps.quizzes.models import Answer, Quiz, Response
from tests.factories import UserFactory
from tests.quizzes.drafts import NOW, TYPES, published
from tests.quizzes.test_races import at_once, say

HOUR = timedelta(hours=1)
races = pytest.mark.django_db(transaction=True)


def quiz_with(**fields):
    quiz = published(TYPES)
    Quiz.objects.filter(pk=quiz.pk).update(**fields)
    quiz.refresh_from_db()
    return quiz


def nearly_done(quiz):
    response, token = taking.start(quiz, now=NOW)
    say(response, "wake", "early")()
    return response, token


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "begins"),
    [
        ({"opens_at": NOW + HOUR}, False),
        ({"opens_at": NOW}, True),
        ({"closes_at": NOW}, False),
        ({"closes_at": NOW + HOUR}, True),
        ({"opens_at": NOW - HOUR, "closes_at": NOW + HOUR, "most_responses": 1}, True),
        ({"opens_at": NOW - HOUR, "status": "closed"}, False),
    ],
)
def test_one_begins_between_opening_and_closing_alone(fields, begins):
    quiz = quiz_with(**fields)
    if begins:
        assert taking.start(quiz, now=NOW)
    else:
        with pytest.raises(taking.QuizClosed):
            taking.start(quiz, now=NOW)


@pytest.mark.django_db
def test_whoever_has_begun_may_finish_after_it_closed():
    quiz = quiz_with(closes_at=NOW + HOUR)
    response, _ = nearly_done(quiz)
    late = NOW + 2 * HOUR
    done = taking.answer(response.token_hash, "coffee", {"answer": ["no"]}, revision=0, now=late)
    assert done.response.is_finished


@races
def test_of_eight_who_finish_at_once_as_many_do_as_the_limit_says():
    quiz = quiz_with(most_responses=3)
    under_way = [nearly_done(quiz)[0] for _ in range(8)]
    results = at_once([say(response, "coffee", "no") for response in under_way])
    refused = [one for one in results if isinstance(one, taking.QuizFull)]
    assert (len(refused), Response.objects.finished().count()) == (5, 3)
    assert Answer.objects.filter(question_key="coffee").count() == 3
    assert Contact.objects.count() == 3


@pytest.mark.django_db
def test_full_it_says_so_kindly_to_who_comes_and_to_who_is_late(client):
    quiz = quiz_with(most_responses=1, closed_text="The **workshop** is full.")
    _, late = nearly_done(quiz)
    first, _ = nearly_done(quiz)
    say(first, "coffee", "no")()
    for answer in (
        client.get("/q/bird/"),
        client.post("/q/bird/", content_type="application/x-www-form-urlencoded"),
        client.post(f"/q/r/{late}/coffee/", {"answer": "no", "revision": "0"}),
    ):
        page = answer.content.decode()
        assert answer.status_code == 410
        assert "This quiz is closed" in page
        assert "The <strong>workshop</strong> is full." in page
    htmx = {"HX-Request": "true"}
    part = client.post(f"/q/r/{late}/coffee/", {"answer": "no", "revision": "0"}, headers=htmx)
    assert part["HX-Retarget"] == "body"


@pytest.mark.django_db
def test_the_last_answer_sent_again_after_it_filled_up_still_leads_to_the_result():
    quiz = quiz_with(most_responses=1)
    response, _ = nearly_done(quiz)
    say(response, "coffee", "no")()
    assert say(response, "coffee", "no")().changed is False


@pytest.mark.django_db
def test_before_it_opens_the_page_says_when_in_the_installations_zone(client, settings):
    settings.TIME_ZONE = "Europe/Stockholm"
    quiz_with(opens_at=NOW.replace(year=2099))
    answer = client.get("/q/bird/")
    assert answer.status_code == 403
    assert "It opens on 23 November 2099, 13:00 (CET)." in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"closes_at_0": "2026-11-01"}, "It would close before it opens."),
        ({"most_responses": "0"}, "greater than or equal to 1"),
        ({"most_responses": "9" * 30}, "less than or equal to"),
    ],
)
def test_what_makes_no_sense_is_refused_in_the_form(fields, message):
    quiz = published(TYPES)
    client = Client()
    client.force_login(UserFactory.create())
    address = f"/admin/quizzes/quiz/{quiz.pk}/change/"
    form = {
        "title": quiz.title,
        "status": "open",
        "start_label": "Start",
        "scoring": quiz.scoring,
        "opens_at_0": "2026-11-20",
        "opens_at_1": "09:00",
        "closes_at_0": "2026-12-20",
        "closes_at_1": "09:00",
    }
    for name in ("scales", "tiers", "endings"):
        rows = getattr(quiz, name).count()
        form |= {f"{name}-TOTAL_FORMS": 0, f"{name}-INITIAL_FORMS": 0, f"{name}-rows": rows}
    assert message in client.post(address, form | fields).content.decode()
    client.post(address, form)
    quiz.refresh_from_db()
    assert quiz.closes_at is not None
    assert quiz.opens_at < quiz.closes_at
