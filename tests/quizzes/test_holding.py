"""The statements of answering read and write what the ORM would."""

import pytest
from django.db import IntegrityError, transaction

from apps.quizzes import holding
from apps.quizzes.models import Answer, Response
from tests.quizzes.drafts import NOW
from tests.quizzes.test_taking import begin, leave, to_the_form

VALUES = ["a", "", None, True, 4, 2.5, ["b", "a"], {"row": "column"}, "Zo\u00eb %s \\ '"]
KEPT = ("response_id", "question_key", "value", "other", "revision", "answered_at")

pytestmark = pytest.mark.django_db


def finish():
    response = begin()
    to_the_form(response)
    leave(response)


def fields(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("made", [begin, finish])
def test_a_response_is_held_as_the_orm_would_have_it(made, django_assert_num_queries):
    made()
    expected = Response.objects.select_related("version").get()
    with transaction.atomic():
        with django_assert_num_queries(1):
            held = holding.hold(expected.token_hash)
            assert held is not None
            assert fields(held) == fields(expected)
            told = (held.version.pk, held.version.quiz_id, held.version.number, held.version.digest)
        assert held.version.definition == expected.version.definition  # asked for when needed
    version = expected.version
    assert told == (version.pk, version.quiz_id, version.number, version.digest)


def test_no_response_is_held_under_an_unknown_hash():
    begin()
    with transaction.atomic():
        assert holding.hold("0" * 64) is None


@pytest.mark.parametrize("value", VALUES)
def test_an_answer_is_kept_and_read_as_the_orm_would(value):
    response = begin()
    kept = holding.keep(response, "ours", value, "else", now=NOW)
    Answer.objects.create(
        response=response, question_key="theirs", value=value, other="else", answered_at=NOW
    )
    ours, theirs = Answer.objects.order_by("pk")
    same = {name: getattr(theirs, name) for name in KEPT} | {"question_key": "ours"}
    for row in (ours, kept):
        assert {name: getattr(row, name) for name in KEPT} == same
        assert type(row.value) is type(theirs.value)
    assert Answer.objects.filter(value__isnull=True).count() == (2 if value is None else 0)
    said = holding.said(response)
    assert [(key, row.pk, row.value, row.other) for key, row in said.items()] == [
        (row.question_key, row.pk, row.value, row.other) for row in (ours, theirs)
    ]


def test_a_second_first_answer_is_refused():
    response = begin()
    holding.keep(response, "size", "large", "", now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        holding.keep(response, "size", "small", "", now=NOW)
    assert Answer.objects.get().value == "large"
