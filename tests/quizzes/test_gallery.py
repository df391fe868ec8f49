"""Templates, export, import and duplicating."""

import io
import json
import re

import pytest
from django.test import Client

from apps.quizzes import exchanging
from apps.quizzes.freezing import freeze
from apps.quizzes.gallery import shelf
from apps.quizzes.models import Quiz
from apps.quizzes.publishing import proof
from tests.factories import UserFactory
from tests.quizzes.drafts import QUALIFY, published

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer():
    client = Client()
    client.force_login(UserFactory.create())
    return client


@pytest.mark.parametrize("name", shelf.WHAT_FOR)
def test_a_template_is_proved_without_an_error_or_a_warning(name):
    quiz = exchanging.read(shelf.source(name)).quiz
    assert [problem.message for problem in proof(quiz).problems] == []
    for tier in quiz.tiers.all():
        assert len(tier.headline) > 10
        assert len(tier.body) > 120


def test_every_file_on_the_shelf_is_shown():
    assert {path.stem for path in shelf.HERE.glob("*.json")} == set(shelf.WHAT_FOR)
    assert len(shelf.shown()) == 6


def test_a_template_becomes_a_draft_as_often_as_it_is_used(marketer):
    page = marketer.get("/admin/quizzes/templates/").content.decode()
    assert all(one.title in page for one in shelf.shown())
    for _ in range(2):
        answer = marketer.post("/admin/quizzes/templates/readiness/use/", follow=True)
        assert "Make it yours" in answer.content.decode()
    assert Quiz.objects.filter(status="draft").count() == 2
    assert marketer.post("/admin/quizzes/templates/nothing/use/").status_code == 404


def test_what_is_exported_can_be_imported_and_duplicated(marketer):
    quiz = published(QUALIFY)
    answer = marketer.get(f"/admin/quizzes/quiz/{quiz.pk}/export/")
    assert answer["Content-Disposition"] == 'attachment; filename="ready.json"'
    file = io.BytesIO(answer.content)
    file.name = "ready.json"
    marketer.post("/admin/quizzes/import/", {"file": file})
    marketer.post(f"/admin/quizzes/quiz/{quiz.pk}/duplicate/")
    _, imported, copy = Quiz.objects.order_by("pk")
    assert copy.title == "Copy of Is your team ready?"
    for other in (imported, copy):
        assert {**freeze(other), "slug": "ready", "title": quiz.title} == freeze(quiz)
        assert (other.status, other.versions.count()) == ("draft", 0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no json",
        b"[" * 100_000,
        b"9" * 5_000,
        b"[]",
        b"null",
        b'{"tidemark": NaN}',
        b'{"tidemark": 1}',
        b'{"tidemark": 2, "title": "x"}',
        b"\xff\xfe",
        b" " * 600_000,
        json.dumps({"tidemark": 1, "title": "\x00", "slug": "x"}).encode(),
    ],
)
def test_what_is_no_quiz_is_refused_with_a_sentence_and_nothing_is_kept(marketer, data):
    file = io.BytesIO(data)
    file.name = "quiz.json"
    answer = marketer.post("/admin/quizzes/import/", {"file": file})
    assert answer.status_code == 422
    assert re.search('role="alert"|class="field-error"', answer.text)
    assert not Quiz.objects.exists()
