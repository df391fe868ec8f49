"""Jumps, visibility and endings as rules, on the way a respondent takes."""

import pytest

from apps.quizzes import definition, taking
from apps.quizzes.branching import path, walk
from apps.quizzes.drafting import draft
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Jump, Question, Response
from apps.quizzes.publishing import proof
from tests.quizzes.drafts import NOW, QUALIFY, published

pytestmark = pytest.mark.django_db


def is_(key, value):
    return {"trait": key, "op": "is", "value": value}


def at_least(key, value):
    return {"trait": key, "op": "at_least", "value": value}


RULED = {
    "title": "Ruled",
    "slug": "ruled",
    "hidden": ["plan"],
    "questions": [
        {
            "key": "role",
            "title": "Your role?",
            "choices": [
                {"key": "boss", "label": "Boss", "points": 5},
                {"key": "staff", "label": "Staff", "points": 1},
                {"key": "guest", "label": "Guest", "points": 0},
            ],
            "jumps": [
                {"rule": is_("hidden.plan", "pro"), "to": "mail"},
                {"rule": is_("answer.role", "guest"), "ending": "sorry"},
            ],
        },
        {
            "key": "budget",
            "kind": "number",
            "title": "Budget?",
            "minimum": 0,
            "maximum": 100,
            "visible": is_("answer.role", "boss"),
            "jumps": [{"rule": at_least("answer.budget", 50), "to": "mail"}],
        },
        {
            "key": "sure",
            "kind": "scale",
            "title": "Sure?",
            "minimum": 1,
            "maximum": 5,
            "weights": 1,
            "jumps": [{"rule": at_least("score", 6)}],
        },
        {"key": "mail", "kind": "email", "title": "Mail?"},
    ],
    "endings": [
        {"key": "sorry", "label": "Sorry", "headline": "Not for guests"},
    ],
    "tiers": [{"key": "done", "label": "Done", "headline": "Thank you"}],
}


@pytest.mark.parametrize(
    ("answers", "hidden", "keys"),
    [
        ({"role": "boss"}, {}, ["role", "budget"]),
        ({"role": "boss", "budget": 50}, {}, ["role", "budget", "mail"]),
        ({"role": "boss", "budget": 49}, {}, ["role", "budget", "sure"]),
        ({"role": "boss", "budget": 49, "sure": 1}, {}, ["role", "budget", "sure"]),
        ({"role": "staff"}, {}, ["role", "sure"]),
        ({"role": "staff", "sure": 4}, {}, ["role", "sure", "mail"]),
        ({"role": "staff", "sure": 5}, {}, ["role", "sure"]),
        ({"role": "guest"}, {}, ["role"]),
        ({"role": "guest"}, {"plan": "pro"}, ["role", "mail"]),
        # what an abandoned branch said is not read: the budget was given as a boss
        ({"role": "staff", "budget": 50}, {}, ["role", "sure"]),
    ],
)
def test_the_first_rule_that_holds_leads_on(answers, hidden, keys):
    quiz = definition.load(freeze(draft(RULED)))
    assert list(path(quiz, answers, hidden)) == keys


def test_the_end_is_reached_at_the_ending_a_jump_names():
    quiz = definition.load(freeze(draft(RULED)))
    assert walk(quiz, {"role": "guest"}).ending == "sorry"
    assert walk(quiz, {"role": "staff", "sure": 5}).ending is None


def test_the_usual_ending_ends_every_other_path():
    endings = [
        *RULED["endings"],
        {"key": "bye", "label": "Bye", "headline": "Bye", "is_default": True},
    ]
    quiz = definition.load(freeze(draft({**RULED, "endings": endings})))
    assert walk(quiz, {"role": "guest"}).ending == "sorry"
    assert walk(quiz, {"role": "staff", "sure": 5}).ending == "bye"
    assert walk(quiz, {"role": "staff", "sure": 1, "mail": "a@b.co"}).ending == "bye"


def test_a_respondent_sees_the_ending_and_still_has_a_tier(client):
    published(RULED)
    url = client.post("/q/ruled/")["Location"]
    result = client.post(url, {"answer": "guest", "revision": "0"})["Location"]
    assert "Not for guests" in client.get(result).text
    response = Response.objects.get()
    assert (response.ending_key, response.tier_key) == ("sorry", "done")


def test_a_hidden_field_decides_the_way_and_back_and_resume_follow(client):
    published(RULED)
    assert 'name="plan" value="pro"' in client.get("/q/ruled/?plan=pro").text
    url = client.post("/q/ruled/", {"plan": "pro"})["Location"]
    then = client.post(url, {"answer": "staff", "revision": "0"})["Location"]
    assert then.endswith("/mail/")
    token = then.split("/")[3]
    assert client.get(f"/q/r/{token}/")["Location"] == then
    assert f'href="/q/r/{token}/role/"' in client.get(then).text
    assert client.get(f"/q/r/{token}/sure/")["Location"] == then


def test_a_hidden_field_that_is_not_declared_is_dropped(client):
    published({**RULED, "hidden": [], "questions": RULED["questions"][3:], "endings": []})
    client.post("/q/ruled/", {"plan": "pro", "utm_source": "x"})
    assert Response.objects.get().hidden == {"utm_source": "x"}


def test_the_jumps_of_choices_come_after_those_by_rule():
    spec = {**QUALIFY, "questions": [dict(question) for question in QUALIFY["questions"]]}
    spec["questions"][0]["jumps"] = [{"rule": is_("answer.size", "none"), "to": "sure"}]
    quiz = definition.load(freeze(draft(spec)))
    assert path(quiz, {"size": "none"}) == ("size", "sure")


def test_a_version_from_before_rules_is_still_taken():
    source = freeze(draft(QUALIFY))
    for key in ("bands", "hidden", "endings"):
        assert key not in source
    for question in source["questions"]:
        assert not {"jumps", "visible", "rows", "mapping"} & set(question)
    assert path(definition.load(source), {"size": "none"}) == ("size", "contact")


def errors(spec):
    return [problem.message for problem in proof(draft(spec)).errors]


def warnings(spec):
    return [problem.message for problem in proof(draft(spec)).warnings]


def test_the_ruled_quiz_is_sound():
    assert errors(RULED) == []


def test_a_jump_by_rule_may_not_lead_back_or_to_itself():
    quiz = draft(RULED)
    role, budget = (quiz.questions.get(key=key) for key in ("role", "budget"))
    Jump.objects.filter(question=budget).update(to=budget)
    assert any("that would be a loop" in one.message for one in proof(quiz).errors)
    Jump.objects.filter(question=budget).update(to=role)
    found = proof(quiz).errors
    assert any("leads back to “Your role?”" in one.message for one in found)
    assert {one.code for one in found} == {"bad_jump"}


def test_a_jump_to_a_question_or_an_ending_of_another_quiz_is_refused():
    quiz, other = draft(RULED), draft({**RULED, "slug": "other"})
    foreign = other.questions.last()
    Question.objects.filter(pk=foreign.pk).update(key="elsewhere")
    other.endings.update(key="elsewhere")
    jumps = Jump.objects.filter(question__quiz=quiz)
    jumps.exclude(to=None).update(to=foreign)
    jumps.exclude(ending=None).update(ending=other.endings.get())
    found = [problem.message for problem in proof(quiz).errors]
    assert any("a question that is not in this quiz" in one for one in found)
    assert any("an ending that is not in this quiz" in one for one in found)


def test_a_rule_that_cannot_be_read_blocks_publishing():
    quiz = draft(RULED)
    Question.objects.filter(key="budget").update(
        visible={"trait": "answer.nothing", "op": "is_set"}
    )
    assert any("“shown if” cannot be read" in one.message for one in proof(quiz).errors)


def test_a_rule_that_reads_a_later_answer_is_warned_of():
    spec = {**RULED, "questions": [dict(question) for question in RULED["questions"]]}
    spec["questions"][0] |= {"visible": {"not": at_least("answer.sure", 3)}}
    assert any("asked only later" in one for one in warnings(spec))


def test_an_ending_that_nothing_leads_to_is_an_error():
    endings = [*RULED["endings"], {"key": "lost", "label": "Lost", "headline": "x"}]
    assert errors({**RULED, "endings": endings}) == [
        "Ending “Lost” cannot be reached: no path ends there."
    ]


def test_a_jump_that_is_never_taken_and_one_that_hides_others_are_warned_of():
    spec = {**RULED, "questions": [dict(question) for question in RULED["questions"]]}
    never = {"rule": {"all": [is_("answer.role", "boss"), is_("answer.role", "staff")]}}
    spec["questions"][0]["jumps"] = [never, *RULED["questions"][0]["jumps"]]
    assert any("jump 1 is never taken" in one for one in warnings(spec))
    spec["slug"] = "again"
    spec["questions"][2] |= {"jumps": [{"to": "mail"}, {"rule": at_least("score", 6)}]}
    assert any("always leads away" in one for one in warnings(spec))


def test_a_question_no_answers_make_visible_is_on_no_path():
    spec = {**RULED, "questions": [dict(question) for question in RULED["questions"]]}
    spec["questions"][2]["visible"] = {"all": [is_("answer.role", "guest")]}
    spec["questions"][0]["jumps"] = [{"rule": is_("answer.role", "guest"), "ending": "sorry"}]
    assert "“Sure?” is on no path: every way jumps past it." in errors(spec)


def test_a_quiz_that_may_ask_nothing_is_refused():
    only = {**RULED["questions"][3], "visible": is_("hidden.plan", "pro")}
    assert any(
        "asked nothing" in one for one in errors({**RULED, "questions": [only], "endings": []})
    )


def test_texts_that_conditions_can_tell_apart_are_found():
    asked = {
        "key": "town",
        "kind": "text",
        "title": "Town?",
        "jumps": [
            {
                "rule": {
                    "all": [
                        {"trait": "answer.town", "op": "starts_with", "value": "new"},
                        {"trait": "answer.town", "op": "ends_with", "value": "ham"},
                        {"trait": "answer.town", "op": "contains", "value": "tt"},
                    ]
                },
                "ending": "sorry",
            }
        ],
    }
    questions = [asked, RULED["questions"][3]]
    assert errors({**RULED, "questions": questions}) == []


def test_answering_walks_by_the_rules_and_finishes(client):
    quiz = published(RULED)
    response, _ = taking.start(quiz, now=NOW)
    token = response.token_hash
    met = taking.answer(token, "role", {"answer": ["boss"]}, revision=0, now=NOW)
    assert met.next.key == "budget"
    done = taking.answer(token, "role", {"answer": ["guest"]}, revision=1, now=NOW)
    assert (done.next, done.response.ending_key) == (None, "sorry")
