from zoneinfo import ZoneInfo

from apps.rules import codec
from apps.rules.clock import Calendar
from apps.rules.facts import Facts, Occurrence
from apps.rules.solver.asking import Solver
from apps.rules.solver.crowd import all_of, judged, mixed, put_together
from apps.rules.solver.relations import idle, place
from apps.rules.solver.survey import Survey
from tests.rules.population import CATALOGUE, NOW

BOUGHT = Occurrence(NOW)
ADA = Facts({"plan": "pro", "score": 5}, {"order": [BOUGHT]}, frozenset({"a"}))
BO = Facts({"score": 9}, {"seen": [BOUGHT]}, frozenset({"b"}))


def test_of_the_other_is_taken_what_is_marked_also_where_it_is_missing() -> None:
    marks = frozenset({"trait:plan", "trait:score", "event:seen", "segment:b"})
    found = mixed(ADA, BO, marks)
    assert found.traits == {"score": 9}
    assert found.events == {"order": [BOUGHT], "seen": [BOUGHT]}
    assert found.segments == {"a", "b"}
    assert mixed(ADA, BO, frozenset()) == ADA


def test_together_they_have_done_all_that_both_did() -> None:
    assert all_of(ADA, ADA).events == {"order": [BOUGHT, BOUGHT]}
    assert all_of(ADA, BO).traits == {"plan": "pro", "score": 9}


def test_a_crowd_is_the_same_every_time() -> None:
    people = [(ADA, frozenset({"trait:plan"})), (BO, frozenset({"event:seen"}))]
    crowd = list(put_together(people))
    assert crowd == list(put_together(people))
    assert len(crowd) == 4
    assert judged([ADA, BO, ADA], lambda facts: facts is ADA) == 0b101


def test_what_a_rule_is_tried_on_hides_no_part_that_changes_nothing() -> None:
    """Trying finds parts that matter without asking; the others are asked about as before."""
    source = {
        "all": [
            {"trait": "score", "op": "at_least", "value": 50},
            {"trait": "plan", "op": "is", "value": "pro"},
            {"trait": "score", "op": "more_than", "value": 40},
            {"any": [{"event": "order_completed"}, {"event": "order_completed", "within": "30d"}]},
        ]
    }
    rule = codec.loads(source, CATALOGUE)
    solver = Solver(lambda _: None, calendar=Calendar(ZoneInfo("UTC")), now=NOW)
    known = Survey(solver, lambda _: None).know(rule)
    tried = idle(solver, rule, known.tried_on)
    assert [place(path) for path, _ in tried] == ["all[2]", "all[3].any[1]"]
    assert tried == idle(solver, rule)
