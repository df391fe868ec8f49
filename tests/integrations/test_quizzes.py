"""The calls of quizzes: prove, publish, try out."""

import copy

import pytest

from apps.quizzes.drafting import draft
from apps.quizzes.models import Response, Version
from tests.integrations.conftest import caller_with
from tests.quizzes.drafts import QUALIFY, published

pytestmark = pytest.mark.django_db

ADA = {"first_name": "Ada", "email": "ada@example.com"}
ANSWERS = {"size": "large", "tools": ["crm"], "sure": 4, "contact": ADA}


def test_a_sound_draft_is_published_and_numbered(call):
    draft(QUALIFY)
    assert call.post("/quizzes/ready/publish", None) == {"version": 1}
    assert call.post("/quizzes/ready/publish", None) == {"version": 2}


def test_publishing_takes_no_keys(call):
    draft(QUALIFY)
    for body in (None, {}):
        assert call("POST", "/quizzes/ready/publish", body).status_code == 200
    refused = call.no("POST", "/quizzes/ready/publish", {"version": 7})
    assert refused == (422, "unknown_key", "version")
    assert call.no("POST", "/quizzes/ready/publish", b"{") == (400, "bad_json", "")
    assert Version.objects.count() == 2


def test_errors_of_the_proof_stand_in_the_way_and_are_listed(call):
    draft({**QUALIFY, "tiers": []})
    answer = call("POST", "/quizzes/ready/publish")
    said = answer.json()
    assert answer.status_code == 422
    assert said["code"] == "unsound"
    words = "There are no tiers yet: a respondent would get no result."
    assert said["errors"] == [{"code": "unsound", "message": words, "at": ""}]
    assert not Version.objects.exists()
    assert call("POST", "/quizzes/ready/simulate", {"answers": {}}).json()["code"] == "unsound"


def test_the_proof_tells_ranges_and_shares(call):
    draft(QUALIFY)
    found = call.get("/quizzes/ready/proof")
    assert found["scales"] == {"score": {"min": 0, "max": 13}}
    assert set(found["tiers"]) == {"cold", "warm", "hot", "no-fit"}
    assert all(tier["reachable"] for tier in found["tiers"].values())
    assert sum(tier["share"] for tier in found["tiers"].values()) == pytest.approx(1)
    assert (found["errors"], found["warnings"]) == ([], [])


def test_the_proof_of_a_draft_with_errors_says_where_they_are(call):
    spec = copy.deepcopy(QUALIFY)
    spec["tiers"].append({"key": "z", "label": "Z", "headline": "Z", "starts_at": 14})
    draft(spec)
    found = call.get("/quizzes/ready/proof")
    assert [(one["code"], one["at"]) for one in found["errors"]] == [("unreachable", "tiers.z")]
    assert found["tiers"]["z"] == {"reachable": False, "share": 0}


def test_answers_are_tried_out_without_keeping_anything(call):
    published()
    found = call.post("/quizzes/ready/simulate", {"answers": ANSWERS})
    assert found["path"] == ["size", "tools", "sure", "contact"]
    assert (found["next"], found["complete"], found["ending"]) == (None, True, None)
    assert (found["scores"], found["percent"]) == ({"score": 11}, {"score": 84.6})
    assert found["tier"] == "hot"
    assert found["receipt"][0] == {
        "question": "size",
        "title": "How large is your team?",
        "answer": "More than 10",
        "points": {"score": 5},
    }
    assert not Response.objects.exists()


def test_answers_lead_as_far_as_they_go(call):
    published()
    found = call.post("/quizzes/ready/simulate", {"answers": {"size": "large"}})
    assert (found["path"], found["next"], found["complete"]) == (["size"], "tools", False)
    jumped = call.post("/quizzes/ready/simulate", {"answers": {"size": "none", "sure": 5}})
    assert (jumped["path"], jumped["next"]) == (["size"], "contact")
    assert (jumped["scores"], jumped["tier"]) == ({"score": 0}, "no-fit")


def test_what_may_be_skipped_and_is_left_out_counts_as_skipped(call):
    published()
    found = call.post("/quizzes/ready/simulate", {"answers": {"size": "large", "sure": 2}})
    assert (found["path"], found["next"]) == (["size", "tools", "sure"], "contact")
    assert found["receipt"][1]["answer"] == "Skipped"
    said = call.post("/quizzes/ready/simulate", {"answers": {"size": "large", "tools": None}})
    assert said["next"] == "sure"


def test_while_nothing_is_answered_nothing_counts_as_skipped(call):
    published(questions=[{**one, "required": False} for one in QUALIFY["questions"]])
    found = call.post("/quizzes/ready/simulate", {"answers": {}})
    assert (found["path"], found["next"], found["receipt"]) == ([], "size", [])


def test_a_version_answers_as_it_was_published(call):
    quiz = published()
    quiz.tiers.update(label="Changed")
    quiz.questions.filter(key="tools").delete()
    found = call.post("/quizzes/ready/simulate", {"answers": ANSWERS, "version": 1})
    assert "tools" in found["path"]
    body = {"answers": {}, "version": 2}
    assert call.no("POST", "/quizzes/ready/simulate", body) == (404, "not_found", "version")


@pytest.mark.parametrize(
    ("answers", "at"),
    [
        ({"nobody": "x"}, "answers.nobody"),
        ({"size": "huge"}, "answers.size"),
        ({"size": ["large"]}, "answers.size"),
        ({"tools": "crm"}, "answers.tools"),
        ({"sure": 9}, "answers.sure"),
        ({"sure": True}, "answers.sure"),
        ({"sure": "4"}, "answers.sure"),
        ({"sure": 1e300}, "answers.sure"),
        ({"contact": {"email": "ada@"}}, "answers.contact"),
        ({"contact": {"email": 3}}, "answers.contact"),
        ({"contact": ADA | {"first_name": True}}, "answers.contact"),
        ({"contact": ADA | {"consent": "no"}}, "answers.contact"),
        ({"contact": ADA | {"company": "x"}}, "answers.contact.company"),
        ({"a\x00": 1}, "answers.a\\x00"),
    ],
)
def test_an_answer_that_cannot_be_given_is_refused_where_it_stands(call, answers, at):
    published()
    refused = call.no("POST", "/quizzes/ready/simulate", {"answers": answers})
    assert refused == (422, "wrong_value", at)


@pytest.mark.parametrize("slug", ["nothing", "x" * 99, "UPPER", "a b", "%00"])
def test_a_quiz_that_is_not_there_is_not_found(call, slug):
    assert call("GET", f"/quizzes/{slug}/proof").status_code in {400, 404}


def test_reading_does_not_publish():
    published()
    reader = caller_with("read")
    assert reader.no("POST", "/quizzes/ready/publish")[:2] == (403, "missing_scope")
    assert reader.get("/quizzes/ready/proof")["errors"] == []
