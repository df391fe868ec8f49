"""What the editor warns of while a rule is written: sequences that could run together."""

from collections.abc import Callable

import pytest

from apps.rules import codec
from apps.segments.editor.remarks import Remark, remarks
from apps.segments.models import Ladder, Segment
from apps.segments.plan import catalogue
from apps.segments.sprawl import uses
from apps.segments.sprawl.uses import Track
from tests.factories import NOW
from tests.segments.build import IS_PRO, segment

pytestmark = pytest.mark.usefixtures("catalogue")
SEEN = {"event": "seen"}
IS_TEAM = {"trait": "plan", "op": "is", "value": "team"}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let these sequences run, and no others; each a name, its segment and its lane."""

    def put(*tracks: tuple[str, Segment, str]) -> None:
        found = [Track(row.pk, name, "/", lane) for name, row, lane in tracks]
        monkeypatch.setattr(uses, "_tracks", [lambda: found])

    return put


def together(row: Segment, rule: object) -> list[Remark]:
    read = codec.loads(rule, catalogue())
    found = remarks(read, None, segment=row, now=NOW)
    return [one for one in found if "run together" in one.message]


def test_a_rule_is_warned_of_that_lets_two_sequences_run_together(
    run: Callable[..., None],
) -> None:
    pros, team = segment("pros", IS_PRO), segment("team", IS_TEAM)
    run(("Hello", pros, ""), ("Onwards", team, "mail"), ("Also", segment("seen", SEEN), ""))
    assert [one.other_name for one in together(pros, IS_PRO)] == ["Seen"]
    [first, second] = together(pros, {"any": [IS_PRO, IS_TEAM]})
    assert (first.other, first.part) == (team.pk, "")
    assert first.message == (
        "'Hello' could run together with 'Onwards', which begins in 'Team': no lane keeps them"
        " apart."
    )
    assert first.example == "They could both run for a contact with Plan 'team'."
    assert second.other_name == "Seen"


def test_a_lane_or_a_ladder_keeps_them_apart(run: Callable[..., None]) -> None:
    ladder = Ladder.objects.create(name="Tier", slug="tier")
    first = segment("first", IS_TEAM, ladder=ladder, rung=1)
    draft = segment("draft", IS_PRO, ladder=ladder, rung=2, status=Segment.Status.DRAFT)
    run(("Hello", draft, "mail"), ("Onwards", first, ""), ("Also", segment("seen", SEEN), "mail"))
    assert together(draft, {"all": []}) == []
    run(("Hello", draft, "mail"), ("Also", segment("others", SEEN), "post"))
    assert [one.other_name for one in together(draft, {"all": []})] == ["Others"]


def test_a_segment_that_leaves_it_out_is_read_with_the_rule_as_it_is_written(
    run: Callable[..., None],
) -> None:
    pros = segment("pros", IS_PRO)
    run(("Hello", pros, ""), ("Onwards", segment("rest", {"not": {"segment": "pros"}}), ""))
    assert together(pros, IS_TEAM) == []
    assert together(pros, {"segment": "rest"}) == []  # a circle: it cannot be saved


def test_two_sequences_of_the_segment_itself_and_no_more_than_three_are_warned_of(
    run: Callable[..., None],
) -> None:
    pros = segment("pros", IS_PRO)
    run(("Hello", pros, ""), ("Again", pros, ""))
    [only] = together(pros, IS_PRO)
    assert only.message == (
        "'Hello' could run together with 'Again', which begins here too: no lane keeps them apart."
    )
    others = [(f"N{number}", segment(f"n{number}", SEEN), "") for number in range(5)]
    run(("Hello", pros, ""), *others)
    assert len(together(pros, IS_PRO)) == 3
    run(*others)  # none of its own
    assert together(pros, IS_PRO) == []
