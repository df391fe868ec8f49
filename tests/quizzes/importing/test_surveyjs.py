"""SurveyJS surveys become drafts: conditions, points and pages, and a line for all the rest."""

import random

import pytest

from apps.quizzes.branching import path
from apps.quizzes.exchanging import Unreadable
from apps.quizzes.importing.rules import Untranslatable
from apps.quizzes.importing.surveyjs.expressions import parsed
from apps.quizzes.publishing import publish
from apps.quizzes.simulating import definition_of, simulate
from tests.quizzes.drafts import NOW
from tests.quizzes.importing.test_typeform import ODD, mutated
from tests.quizzes.importing.walking import imported

pytestmark = pytest.mark.django_db
NUMERIC = [{"value": 1, "text": "Never"}, {"value": "3", "text": {"default": "Daily", "fr": "x"}}]


def survey(*elements, **more):
    return {"title": {"default": "Habits", "fr": "Habitudes"}, "elements": list(elements), **more}


def read(source):
    found = imported(source, "surveyjs")
    return definition_of(found.quiz, version=None), found


def pages():
    return {
        "title": "Habits",
        "pages": [
            {
                "name": "one",
                "elements": [
                    {"type": "radiogroup", "name": "run", "choices": NUMERIC, "isRequired": True},
                    {
                        "type": "panel",
                        "name": "more",
                        "visibleIf": "{run} > 2",
                        "elements": [
                            {"type": "checkbox", "name": "tools", "choices": ["a", "b", "c"]},
                            {"type": "comment", "name": "why", "visibleIf": "{tools} contains 'b'"},
                        ],
                    },
                ],
            },
            {
                "name": "two",
                "elements": [
                    {"type": "rating", "name": "mood", "rateMin": 1, "rateMax": 5},
                    {"type": "text", "name": "mail", "inputType": "email"},
                    {"type": "signaturepad", "name": "sign"},
                ],
            },
        ],
        "calculatedValues": [{"name": "total", "expression": "{run} + 2 * {mood}"}],
        "triggers": [{"type": "complete", "expression": "{mood} = '1'"}],
        "completedHtmlOnCondition": [{"expression": "{total} >= 10", "html": "<h3>Wow</h3>Go on"}],
        "completedHtml": "<p>Thank &amp; bye</p>",
    }


def test_a_survey_becomes_a_quiz_with_conditions_points_and_pages():
    definition, found = read(pages())
    publish(found.quiz, by=None, now=NOW)
    assert path(definition, {"run": "1"}) == ("run", "mood")
    assert path(definition, {"run": "3"}) == ("run", "tools")
    assert path(definition, {"run": "3", "tools": ["b"]}) == ("run", "tools", "why")
    assert path(definition, {"run": "1", "mood": 1}) == ("run", "mood")  # the trigger ends it
    low = simulate(definition, {"run": "1", "mood": 4}).result
    high = simulate(definition, {"run": "3", "mood": 4}).result
    assert (low.score, low.tier.headline) == (9, "Thank & bye")
    assert (high.score, high.tier.headline, high.tier.body) == (11, "Wow", "Go on")
    assert definition.questions[0].choices[1].label == "Daily"


def elements(value, at=""):
    for name in ("pages", "elements", "questions", "items", "choices", "triggers"):
        items = value.get(name) if isinstance(value, dict) else None
        for place, item in enumerate(items if isinstance(items, list) else ()):
            where = f"{at}.{name}[{place}]".lstrip(".")
            yield where
            yield from elements(item, where)


def lost(source, report):
    told = {line.at for line in report}
    return [at for at in elements(source) if at not in told and not told & set(parents(at))]


def parents(at):
    """Yield the questions that a choice stands in: one that is refused is refused with them."""
    if ".choices[" in at:
        yield at.partition(".choices[")[0]


def test_the_report_names_every_element():
    source = pages()
    report = read(source)[1].report
    assert lost(source, report) == []
    told = {line.at: line.outcome for line in report}
    assert told["pages[1].elements[2]"] == "refused"
    assert told["pages[0].elements[1]"] == "approximated"


QUESTIONS = (
    {"type": "radiogroup", "name": "one", "choices": [1, 2, "x"]},
    {"type": "checkbox", "name": "many", "choices": ["a", "b", "c"]},
    {"type": "text", "name": "age", "inputType": "number"},
    {"type": "boolean", "name": "sure"},
    {"type": "text", "name": "word"},
    {"type": "text", "name": "day", "inputType": "date"},
    {"type": "matrix", "name": "grid", "rows": ["r1", "r2"], "columns": ["c1", "c2"]},
)


@pytest.mark.parametrize(
    ("expression", "said", "shown"),
    [
        ("{one} = '1'", {"one": "1"}, True),  # 1 and "1" are alike
        ("{one} == 1", {"one": "2"}, False),
        ("{one} <> 1", {}, True),
        ("{one} >= 2", {"one": "2"}, True),
        ("2 <= {one}", {"one": "1"}, False),
        ("{one} anyof ['1', 'X']", {"one": "x"}, True),
        ("{one} empty", {}, True),
        ("!({one} notempty)", {"one": "x"}, False),
        ("{many} contains 'b'", {"many": ["a", "b"]}, True),
        ("{many} notcontains 'b'", {"many": ["a"]}, True),
        ("{many} allof ['a', 'b']", {"many": ["a"]}, False),
        ("{many} = ['b', 'a']", {"many": ["a", "b"]}, True),
        ("{many} = ['a']", {"many": ["a", "b"]}, False),
        ("{many} noneof ['c']", {"many": ["a"]}, True),
        ("{age} > '17' and {age} <= 65", {"age": 18}, True),
        ("{age} < 18 or {sure} = true", {"age": 40, "sure": True}, True),
        ("{sure} = 'false'", {"sure": False}, True),
        ("{sure}", {"sure": True}, True),
        ("{word} contains 'ell'", {"word": "Hello"}, True),
        ("{word} != 'x'", {"word": "X"}, False),  # without regard to case
        ("{day} >= '2026-01-01'", {"day": "2026-01-01"}, True),
        ("{grid.r1} = 'c2'", {"grid": {"r1": "c2", "r2": "c1"}}, True),
    ],
)
def test_conditions_hold_as_in_surveyjs(expression, said, shown):
    last = {"type": "comment", "name": "last", "visibleIf": expression}
    definition, _ = read(survey(*QUESTIONS, last))
    answers = {question["name"]: None for question in QUESTIONS} | said
    assert ("last" in path(definition, answers)) is shown


@pytest.mark.parametrize(
    "source", ["", "{a", "{a} =", "and", "{a} = 1 1", "(((", "[1, {a}] = 2", "f(", "{a} # 2", None]
)
def test_what_is_no_expression_is_refused(source):
    with pytest.raises(Untranslatable):
        parsed(source)


def test_a_condition_that_cannot_be_said_is_told_and_the_question_is_shown():
    last = {"type": "comment", "name": "last", "visibleIf": "sum({age}, {one}) > 3"}
    definition, found = read(survey(*QUESTIONS, last))
    assert definition.questions[-1].visible is None
    assert ("elements[7].visibleIf", "refused") in {(one.at, one.outcome) for one in found.report}


def picked(name, *choices, kind="radiogroup"):
    return {"type": kind, "name": name, "choices": list(choices)}


@pytest.mark.parametrize(
    "elements",
    [
        [picked("q", {"value": "a", "score": 2}, {"value": "b", "score": 0})],
        [picked("q", "a-2", "b-0"), picked("p", "x-1", "y-0", kind="dropdown")],
        [picked("q", 2, 0), {"type": "expression", "name": "all", "expression": "sum({q})"}],
    ],
)
def test_points_are_counted_by_each_convention(elements):
    definition, _ = read(survey(*elements))
    first = definition.questions[0].choices[0].key
    assert simulate(definition, {"q": first}).result.score == 2


def test_right_answers_count_one_and_a_mean_is_a_mean():
    definition, _ = read(
        survey({"type": "radiogroup", "name": "q", "choices": ["a", "b"], "correctAnswer": "b"})
    )
    assert simulate(definition, {"q": "b"}).result.score == 1
    ratings = [{"type": "rating", "name": name} for name in ("one", "two")]
    mean = {"name": "mean", "expression": "avg({one}, {two})"}
    definition, _ = read(survey(*ratings, calculatedValues=[mean]))
    assert simulate(definition, {"one": 2, "two": 5}).result.score == 3.5


def test_points_that_do_not_count_are_told():
    scored = picked("q", {"value": "a", "score": 2}, {"value": "b", "score": "many"})
    right = {"type": "boolean", "name": "sure", "correctAnswer": True}
    lines = ("elements[0].choices[0].score", "elements[0].choices[1].score")
    _, found = read(survey(scored, right))
    refused = {one.at for one in found.report if one.outcome == "refused"}
    assert refused == {lines[1], "elements[1].correctAnswer"}
    rating, own = {"type": "rating", "name": "rate"}, {"name": "x", "expression": "{rate}"}
    _, found = read(survey(scored, rating, calculatedValues=[own]))
    assert {one.at for one in found.report if one.outcome == "refused"} == set(lines)


@pytest.mark.parametrize("seed", range(40))
def test_a_spoilt_survey_is_read_or_refused_and_loses_nothing_silently(seed):
    luck = random.Random(seed)
    source = mutated(pages() if seed % 2 else survey(*QUESTIONS), seed)
    source["elements"] = source.get("elements") or [luck.choice(ODD), *QUESTIONS]
    try:
        found = imported(source, "surveyjs")
    except Unreadable as error:
        assert str(error)
    else:
        assert lost(source, found.report) == []
