"""The statements of answering read and write what the ORM would."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.quizzes import holding
from apps.quizzes.models import Answer, Response
from tests.quizzes.drafts import NOW
from tests.quizzes.test_taking import begin, leave, to_the_form

VALUES = ["a", "", None, True, 4, 2.5, ["b", "a"], {"row": "column"}, "Zo\u00eb %s \\ '"]
KEPT = ("response_id", "value", "other", "revision", "answered_at")

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
    assert [getattr(ours, name) for name in KEPT] == [getattr(theirs, name) for name in KEPT]
    assert Answer.objects.filter(value__isnull=True).count() == (2 if value is None else 0)
    said = holding.said(response)
    assert list(said.items()) == [("ours", kept), ("theirs", kept)]
    for one in (kept, *said.values()):
        assert one == (theirs.value, theirs.other, theirs.revision)
        assert type(one.value) is type(theirs.value)


@pytest.mark.parametrize("value", VALUES)
def test_an_answer_is_changed_as_the_orm_would(value):
    response = begin()
    holding.keep(response, "size", "large", "", now=NOW)
    later = NOW + timedelta(minutes=1)
    changed = holding.change(response, "size", holding.Said(value, "else", 2), now=later)
    row = Answer.objects.get()
    assert changed == (row.value, row.other, row.revision) == (value, "else", 2)
    assert row.answered_at == later
    assert holding.said(response) == {"size": changed}
    assert Answer.objects.filter(value__isnull=True).count() == (1 if value is None else 0)


def test_a_second_first_answer_is_refused():
    response = begin()
    holding.keep(response, "size", "large", "", now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        holding.keep(response, "size", "small", "", now=NOW)
    assert Answer.objects.get().value == "large"
