from apps.rules import codec
from apps.rules.keys import Keys, keys
from tests.rules.population import CATALOGUE


def test_keys_name_all_that_a_rule_reads() -> None:
    rule = codec.loads(
        {
            "all": [
                {"not": {"trait": "plan", "op": "is_set"}},
                {"any": [{"event": "visited"}, {"segment": "cold"}]},
                {"trait": "contact.email", "op": "contains", "value": "@"},
            ]
        },
        CATALOGUE,
    )
    assert keys(rule) == Keys(
        traits=frozenset({"plan", "contact.email"}),
        events=frozenset({"visited"}),
        segments=frozenset({"cold"}),
    )
    assert keys(rule).as_marks() == {
        "trait:plan",
        "trait:contact.email",
        "event:visited",
        "segment:cold",
    }


def test_a_rule_for_everybody_reads_nothing() -> None:
    assert keys(codec.loads({"all": []}, CATALOGUE)).as_marks() == frozenset()
