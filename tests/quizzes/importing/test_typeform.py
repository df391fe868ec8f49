"""Typeform forms become drafts that can be published; no element is lost without a word."""

import copy
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.quizzes.branching import walk
from apps.quizzes.exchanging import Unreadable
from apps.quizzes.publishing import publish
from apps.quizzes.simulating import definition_of, simulate
from tests.quizzes.drafts import NOW
from tests.quizzes.importing.forms import (
    ALWAYS,
    REAL,
    block,
    calculate,
    choice,
    jump,
    on,
    on_score,
    real,
    small,
    with_real_forms,
)
from tests.quizzes.importing.walking import imported

pytestmark = pytest.mark.django_db


def elements(value, at=""):
    """Yield the path of every field, choice, screen, action and hidden field of a form."""
    for name in ("fields", "choices", "thankyou_screens", "welcome_screens", "actions", "hidden"):
        items = value.get(name) if isinstance(value, dict) else None
        for place, item in enumerate(items if isinstance(items, list) else ()):
            path = f"{at}.{name}[{place}]".lstrip(".")
            yield path
            yield from elements(item, path)
    for name in ("properties", "logic"):
        inner = value.get(name) if isinstance(value, dict) else None
        if isinstance(inner, dict):
            yield from elements(inner, f"{at}.{name}".lstrip("."))
        for place, item in enumerate(inner if isinstance(inner, list) else ()):
            yield from elements(item, f"{at}.{name}[{place}]".lstrip("."))


def lost(source, report):
    """Return the elements that no line speaks of: neither of them, nor of what they stand in."""
    told = {line.at for line in report}
    return [at for at in elements(source) if not told & {at, re.sub(r"\.actions\[\d+\]$", "", at)}]


def test_a_form_becomes_a_quiz_with_points_jumps_and_tiers():
    found = imported(small())
    publish(found.quiz, by=None, now=NOW)
    definition = definition_of(found.quiz, version=1)
    assert found.keys == {one: one for one in ("size", "name", "sure", "mail")}
    assert [scale.key for scale in definition.scales] == ["score"]
    assert definition.questions[2].title == "How sure, {{ answer.name }}?"
    assert definition.questions[3].title == "Your email?"
    assert definition.hidden == ("plan", "user_id")
    assert definition.intro == "Welcome\n\nTwo **minutes**."
    for size, sure, score, ending in (
        ("small", 3, 3, "low"),
        ("small", 4, 4, "middle"),
        ("large", 2, 7, "middle"),
        ("large", 3, 8, "high"),
    ):
        said = {"size": size, "name": "Ann", "sure": sure, "mail": "ann@example.com"}
        result = simulate(definition, said).result
        assert (result.score, result.tier.key, result.ending) == (score, ending, ending)
    high = definition.ending("high")
    assert high is not None
    assert (high.headline, high.button_url) == ("Go, {{ answer.name }}", "https://example.com/book")


def test_the_report_of_a_form_names_what_is_approximated_and_refused():
    source = small()
    report = imported(source).report
    assert lost(source, report) == []
    told = {(line.at, line.outcome) for line in report}
    assert {
        ("fields[1]", "approximated"),
        ("fields[2].title", "approximated"),
        ("hidden[1]", "approximated"),
        ("fields[0].properties.vertical_alignment", "refused"),
        ("thankyou_screens[2].properties.redirect_url", "imported"),
    } <= told


@with_real_forms
@pytest.mark.parametrize("name", REAL)
def test_a_real_form_is_published_and_its_report_names_every_element(name):
    source = real(name)
    found = imported(source)
    assert lost(source, found.report) == []
    publish(found.quiz, by=None, now=NOW)
    definition = definition_of(found.quiz, version=1)
    answers = {}
    while (waiting := walk(definition, answers).waiting) is not None:
        answers[waiting.key] = first_answer(waiting)
    assert walk(definition, answers).ending is not None


def first_answer(question):
    if question.kind in {"single", "dropdown"}:
        return question.choices[0].key
    if question.kind == "several":
        return [question.choices[0].key]
    return {"yes_no": True, "number": 30, "scale": 3, "date": "2024-05-05"}.get(question.kind, "x")


def scored(*blocks, **more):
    source = {**small(), "logic": list(blocks), **more}
    found = imported(source)
    return definition_of(found.quiz, version=None), found.report


def score_of(definition, **said):
    return simulate(definition, said).result


def test_categories_become_means_and_points_by_value():
    definition, _ = scored(
        block(
            "sure",
            calculate("add", "sure", ALWAYS, target="mood", kind="field"),
            calculate("add", 4, on("size", "is", "c-large"), target="mood"),
            calculate("divide", 2, ALWAYS, target="mood"),
            calculate("subtract", 3, on("sure", "lower_than", 3)),
        ),
    )
    result = score_of(definition, size="large", name="x", sure=2)
    assert result.scores == {"score": -3, "mood": 3}
    assert score_of(definition, size="large", name="x", sure=3).scores["score"] == 0


def test_a_chain_of_sets_becomes_tiers_in_whatever_order_it_is_written():
    def level(value, op, bound):
        return calculate("set", value, on_score(op, bound), target="level")

    definition, _ = scored(
        block("sure", calculate("add", "sure", ALWAYS, kind="field")),
        block("mail", level(1, "lower_than", 5), level(0, "lower_than", 3)),
    )
    starts = [(tier.label, tier.starts_at) for tier in definition.tiers]
    assert starts == [("Level 0", None), ("Level 1", 3), ("Otherwise", 5)]


@pytest.mark.parametrize(
    "action",
    [
        calculate("add", 1, ALWAYS),
        calculate("set", 10, on("size", "is", "c-large")),
        calculate(
            "add", 1, {"op": "and", "vars": [on("size", "is", "c-small"), on("sure", "equal", 1)]}
        ),
        calculate("add", 1, on("gone", "is", "c-x")),
        calculate("divide", 0, ALWAYS),
        {"action": "dance"},
        jump("size", ALWAYS),
        jump("nowhere", ALWAYS),
    ],
)
def test_what_the_quiz_cannot_say_is_refused_where_it_stands(action):
    _, report = scored(block("sure", calculate("add", "sure", ALWAYS, kind="field"), action))
    told = {line.at: line.outcome for line in report}
    assert told["logic[0].actions[1]"] == "refused"


# --- Compared with a plain reading of Typeform's own semantics ---------------------------

NUMBERS = {"equal": "==", "not_equal": "!=", "lower_than": "<", "lower_equal_than": "<="} | {
    "greater_than": ">",
    "greater_equal_than": ">=",
}


def holds(condition, said):
    op, parts = condition["op"], condition["vars"]
    if op == "always":
        return True
    if op in {"and", "or"}:
        return (all if op == "and" else any)(holds(part, said) for part in parts)
    value, wanted = said.get(parts[0]["value"]), parts[1]["value"]
    negative = op in {"is_not", "not_equal", "not_contains"}
    if value is None:
        return negative
    if op in NUMBERS:
        return eval(f"{value} {NUMBERS[op]} {wanted}")
    if op in {"contains", "not_contains"}:
        return (wanted in value) is not negative
    return (wanted in value if isinstance(value, list) else wanted == value) is not negative


LEAVES = st.one_of(
    st.builds(
        on, st.just("q1"), st.sampled_from(["is", "is_not"]), st.sampled_from(["c-a", "c-b"])
    ),
    st.builds(
        on, st.just("q2"), st.sampled_from(["is", "is_not"]), st.sampled_from(["c-a", "c-b"])
    ),
    st.builds(on, st.just("q3"), st.sampled_from([*NUMBERS]), st.integers(0, 4)),
    st.builds(on, st.just("q4"), st.just("is"), st.booleans()),
    st.builds(
        on,
        st.just("q5"),
        st.sampled_from(["contains", "not_contains"]),
        st.sampled_from(["x", "y"]),
    ),
    st.just(ALWAYS),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda op, parts: {"op": op, "vars": parts},
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "q1": st.sampled_from(["c-a", "c-b"]),
        "q2": st.lists(st.sampled_from(["c-a", "c-b"]), min_size=1, max_size=2, unique=True),
        "q3": st.integers(0, 4),
        "q4": st.booleans(),
        "q5": st.sampled_from(["x", "xy", "y", "zz"]),
    },
)
OFFERED = {"choices": [choice("c-a", "Aa"), choice("c-b", "Bb")]}


def five():
    kinds = ("multiple_choice", "multiple_choice", "number", "yes_no", "short_text")
    fields = [
        {"ref": f"q{n}", "type": kind, "title": f"Q {n}", "properties": copy.deepcopy(OFFERED)}
        for n, kind in enumerate(kinds, start=1)
    ]
    fields[1]["properties"]["allow_multiple_selection"] = True
    more = [{"ref": f"t{n}", "type": "statement", "title": f"T {n}"} for n in range(3)]
    return [*fields, *more]


@settings(max_examples=15, deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=2), st.lists(SAID, min_size=5, max_size=12))
def test_jumps_agree_with_a_plain_reading_of_typeform(conditions, answers):
    jumps = [jump(f"t{2 - place}", one) for place, one in enumerate(conditions)]
    found = imported({"title": "x", "fields": five(), "logic": [block("q5", *jumps)]})
    definition = definition_of(found.quiz, version=None)
    for said in answers:
        values = {f"q{n}": None for n in range(1, 6)} | said
        labels = {"c-a": "aa", "c-b": "bb"}
        ours = {
            key: [labels[one] for one in value]
            if isinstance(value, list)
            else labels.get(value, value)
            for key, value in values.items()
        }
        targets = (f"t{2 - n}" for n, one in enumerate(conditions) if holds(one, said))
        expected = next(targets, "t0")
        waiting = walk(definition, ours).waiting
        if expected in found.keys:
            assert waiting is not None
            assert waiting.key == expected


# --- Whatever comes ------------------------------------------------------------------------

ODD = [None, True, -1, 10**30, 1.5, "", "x" * 5000, "\x00{{field:", [], {}, [[]], {"a": [1]}]


def mutated(source, seed):
    """Return the form with a few of its parts gone, doubled or made nonsense of."""
    luck = random.Random(seed)
    source = copy.deepcopy(source)
    for _ in range(luck.randint(1, 6)):
        spot = source
        while isinstance(spot, dict | list) and spot:
            key = luck.choice([*spot] if isinstance(spot, dict) else range(len(spot)))
            if luck.random() < 0.3 or not isinstance(spot[key], dict | list):
                if luck.random() < 0.2:
                    del spot[key]
                else:
                    spot[key] = luck.choice([*ODD, copy.deepcopy(spot[key])])
                break
            spot = spot[key]
    return source


@pytest.mark.parametrize("seed", range(60))
def test_a_spoilt_form_is_read_or_refused_and_loses_nothing_silently(seed):
    source = mutated(small(), seed)
    try:
        found = imported(source)
    except Unreadable as error:
        assert str(error)
    else:
        assert lost(source, found.report) == []


@with_real_forms
@pytest.mark.parametrize("seed", range(4))
def test_a_spoilt_real_form_is_read_or_refused(seed):
    source = mutated(real("DemoForm"), seed)
    try:
        found = imported(source)
    except Unreadable as error:
        assert str(error)
    else:
        assert lost(source, found.report) == []


def test_depth_and_number_are_bounded():
    inner = {"ref": "x", "type": "short_text", "title": "x"}
    for _ in range(200):
        inner = {"ref": "g", "type": "group", "properties": {"fields": [inner]}}
    with pytest.raises(Unreadable):
        imported({"title": "x", "fields": [inner]})
    many = [{"type": "short_text", "title": "x"} for _ in range(501)]
    with pytest.raises(Unreadable) as refused:
        imported({"title": "x", "fields": many})
    assert refused.value.at == "fields[500]"
    condition = ALWAYS
    for _ in range(300):
        condition = {"op": "and", "vars": [condition, on("size", "is", "c-small")]}
    _, report = scored(block("size", jump("mail", condition)))
    assert [line.outcome for line in report if line.at == "logic[0].actions[0]"]


def test_bold_goes_on_over_what_a_text_speaks_of():
    source = small()
    source["fields"][2]["title"] = "*Hello **{{field:name}}**, go on*, **now**"
    source["thankyou_screens"][0]["properties"] = {"description": "*Dear **{{field:name}}**!*"}
    definition = definition_of(imported(source).quiz, version=None)
    assert definition.questions[3].title == "Hello {{ answer.name }}, go on, now"
    assert definition.ending("low").body == "**Dear {{ answer.name }}!**"


def test_a_long_title_goes_on_under_the_question():
    source = small()
    long = "word " * 80
    about = {"description": "More"}
    source["fields"][2] |= {"title": f"{long}{{{{field:name}}}}", "properties": about}
    definition = definition_of(imported(source).quiz, version=None)
    question = definition.questions[3]
    words = f"{question.title.removesuffix('…')} {question.help}"
    assert words == f"{long}{{{{ answer.name }}}}\nMore"


def test_a_front_page_speaks_of_hidden_fields_and_constants_only():
    source = small()
    source["variables"] |= {"shop": "Our {{shop}}"}
    source["welcome_screens"] = [
        {"ref": "hello", "title": "{{var:shop}} {{hidden:plan}} {{var:score}}{{field:name}}"}
    ]
    found = imported(source)
    publish(found.quiz, by=None, now=NOW)
    definition = definition_of(found.quiz, version=1)
    assert definition.intro.strip() == "Our { {shop}} {{ hidden.plan }}"
    told = [line.outcome for line in found.report if line.at == "welcome_screens[0].title"]
    assert told.count("refused") == 2


def test_pictures_without_words_are_choices_all_the_same():
    source = small()
    pictures = [{"ref": f"c-{one}", "attachment": {"href": "x"}} for one in ("small", "large")]
    source["fields"][0] |= {"type": "picture_choice", "properties": {"choices": pictures}}
    found = imported(source)
    publish(found.quiz, by=None, now=NOW)
    labels = [one.label for one in definition_of(found.quiz, version=1).questions[0].choices]
    assert labels == ["Picture 1", "Picture 2"]
    assert ("fields[0].properties.choices[0]", "approximated") in {
        (line.at, line.outcome) for line in found.report
    }


def test_a_calculation_repeated_on_another_way_counts_once():
    both = (
        calculate("add", "part", ALWAYS, kind="variable"),
        calculate("multiply", 2, ALWAYS),
    )
    blocks = (
        block("size", jump("mail", on("size", "is", "c-small"))),
        block("sure", calculate("add", "sure", ALWAYS, target="part", kind="field")),
        block("mail", *both, jump("low", ALWAYS, "thankyou")),
        block("other", *both),
    )
    source = {**small(), "logic": list(blocks), "variables": {"score": 0, "part": 0}}
    source["fields"].append({"ref": "other", "type": "short_text", "title": "Other?"})
    source["fields"][0]["properties"]["choices"].append(choice("c-none", "None"))
    blocks[0]["actions"].append(jump("other", on("size", "is", "c-none")))
    found = imported(source)
    definition = definition_of(found.quiz, version=None)
    said = {"size": "large", "name": "Ann", "sure": 3, "mail": "ann@example.com"}
    assert score_of(definition, **said).scores == {"score": 6, "part": 3}


def outcome_is(ending, condition):
    return calculate("set", ending, condition, target="winning")


def test_outcomes_that_a_score_decides_are_tiers():
    to_outcome = {
        "action": "jump",
        "details": {"to": {"type": "outcome", "value": "winning"}},
        "condition": ALWAYS,
    }
    between = {"op": "and", "vars": [on_score("greater_equal_than", 4)]}
    blocks = (
        block("sure", calculate("add", "sure", ALWAYS, kind="field")),
        block("mail", outcome_is("low", ALWAYS), outcome_is("high", between), to_outcome),
    )
    variables = {"score": 0, "winning": "low"}
    source = {**small(), "logic": list(blocks), "variables": variables, "outcome": {"a": "b"}}
    found = imported(source)
    publish(found.quiz, by=None, now=NOW)
    definition = definition_of(found.quiz, version=1)
    assert [(tier.label, tier.starts_at) for tier in definition.tiers] == [
        ("Not yet", None),
        ("Go, …", 4),
    ]
    assert definition.tiers[1].button_url == "https://example.com/book"
    said = {"size": "large", "name": "Ann", "sure": 5, "mail": "ann@example.com"}
    result = score_of(definition, **said)
    assert (result.tier.headline, result.ending) == ("Go, {{ answer.name }}", None)


def test_a_text_that_a_score_decides_is_the_name_of_the_tier():
    def told(words, op, bound):
        return calculate("set", words, on_score(op, bound), target="advice")

    blocks = (
        block("sure", calculate("add", "sure", ALWAYS, kind="field")),
        block(
            "mail",
            told("Take your time.", "lower_than", 3),
            told("Go on, Ann!", "greater_equal_than", 3),
        ),
    )
    source = {**small(), "logic": list(blocks), "variables": {"score": 0, "advice": ""}}
    source["thankyou_screens"][0]["title"] = "{{var:advice}}"
    definition = definition_of(imported(source).quiz, version=None)
    assert [tier.label for tier in definition.tiers] == ["Take your time.", "Go on, Ann!"]
    assert definition.ending("low").headline == "{{ tier }}"


def test_terms_that_speak_of_an_answer_are_shown_with_it():
    source = small()
    legal = {"ref": "terms", "type": "legal", "title": "I, {{field:name}}, *accept*."}
    source["fields"].insert(2, legal)
    found = imported(source)
    publish(found.quiz, by=None, now=NOW)
    asked = definition_of(found.quiz, version=1).question("terms")
    assert asked.consent == asked.title == "I, {{ answer.name }}, accept."
