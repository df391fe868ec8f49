from collections.abc import Callable

import pytest

from apps.contacts.models import Contact
from apps.segments.models import Ladder, Pin, SprawlReport
from apps.segments.sprawl import computing, ordering, uses
from apps.segments.sprawl.uses import Track, Use
from tests.factories import NOW, ContactFactory
from tests.segments.build import IS_PRO, rebuild_all, segment

pytestmark = pytest.mark.usefixtures("catalogue")
SEEN = {"event": "seen"}
IS_TEAM = {"trait": "plan", "op": "is", "value": "team"}


def found(kind: str) -> list[tuple[str, ...]]:
    computing.work(ordering.order(now=NOW).pk)
    findings = SprawlReport.objects.done().get().found["findings"]
    return [tuple(name for name, _ in one["sequences"] or one["segments"])
            for one in findings if one["kind"] == kind]  # fmt: skip


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let these sequences run, and no others."""

    def put(*tracks: Track) -> None:
        monkeypatch.setattr(uses, "_tracks", [lambda: tracks])

    return put


def test_sequences_of_one_lane_never_collide(run: Callable[..., None]) -> None:
    pros, seen = segment("pros", IS_PRO), segment("seen", SEEN)
    a, b = Track(pros.pk, "A", "/a/", lane="mail"), Track(seen.pk, "B", "/b/", lane="mail")
    run(a, b)
    assert found("colliding") == []
    run(a, Track(seen.pk, "B", "/b/", lane="other"), Track(seen.pk, "C", "/c/"))
    assert found("colliding") == [("A", "B"), ("A", "C"), ("B", "C")]


def test_sequences_of_segments_that_exclude_each_other_do_not_collide(
    run: Callable[..., None],
) -> None:
    ladder = Ladder.objects.create(name="Tier", slug="tier")
    first = segment("first", SEEN, ladder=ladder, rung=1)
    second = segment("second", IS_PRO, ladder=ladder, rung=2)
    team, static = segment("team", IS_TEAM), segment("static", None)
    run(*(Track(row.pk, row.name, "/") for row in (first, second, team, static)))
    assert set(found("colliding")) == {
        ("First", "Team"),
        ("First", "Static"),
        ("Second", "Static"),
        ("Team", "Static"),
    }


def test_nobody_collides_in_a_segment_that_holds_nobody(run: Callable[..., None]) -> None:
    nobody = segment("nobody", {"all": [IS_PRO, IS_TEAM]})
    run(Track(nobody.pk, "A", "/a/"), Track(nobody.pk, "B", "/b/"))
    assert found("colliding") == []


def test_a_ladder_is_read_if_one_of_its_rungs_is(monkeypatch: pytest.MonkeyPatch) -> None:
    ladder = Ladder.objects.create(name="Tier", slug="tier")
    first = segment("first", SEEN, ladder=ladder, rung=1)
    segment("second", IS_PRO, ladder=ladder, rung=2)
    other = segment("other", IS_TEAM)
    segment("reader", {"all": [{"segment": "other"}, SEEN]})
    assert set(found("unused")) == {("First",), ("Second",), ("Reader",)}
    assert other.pk
    monkeypatch.setattr(uses, "_users", [lambda: [Use(first.pk, "export", "Weekly", "/")]])
    assert found("unused") == [("Reader",)]


def test_a_static_segment_can_be_nearly_the_same_by_heads() -> None:
    contacts: list[Contact] = ContactFactory.create_batch(12, profile={"plan": "pro"})
    static = segment("static", None)
    segment("pros", IS_PRO)
    for contact in contacts[:11]:
        Pin.objects.create(segment=static, contact=contact, held="in")
    rebuild_all()
    [pair] = found("near_duplicate")
    assert set(pair) == {"Static", "Pros"}
