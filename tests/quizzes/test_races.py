"""Respondents who press twice, or hold two windows open."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.contacts.models import Contact, Event
from apps.quizzes import taking
from apps.quizzes.models import Answer, Response
from tests.quizzes.drafts import NOW, TYPES, published

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(calls):
    """Run all calls at the same time; return their results or exceptions."""

    def run(call):
        try:
            return call()
        except taking.TakingError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(run, calls))


def say(response, key, value):
    return lambda: taking.answer(response.token_hash, key, {"answer": [value]}, revision=0, now=NOW)


def test_the_same_answer_from_eight_clicks_is_kept_once():
    response, _ = taking.start(published(TYPES), now=NOW)
    results = at_once([say(response, "wake", "early")] * 8)
    assert sorted(result.changed for result in results) == [False] * 7 + [True]
    assert Answer.objects.count() == 1


def test_of_two_windows_with_different_answers_one_is_refused():
    response, _ = taking.start(published(TYPES), now=NOW)
    results = at_once([say(response, "wake", "early"), say(response, "wake", "late")])
    assert sorted(type(result).__name__ for result in results) == ["Outcome", "Stale"]


def test_finishing_from_eight_clicks_finishes_once():
    response, _ = taking.start(published(TYPES), now=NOW)
    say(response, "wake", "early")()
    results = at_once([say(response, "coffee", "no")] * 8)
    assert sum(result.changed for result in results) == 1
    assert Response.objects.finished().count() == 1
    assert (Contact.objects.count(), Event.objects.count()) == (1, 1)
