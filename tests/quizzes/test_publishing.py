import copy

import pytest

from apps.contacts.models import Trait
from apps.quizzes import definition, taking
from apps.quizzes.drafting import draft
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Choice, Question, Quiz
from apps.quizzes.publishing import PublishError, proof, publish
from tests.quizzes.drafts import NOW, QUALIFY, TYPES, published, version

pytestmark = pytest.mark.django_db


def changed(spec=QUALIFY, **changes):
    return {**copy.deepcopy(spec), **changes}


def errors(spec):
    return [problem.message for problem in proof(draft(spec)).errors]


def single(key, *options):
    return {"key": key, "title": key, "choices": list(options)}


def test_publishing_numbers_versions_and_opens_the_quiz():
    quiz = draft(QUALIFY)
    first = publish(quiz, by=None, now=NOW)
    second = publish(quiz, by=None, now=NOW)
    assert (first.number, second.number) == (1, 2)
    quiz.refresh_from_db()
    assert quiz.status == Quiz.Status.OPEN


def test_a_version_never_changes():
    found = version(published())
    with pytest.raises(TypeError):
        found.save()


def test_what_is_frozen_is_read_back_whole():
    found = definition.load(freeze(draft(QUALIFY)))
    size = found.question("size")
    assert size.by_key["none"].jump == "contact"
    assert size.by_key["large"].points == {"score": 5}
    assert found.question("sure").weights == {"score": 1}
    assert found.question("contact").fields == ("first_name", "email", "phone")
    assert found.tier("hot").starts_at == 9


def test_an_edit_never_touches_a_response_under_way():
    quiz = published()
    response, _ = taking.start(quiz, now=NOW)
    Choice.objects.filter(key="large").update(label="Changed")
    Question.objects.filter(key="tools").delete()
    publish(quiz, by=None, now=NOW)
    outcome = taking.answer(response.token_hash, "size", {"answer": ["large"]}, revision=0, now=NOW)
    assert outcome.next.key == "tools"


def test_the_range_and_shares_of_a_sound_draft():
    found = proof(draft(QUALIFY))
    assert found.problems == ()
    assert found.ranges == {"score": (0, 13)}
    assert sum(found.shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"questions": []}, "There is no question yet"),
        ({"tiers": []}, "There are no tiers yet"),
        ({"questions": [single("a")]}, "it has no choices"),
        (
            {"tiers": [{"label": "A", "headline": "A", "starts_at": 3}]},
            "No tier begins at the bottom",
        ),
        (
            {"tiers": [*QUALIFY["tiers"], {"label": "Z", "headline": "Z", "starts_at": 14}]},
            "cannot be reached: scores run from 0 to 13",
        ),
        (
            {
                "questions": [
                    *QUALIFY["questions"],
                    {"key": "again", "kind": "email", "title": "Your e-mail?"},
                ]
            },
            "the email is asked for already",
        ),
        (
            {"questions": [{"key": "n", "kind": "number", "title": "n", "weights": 1}]},
            "needs its lowest and its highest value",
        ),
        (
            {
                "questions": [
                    {"key": "s", "kind": "scale", "title": "s", "minimum": 0, "maximum": 99}
                ]
            },
            "a scale has at most 11 values",
        ),
    ],
)
def test_what_blocks_publishing(changes, message):
    assert any(message in error for error in errors(changed(**changes)))


@pytest.mark.parametrize(
    "override",
    [
        {"trait": "answer.nothing", "op": "is", "value": "x"},
        {"trait": "answer.size"},
        {"event": "order_completed"},
        {"segment": "customers"},
        [],
    ],
)
def test_an_override_that_cannot_be_read_blocks_publishing(override):
    tiers = copy.deepcopy(QUALIFY["tiers"])
    tiers[-1]["override"] = override
    assert any("override rule" in error for error in errors(changed(tiers=tiers)))


def test_an_override_that_no_answers_satisfy_blocks_a_tier_that_has_no_other_way():
    tiers = copy.deepcopy(QUALIFY["tiers"])
    is_small = {"trait": "answer.size", "op": "is", "value": "small"}
    tiers[-1]["override"] = {"all": [is_small, {"not": is_small}]}
    assert any("no answers make" in error for error in errors(changed(tiers=tiers)))


def test_a_jump_must_lead_to_a_later_question():
    quiz = draft(QUALIFY)
    sure, size = (Question.objects.get(key=key) for key in ("sure", "size"))
    Choice.objects.filter(question=size, key="small").update(jump_to=size)
    assert any("a loop" in problem.message for problem in proof(quiz).errors)
    Choice.objects.filter(question=size, key="small").update(jump_to=sure)
    Question.objects.filter(key="sure").update(position=1)
    assert any("leads back" in problem.message for problem in proof(quiz).errors)


def test_a_jump_into_another_quiz_is_dangling():
    quiz, other = draft(QUALIFY), draft(TYPES)
    Choice.objects.filter(key="small").update(jump_to=other.questions.last())
    assert any("not in this quiz" in problem.message for problem in proof(quiz).errors)


def test_a_question_that_every_way_jumps_past_is_reported():
    questions = [
        single("a", {"label": "x", "points": 9, "jump": "c"}, {"label": "y", "jump": "c"}),
        single("b", {"label": "x"}, {"label": "y"}),
        single("c", {"label": "x"}, {"label": "y"}),
    ]
    tiers = [QUALIFY["tiers"][0]]
    assert errors(changed(questions=questions, tiers=tiers)) == [
        "“b” is on no path: every way jumps past it."
    ]


def test_an_outcome_that_never_wins_cannot_be_published():
    spec = changed(TYPES)
    spec["questions"][0]["choices"][1]["points"] = {"lark": 1}
    spec["questions"][1]["weights"] = {"lark": 1}
    assert any("another outcome always has more" in error for error in errors(spec))


def test_ties_are_a_warning_that_states_the_rule():
    found = proof(draft(TYPES))
    assert not found.errors
    assert any(Quiz.TIE_RULE in problem.message for problem in found.warnings)


def test_nothing_changes_when_publishing_fails():
    quiz = draft(changed(tiers=[]))
    with pytest.raises(PublishError) as caught:
        publish(quiz, by=None, now=NOW)
    assert caught.value.problems
    assert not quiz.versions.exists()
    assert not Trait.objects.exists()
    quiz.refresh_from_db()
    assert quiz.status == Quiz.Status.DRAFT


def test_a_key_that_was_another_kind_of_trait_is_refused():
    quiz = published()
    Question.objects.filter(key="sure").update(kind="text")
    assert any("give it another key" in problem.message for problem in proof(quiz).errors)


def test_options_of_older_versions_stay_in_the_catalogue():
    quiz = published()
    Choice.objects.filter(key="small").update(key="tiny", label="Tiny")
    publish(quiz, by=None, now=NOW)
    options = Trait.objects.get(key="quiz.ready.answer.size").options
    assert [option["value"] for option in options] == ["tiny", "large", "none", "small"]


def test_long_titles_fit_the_catalogue():
    spec = changed(title="T" * 200)
    spec["questions"][0]["title"] = "Q" * 300
    published(spec)
    label = Trait.objects.get(key="quiz.ready.answer.size").label
    assert len(label) == 200
    assert label.endswith("QQ…'")


def test_keys_left_blank_are_made_from_the_words():
    asked = {"title": "Result", "choices": [{"label": "Ja"}, {"label": "Ja"}]}
    quiz = draft({"title": "Die große Frage!", "questions": [asked, {"title": "?"}]})
    assert quiz.slug == "die-grosse-frage"
    assert [question.key for question in quiz.questions.all()] == ["result-2", "question"]
    assert list(Choice.objects.values_list("key", flat=True)) == ["ja", "ja-2"]
