import pytest

from apps.segments import plan
from apps.segments.models import Ladder
from apps.segments.sprawl import analysing
from apps.segments.sprawl.analysing import Report
from tests.factories import NOW
from tests.segments.build import IS_PRO, segment

pytestmark = pytest.mark.usefixtures("catalogue")

BOUGHT = {"event": "order_completed"}
BOUGHT_LATELY = {"event": "order_completed", "within": "30d"}
HIGH, LOW = ({"trait": "score", "op": op, "value": 50} for op in ("at_least", "less_than"))


def report() -> Report:
    return analysing.analyse(plan.live_plan(), known=plan.catalogue(), now=NOW)


def said(found: Report) -> set[tuple[str, str, str]]:
    return {(one.slug, one.warning.code, one.warning.other) for one in found.findings}


def test_each_planted_fault_is_found_and_nothing_else() -> None:
    segment("pros", IS_PRO)
    segment("again", {"trait": "plan", "op": "one_of", "value": ["PRO"]})
    segment("buyers", BOUGHT)
    segment("recent", BOUGHT_LATELY)
    segment("nobody", {"all": [HIGH, LOW]})
    segment("everybody", {"any": [HIGH, {"not": HIGH}]})
    segment("wordy", {"all": [HIGH, {"event": "seen"}, {"trait": "score", "op": "is_set"}]})
    segment("static", None)
    found = report()
    assert "static" not in found.slugs
    assert said(found) == {
        ("pros", "same_as", "again"),
        ("recent", "inside", "buyers"),
        ("nobody", "never_true", ""),
        ("everybody", "always_true", ""),
        ("wordy", "changes_nothing", ""),
    }
    [idle] = [one for one in found.findings if one.warning.code == "changes_nothing"]
    assert idle.warning.at == "all[2]"


def test_every_two_segments_are_related_once() -> None:
    segment("pros", IS_PRO)
    segment("buyers", BOUGHT)
    segment("high", HIGH)
    segment("low", LOW)
    found = report()
    assert len(found.relations) == 6
    between = {frozenset(pair): relation.value for pair, relation in found.relations.items()}
    assert between[frozenset({"high", "low"})] == "disjoint"
    assert set(between.values()) == {"disjoint", "overlap"}
    assert not found.findings


def test_rungs_of_one_ladder_never_overlap() -> None:
    ladder = Ladder.objects.create(name="Tier", slug="tier")
    segment("first", IS_PRO, ladder=ladder, rung=1)
    segment("second", BOUGHT, ladder=ladder, rung=2)
    (relation,) = report().relations.values()
    assert relation.value == "disjoint"


def test_a_rung_whose_people_all_stand_higher_is_told() -> None:
    ladder = Ladder.objects.create(name="Tier", slug="tier")
    segment("buyers", BOUGHT, ladder=ladder, rung=1)
    segment("recent", BOUGHT_LATELY, ladder=ladder, rung=2)
    (found,) = report().findings
    assert (found.slug, found.warning.code) == ("recent", "never_reached")


def test_a_segment_in_another_is_its_rule_and_a_static_one_may_hold_anybody() -> None:
    segment("buyers", BOUGHT)
    segment("pro_buyers", {"all": [{"segment": "buyers"}, IS_PRO]})
    segment("static", None)
    segment("more", {"any": [{"segment": "static"}, BOUGHT]})
    assert said(report()) == {
        ("pro_buyers", "inside", "buyers"),
        ("pro_buyers", "inside", "more"),
        ("buyers", "inside", "more"),
    }


def test_the_progress_is_told() -> None:
    for number in range(4):
        segment(f"s{number}", {"trait": "score", "op": "is", "value": number})
    told: list[tuple[int, int]] = []
    analysing.analyse(
        plan.live_plan(), known=plan.catalogue(), now=NOW,
        progress=lambda done, of: told.append((done, of)),
    )  # fmt: skip
    assert told == [(4, 6)]
