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
        ("{age} = -1", {"age": -1}, True),
        ("{one} <> ''", {}, False),
        ("{one} != undefined", {"one": "2"}, True),
        ("{word} = ''", {}, True),
        ("{one} contains 'x'", {"one": "x"}, True),
        ("{one} notcontains 'x'", {"one": "x"}, False),
        ("{sure} = 1", {"sure": True}, True),
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
    right = {"type": "text", "name": "sure", "correctAnswer": "yes"}
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


def outcome(report, at):
    return [line.outcome for line in report if line.at == at]


def test_results_that_cover_all_scores_make_a_quiz_that_can_be_published():
    last = [
        {"expression": "{total} >= 3", "html": "<h2>High</h2>{total} of 4"},
        {"expression": "{total} < 3", "html": "<h2>Low</h2>"},
        {"expression": "{total} > 50", "html": "Beyond"},
    ]
    total = [{"name": "total", "expression": "{run} + {swim}"}]
    asked = [
        {"type": "dropdown", "name": name, "isRequired": True, "choices": [1, 2]}
        for name in ("run", "swim")
    ]
    source = survey(*asked, calculatedValues=total, completedHtmlOnCondition=last)
    definition, found = read(source)
    publish(found.quiz, by=None, now=NOW)
    assert [tier.headline for tier in definition.tiers] == ["High", "Low"]
    assert definition.tiers[0].body == "{{ scores.total }} of 4"
    low = simulate(definition, {"run": "1", "swim": "1"}).result
    assert low.tier.headline == "Low"
    assert outcome(found.report, "completedHtmlOnCondition[2]") == ["approximated", "refused"]


def test_a_last_page_that_always_holds_is_the_usual_one():
    last = [{"expression": "{one} = 1", "html": "One"}, {"expression": "true", "html": "Rest"}]
    more = {"completedHtml": "Never", "completedHtmlOnCondition": last}
    definition, found = read(survey(QUESTIONS[0], **more))
    publish(found.quiz, by=None, now=NOW)
    assert [tier.headline for tier in definition.tiers] == ["One", "Rest"]
    assert outcome(found.report, "completedHtml") == ["refused"]


def test_what_nobody_is_shown_is_left_out_and_jumped_past():
    ghost = {"type": "comment", "name": "ghost", "visibleIf": "{one} = 'no such choice'"}
    heir = {"type": "comment", "name": "heir", "visibleIf": "{ghost} notempty"}
    skip = [{"type": "skip", "expression": "{one} = 1", "gotoName": "ghost"}]
    last = {"type": "comment", "name": "last"}
    questions = (QUESTIONS[0], {"type": "comment", "name": "why"}, ghost, heir, last)
    definition, found = read(survey(*questions, triggers=skip))
    publish(found.quiz, by=None, now=NOW)
    assert path(definition, {"one": "1"}) == ("one", "last")
    assert path(definition, {"one": "2", "why": None}) == ("one", "why", "last")
    assert outcome(found.report, "elements[2]")[-1] == "refused"


def test_a_question_that_waits_for_a_later_answer_is_shown_to_everybody():
    early = {"type": "comment", "name": "early", "visibleIf": "{one} = 1"}
    definition, found = read(survey(early, QUESTIONS[0]))
    publish(found.quiz, by=None, now=NOW)
    assert path(definition, {})[0] == "early"
    assert outcome(found.report, "elements[0].visibleIf") == ["imported", "refused"]


def test_what_is_hidden_for_good_is_not_asked():
    hidden = {"type": "text", "name": "source", "visible": False}
    shown = {"type": "text", "name": "shown", "visible": False, "visibleIf": "{one} = 1"}
    page = {"visible": False, "elements": [{"type": "comment", "name": "inner"}]}
    pages = [{"elements": [QUESTIONS[0], hidden, shown]}, page]
    definition, found = read({"pages": pages})
    assert [question.key for question in definition.questions] == ["one", "shown"]
    assert outcome(found.report, "pages[0].elements[1]") == ["refused"]
    assert outcome(found.report, "pages[1]") == ["refused"]


def test_texts_speak_of_earlier_answers():
    matrix = QUESTIONS[6]
    why = {"type": "comment", "name": "why", "title": "Why {one}, {grid.r1}, {grid}, {later}?"}
    odd = {"type": "comment", "name": "odd", "title": "{{one}} {{none}} {% if %}"}
    definition, found = read(survey(QUESTIONS[0], matrix, why, odd, completedHtml="Bye {why}"))
    publish(found.quiz, by=None, now=NOW)
    title = definition.questions[2].title
    assert title == "Why {{ answer.one }}, {{ answer.grid.r1 }}, {grid}, {later}?"
    odd_title = "{ {{ answer.one }}} { {none}} { % if %}"
    assert definition.questions[3].title == odd_title
    assert definition.tiers[-1].headline == "Bye {{ answer.why }}"
    assert outcome(found.report, "elements[2].title") == ["approximated"] * 2


def test_long_html_goes_on_under_its_first_line():
    long = "word " * 90
    page = f"<style>p {{ color: red }}</style><h1>Read</h1><p>{long}</p><!-- no --><p>Age < 18</p>"
    definition, _ = read(survey({"type": "html", "name": "intro", "html": page}, QUESTIONS[0]))
    first = definition.questions[0]
    assert first.title == "Read"
    assert first.help == f"{long.strip()}\nAge < 18"


def test_checks_become_kinds_and_limits():
    def check(kind, **more):
        return [{"type": kind, **more}]

    definition, found = read(
        survey(
            {"type": "text", "name": "mail", "validators": check("email")},
            {"type": "text", "name": "age", "validators": check("numeric", minValue=18)},
            {"type": "text", "name": "size", "inputType": "number", "min": "1", "max": "9"},
            {
                "type": "checkbox",
                "name": "tools",
                "choices": [1, 2, 3],
                "validators": check("answercount", minCount=2),
            },
            {"type": "comment", "name": "why", "validators": check("text", maxLength=50)},
            {"type": "text", "name": "code", "validators": check("regex", regex="x")},
            {"type": "rating", "name": "nps", "rateMin": 0, "rateCount": 11},
            {"type": "file", "name": "cv", "maxSize": 9},
        )
    )
    mail, age, size, tools, why, _, nps, file = definition.questions
    assert [one.kind for one in (mail, age, size, file)] == ["email", "number", "number", "file"]
    assert (age.minimum, size.minimum, size.maximum) == (18, 1, 9)
    assert (tools.least, why.longest, nps.minimum, nps.maximum) == (2, 50, 0, 10)
    assert outcome(found.report, "elements[5].validators[0]") == ["refused"]
    assert outcome(found.report, "elements[7].maxSize") == ["refused"]


def test_settings_of_another_kind_of_question_are_not_dropped_without_a_word():
    questions = (
        {"type": "text", "name": "day", "inputType": "date", "min": "2026-01-01"},
        {"type": "comment", "name": "why", "rows": 5},
        {"type": "rating", "name": "mood", "rateValues": [1, 2], "minRateDescription": "low"},
        {"type": "radiogroup", "name": "pick", "choices": ["a"], "showOtherItem": True},
    )
    _, found = read(survey(*questions))
    assert outcome(found.report, "elements[0].min") == ["refused"]
    assert outcome(found.report, "elements[1].rows") == ["refused"]
    assert outcome(found.report, "elements[2].minRateDescription") == ["refused"]
    assert outcome(found.report, "elements[3].showOtherItem") == ["imported"]


def test_a_quiz_of_right_answers_counts_them_in_conditions_and_texts():
    def quiz(kind, name, right, **more):
        return {"type": kind, "name": name, "isRequired": True, "correctAnswer": right, **more}

    choices = {"choices": ["a", "b", "c"]}
    questions = (
        quiz("radiogroup", "one", "a", **choices),
        quiz("checkbox", "many", ["a", "b"], **choices),
        quiz("boolean", "sure", False),
    )
    all_right = [{"expression": "{correctAnswers} = {questionCount}", "html": "All"}]
    rest = "{correctAnswers} of {questionCount}"
    source = survey(*questions, completedHtmlOnCondition=all_right, completedHtml=rest)
    definition, found = read(source)
    publish(found.quiz, by=None, now=NOW)
    best = simulate(definition, {"one": "a", "many": ["a", "b"], "sure": False}).result
    assert (best.score, best.tier.headline) == (3, "All")
    assert definition.tiers[-1].headline == "{{ scores.score }} of 3"


def test_an_older_trigger_waits_for_a_name_and_a_value():
    done = {"type": "complete", "name": "one", "operator": "equal", "value": "x"}
    definition, _ = read(survey(*QUESTIONS[:2], triggers=[done]))
    assert path(definition, {"one": "x"}) == ("one",)
    assert path(definition, {"one": "1"}) == ("one", "many")


def test_conditions_may_call_a_question_by_its_value_name():
    named = {**QUESTIONS[0], "valueName": "shared"}
    last = {"type": "comment", "name": "last", "visibleIf": "{shared} = 1"}
    definition, _ = read(survey(named, last))
    assert path(definition, {"one": "1"}) == ("one", "last")


def test_a_survey_that_asks_nobody_anything_is_refused_whole():
    ghost = {"type": "comment", "name": "ghost", "visibleIf": "false"}
    with pytest.raises(Unreadable, match="no question"):
        imported(survey(ghost), "surveyjs")


def test_a_condition_may_ask_whether_a_file_was_sent():
    sent = {"type": "file", "name": "cv", "isRequired": True}
    last = {"type": "comment", "name": "last", "visibleIf": "{cv} notempty"}
    definition, found = read(survey(sent, last))
    publish(found.quiz, by=None, now=NOW)
    assert [question.key for question in definition.questions] == ["cv", "last"]


def test_points_of_more_than_two_decimals_are_rounded_with_a_line():
    fine = {"type": "radiogroup", "name": "fine", "choices": [0.27, "0.135", 0]}
    total = [{"name": "total", "expression": "{fine} + {one}"}]
    plain = {"type": "radiogroup", "name": "one", "choices": [1, 2]}
    _, found = read(survey(fine, plain, calculatedValues=total))
    assert outcome(found.report, "elements[0]") == ["imported", "approximated"]
    assert outcome(found.report, "elements[1]") == ["imported"]


def test_a_text_greets_by_name_or_else_by_other_words():
    greeting = [{"name": "who", "expression": "iif({word} notempty, {word}, 'my {friend}')"}]
    source = survey(QUESTIONS[4], calculatedValues=greeting, completedHtml="Bye, {who}!")
    definition, found = read(source)
    publish(found.quiz, by=None, now=NOW)
    assert definition.tiers[0].headline == 'Bye, {{ answer.word | default: "my friend" }}!'
    assert outcome(found.report, "calculatedValues[0]") == ["imported"]


def test_a_long_survey_is_imported_without_looking_through_all_its_ways():
    many = [{"type": "comment", "name": f"q{one}", "visibleIf": "{one} = 1"} for one in range(300)]
    definition, _ = read(survey(QUESTIONS[0], *many))
    assert len(definition.questions) == 301
