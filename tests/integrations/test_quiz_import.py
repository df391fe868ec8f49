"""Tidemark's own JSON: what is written out is read back the same."""

import copy

import pytest

from apps.quizzes.drafting import draft
from apps.quizzes.exchanging import written
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Quiz
from tests.quizzes.drafts import QUALIFY, TYPES
from tests.quizzes.test_instruments import MEANS
from tests.quizzes.test_jumping import RULED

pytestmark = pytest.mark.django_db
IMPORT = "/quizzes/import?format=tidemark"
BANDS = [{"key": "low", "label": "Low", "headline": "x"}]


@pytest.mark.parametrize("spec", [QUALIFY, TYPES, RULED, {"title": "M", **MEANS, "tiers": BANDS}])
def test_a_quiz_written_out_comes_back_the_same(call, spec):
    source = written(draft(spec))
    found = call.post(IMPORT, source)
    assert found["slug"] != source["slug"]
    assert found["keys"] == {one["key"]: one["key"] for one in source["questions"]}
    assert {line["outcome"] for line in found["report"]} == {"imported"}
    back = written(Quiz.objects.get(slug=found["slug"]))
    assert {**back, "slug": ""} == {**source, "slug": ""}


def changed(**changes):
    source = freeze(draft({**QUALIFY, "slug": "source"}))
    return {"tidemark": 1, **copy.deepcopy(source), "slug": "fresh", **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"tidemark": 2},
        {"questions": "none"},
        {"questions": [{"key": "a"}]},
        {"questions": [{"key": "a", "kind": "riddle", "title": "x"}]},
        {"questions": [{"key": "A b", "kind": "text", "title": "x"}]},
        {"questions": [{"key": "a", "kind": "text", "title": "x" * 400}]},
        {"questions": [{"key": "a", "kind": "text", "title": "x", "quiz_id": 3}]},
        {"questions": [{"key": "a", "kind": "text", "title": "x", "jumps": [{"to": "b"}]}]},
        {"tiers": [{"key": "a", "label": "A", "headline": "x", "button_url": "javascript:x"}]},
        {"tiers": [{"key": "a", "label": "A", "headline": "x", "starts_at": "many"}]},
        {"slug": 7},
        {"more": 1},
    ],
)
def test_what_is_no_such_quiz_is_refused_and_leaves_nothing(call, changes):
    body = changed(**changes)
    before = Quiz.objects.count()
    assert call.no("POST", IMPORT, body)[:2] == (422, "unreadable")
    assert Quiz.objects.count() == before


def test_an_unknown_format_and_a_body_that_is_no_object_are_refused(call):
    assert call.no("POST", "/quizzes/import?format=riddle", {}) == (422, "wrong_value", "format")
    assert call.no("POST", IMPORT, [])[0] == 422
