from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.contacts.erasing import erase
from apps.contacts.events import record_event
from apps.contacts.merging import merge
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.core import rows
from apps.nurture.models import Enrolment
from apps.rules.query import Sql
from apps.segments import deciding, difference, editing, looking, moving, rebuilding
from apps.segments.looking import Look
from apps.segments.models import (
    Change,
    Ladder,
    Membership,
    Overtaken,
    Pin,
    Rebuild,
    RebuildPart,
    Segment,
    Transition,
)
from apps.segments.scope import Scope
from apps.segments.signals import memberships_changed
from apps.segments.ticking import tick
from apps.segments.verifying import verify
from tests.factories import NOW, ContactFactory
from tests.nurture import build as nurture
from tests.segments.build import IS_PRO, members, rebuild_all, segment, settle_all, standing

pytestmark = pytest.mark.usefixtures("catalogue")


def pros(count: int) -> set[int]:
    contacts = [ContactFactory() for _ in range(count)]
    for contact in contacts:
        change_profile(contact, now=NOW, traits={"plan": "pro"}, source="test")
    settle_all()
    return {contact.pk for contact in contacts}


def test_a_new_rule_is_applied_to_everybody_already_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "PIECE", 3)
    ids = pros(8)
    ContactFactory()
    segment("pros", IS_PRO)
    assert members("pros") == ids
    part = Rebuild.objects.get(state="done").parts.get()
    assert (part.is_done, part.entered, part.departed) == (True, 8, 0)
    assert Transition.objects.filter(cause="revision:1").count() == 8


def test_an_edit_writes_the_difference_alone() -> None:
    ids = pros(3)
    row = segment("some", {"trait": "contact.email", "op": "is_set"})
    other = ContactFactory(email="")
    settle_all()
    editing.save(row, rule={"not": IS_PRO}, by=None, now=NOW)
    rebuild_all()
    assert members("some") == {other.pk}
    assert Transition.objects.filter(contact__in=ids, kind="left").count() == 3


class Killed(Exception):
    """Stands for a worker's death."""


def die_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(point: str) -> None:
        if point == name:
            raise Killed(point)

    monkeypatch.setattr(rebuilding, "reached", reached)


def after_the_look(monkeypatch: pytest.MonkeyPatch, happening: Callable[[], object]) -> None:
    """Have something happen once, after a rebuild has looked and before it writes."""
    happenings = [happening]

    def look_at(part: RebuildPart, *, now: datetime) -> Look:
        found = looking.look_at(part, now=now)
        if happenings:
            happenings.pop()()
        return found

    monkeypatch.setattr(rebuilding, "look_at", look_at)


def test_only_those_settled_since_are_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    contact, *others = sorted(pros(4))
    looked: list[Scope] = []

    def leave() -> None:
        row = Contact.objects.get(pk=contact)
        change_profile(row, now=NOW, traits={"plan": "basic"}, source="test")
        settle_all()
        assert Overtaken.objects.get().contact_id == contact

    def differences_of(*args: Any, **kwargs: Any) -> list[Sql]:
        looked.append(args[2])
        return deciding.differences_of(*args, **kwargs)

    after_the_look(monkeypatch, leave)
    monkeypatch.setattr(rebuilding, "differences_of", differences_of)
    segment("pros", IS_PRO)
    assert members("pros") == {*others}
    assert Transition.objects.count() == 3
    assert looked == [Scope(ids=(contact,))]
    assert not Overtaken.objects.exists()


def test_whoever_is_settled_while_nothing_is_rebuilt_leaves_no_trace() -> None:
    segment("pros", IS_PRO)
    pros(2)
    assert not Overtaken.objects.exists()


def test_what_was_found_is_written_as_of_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a membership never begins at a moment at which its rule no longer held."""
    ids = pros(3)
    later = NOW + timedelta(seconds=20)
    overtaken = Contact.objects.get(pk=min(ids))

    def pass_time() -> None:
        change_profile(overtaken, now=NOW, traits={"score": 1}, source="test")
        settle_all()
        tick(now=later)

    tick(now=NOW)
    after_the_look(monkeypatch, pass_time)
    segment("pros", IS_PRO)
    since = dict(Membership.objects.values_list("contact", "since"))
    assert since == dict.fromkeys(ids, NOW) | {overtaken.pk: later}


def test_two_workers_at_one_part_move_nobody_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "PIECE", 2)
    ids = pros(3)

    def do_one_piece() -> None:
        with monkeypatch.context() as dying:
            die_at("rebuild.between_ranges", dying)
            with pytest.raises(Killed):
                rebuild_all()
        assert len(members("pros")) == 2

    after_the_look(monkeypatch, do_one_piece)
    segment("pros", IS_PRO)
    part = RebuildPart.objects.get()
    assert (part.entered, part.departed, part.is_done) == (3, 0, True)
    assert members("pros") == ids
    assert Transition.objects.count() == 3


def test_a_rebuild_of_all_writes_nothing_by_a_rule_that_was_edited_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pros(3)
    row = segment("some", {"any": []})
    Segment.objects.update(rule=IS_PRO)  # as if only a new zone made it hold

    def edit() -> None:
        row.refresh_from_db()
        editing.save(row, rule={"any": []}, by=None, now=NOW)
        rebuilding.run(Rebuild.objects.get(segment=row, state="waiting").pk, now=NOW)

    after_the_look(monkeypatch, edit)
    rebuilding.rebuild_all(now=NOW)
    assert members("some") == set()
    assert not Transition.objects.exists()


def test_who_is_moved_by_another_rebuild_meanwhile_is_not_moved_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = pros(3)
    Segment.objects.bulk_create([Segment(name="Some", slug="some", status="live", rule=IS_PRO)])
    after_the_look(monkeypatch, lambda: rebuilding.rebuild_all(now=NOW))
    rebuilding.rebuild_all(now=NOW)
    assert members("some") == ids
    assert Transition.objects.count() == 3
    assert not Overtaken.objects.exists()


@pytest.mark.parametrize("tries", [0, 5])
def test_who_is_merged_meanwhile_keeps_the_standing_of_both(
    monkeypatch: pytest.MonkeyPatch, tries: int
) -> None:
    """Into who would enter comes one who is in it; with no tries left, unsettled still."""
    row = segment("some", {"event": "ordered"})
    gone = ContactFactory()
    record_event(gone, name="ordered", now=NOW)
    (into,) = pros(1)
    merges = iter([lambda: merge(into=into, gone=gone.pk, now=NOW)])

    def take(numbers: object) -> None:
        next(merges, lambda: None)()

    editing.save(row, rule={"any": [{"event": "ordered"}, IS_PRO]}, by=None, now=NOW)
    monkeypatch.setattr(rebuilding, "TRIES", tries)
    monkeypatch.setattr(rebuilding, "_let_the_old_rule_end", lambda part: None)
    monkeypatch.setattr(rebuilding, "take", take)
    rebuild_all()
    assert members("some") == {into}
    assert verify(now=NOW).drift == ()


def test_whoever_was_settled_by_a_standing_of_before_is_decided_anew_on_the_whole_ladder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The look finds two rungs changed; the fact that follows enters a third between them."""
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    rungs = [
        segment(slug, {"event": slug}, ladder=ladder, rung=rung)
        for rung, slug in enumerate(("mid", "low", "top"), 1)
    ]
    contact, beside = ContactFactory(), ContactFactory()
    for each, names in ((contact, ("mid", "top")), (beside, ("mid", "low"))):
        for name in names:
            record_event(each, name=name, now=NOW)
    settle_all()
    mid, low, top = (row.pk for row in rungs)

    def enter_low() -> None:
        record_event(contact, name="low", now=NOW)
        settle_all()
        assert standing(contact) == {"low"}  # for on top nobody stands yet

    after_the_look(monkeypatch, enter_low)
    editing.arrange(ladder, [top, low, mid], by=None, now=NOW)
    rebuild_all()
    assert standing(contact) == {"top"}
    assert standing(beside) == {"low"}
    assert verify(now=NOW).drift == ()


def test_the_sequences_of_a_piece_are_told_once_of_all_who_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They lock the contacts they start: told twice, the second time before the first's."""
    first, *_ = ids = sorted(pros(3))
    told = []

    def settle_the_first() -> None:
        row = Contact.objects.get(pk=first)
        change_profile(row, now=NOW, traits={"score": 1}, source="test")
        settle_all()

    def listen(entered: Iterable[Transition], **kwargs: object) -> None:
        told.append(sorted(row.contact_id for row in entered))

    memberships_changed.connect(listen)
    after_the_look(monkeypatch, settle_the_first)
    segment("pros", IS_PRO)
    memberships_changed.disconnect(listen)
    assert told == [ids]


def test_what_was_found_is_not_written_where_it_came_true_by_itself() -> None:
    """A merge brings memberships with it, and waits for no rebuild."""
    inside, outside = pros(2)
    row = segment("pros", {"any": []})
    Membership.objects.create(segment=row, contact_id=inside, since=NOW)
    found = [(inside, row.pk, 1), (outside, row.pk, 0)]
    assert rows.run(*moving.given(found)) == []
    found = [(inside, row.pk, 0), (outside, row.pk, 1)]
    assert sorted(rows.run(*moving.given(found))) == sorted(found)


def test_an_order_that_is_not_cut_into_parts_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would wait for ever, and whoever is settled would leave traces for it."""

    def die(rebuild: Rebuild, *, now: datetime) -> None:
        raise Killed

    monkeypatch.setattr(rebuilding, "_cut", die)
    with pytest.raises(Killed):
        rebuilding.order_all(now=NOW)
    assert not Rebuild.objects.exists()


def test_who_is_erased_meanwhile_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    contact, *others = pros(3)
    after_the_look(monkeypatch, lambda: erase(contact))
    segment("pros", IS_PRO)
    assert members("pros") == {*others}


def test_a_newer_revision_supersedes_the_one_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "PIECE", 2)
    pros(5)
    row = Segment(name="Some", slug="some", status=Segment.Status.LIVE)
    editing.save(row, rule=IS_PRO, by=None, now=NOW)
    first = Rebuild.objects.get()

    def edit(point: str) -> None:
        monkeypatch.setattr(rebuilding, "reached", lambda point: None)
        editing.save(row, rule={"not": IS_PRO}, by=None, now=NOW)

    monkeypatch.setattr(rebuilding, "reached", edit)
    rebuilding.run(first.pk, now=NOW)
    assert first.parts.get().entered == 2
    rebuild_all()
    first.refresh_from_db()
    assert first.state == Rebuild.State.SUPERSEDED
    assert members("some") == set()


def test_the_movements_of_a_revision_that_is_not_the_newest_are_not_written() -> None:
    pros(2)
    row = Segment(name="Some", slug="some", status=Segment.Status.LIVE)
    editing.save(row, rule=IS_PRO, by=None, now=NOW)
    rebuild = Rebuild.objects.get()
    Segment.objects.update(revision=2)
    rebuilding.run(rebuild.pk, now=NOW)
    rebuild.refresh_from_db()
    assert rebuild.state == Rebuild.State.SUPERSEDED
    assert members("some") == set()


@pytest.mark.parametrize("point", ["rebuild.before_commit", "rebuild.between_ranges"])
def test_a_rebuild_goes_on_where_a_killed_worker_left_it(
    monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr(rebuilding, "PIECE", 2)
    ids = pros(5)
    editing.save(
        Segment(name="Some", slug="some", status=Segment.Status.LIVE),
        rule=IS_PRO,
        by=None,
        now=NOW,
    )
    rebuild = Rebuild.objects.get()
    with monkeypatch.context() as dying:
        die_at(point, dying)
        with pytest.raises(Killed):
            rebuilding.run(rebuild.pk, now=NOW)
    assert len(members("some")) == {"rebuild.before_commit": 0, "rebuild.between_ranges": 2}[point]
    rebuilding.run(rebuild.pk, now=NOW)
    rebuilding.run(rebuild.pk, now=NOW)
    assert members("some") == ids
    assert Transition.objects.count() == 5


def test_a_rebuild_is_cut_into_parts_that_workers_take_side_by_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = pros(7)
    monkeypatch.setattr(rebuilding, "PART", max(ids) // 3)
    editing.save(
        Segment(name="Some", slug="some", status=Segment.Status.LIVE),
        rule=IS_PRO,
        by=None,
        now=NOW,
    )
    rebuild = Rebuild.objects.get()
    parts = list(rebuild.parts.order_by("-first"))
    assert len(parts) >= 3
    for part in parts:
        rebuild.refresh_from_db()
        assert rebuild.state == Rebuild.State.WAITING
        rebuilding.run_part(part.pk, now=NOW)
        rebuilding.run_part(part.pk, now=NOW)
    rebuild.refresh_from_db()
    assert rebuild.state == Rebuild.State.DONE
    assert members("some") == ids
    assert sum(part.entered for part in rebuild.parts.all()) == 7


def test_rebuilding_everything_mends_what_is_stored_wrong_and_starts_no_sequence() -> None:
    ids = pros(3)
    row = segment("pros", IS_PRO)
    nested = segment("others", {"not": {"segment": "pros"}})
    nurture.sequence(segment=row)
    Membership.objects.filter(segment=row).delete()
    Membership.objects.create(segment=nested, contact_id=min(ids), since=NOW)
    rebuild = rebuilding.rebuild_all(now=NOW)
    rebuild.refresh_from_db()
    assert rebuild.state == Rebuild.State.DONE
    assert members("pros") == ids
    assert members("others") == set()
    assert set(Transition.objects.filter(cause="rebuild").values_list("kind", flat=True)) == {
        "entered",
        "left",
    }
    assert not Enrolment.objects.exists()


def test_the_command_mends_drift_and_says_what_it_moved(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ids = pros(3)
    row = segment("pros", IS_PRO)
    Membership.objects.filter(segment=row).delete()
    call_command("rebuild_segments")
    assert members("pros") == ids
    assert capsys.readouterr().out == "3 memberships added, 0 taken away.\n"


def test_waiting_marks_are_settled_before_a_rebuild_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuilding, "PIECE", 2)
    ids = pros(5)
    old = timezone.now() - 2 * rebuilding.PATIENCE
    editing.save(
        Segment(name="Some", slug="some", status=Segment.Status.LIVE),
        rule=IS_PRO,
        by=None,
        now=NOW,
    )
    Change.objects.create(contact_id=max(ids), keys=["*"], created_at=old)
    waiting = []
    monkeypatch.setattr(rebuilding, "reached", lambda _: waiting.append(Change.objects.count()))
    rebuilding.run(Rebuild.objects.get().pk, now=NOW)
    assert waiting[0] == 1  # before the first piece's commit
    assert waiting[-1] == 0
    assert not Change.objects.exists()
    assert max(ids) in members("some")


def test_segments_that_refer_to_the_rebuilt_one_follow() -> None:
    ids = pros(3)
    row = segment("pros", {"any": []})
    segment("others", {"not": {"segment": "pros"}})
    assert members("others") == ids
    editing.save(row, rule=IS_PRO, by=None, now=NOW)
    rebuild_all()
    assert members("others") == set()


def test_a_segment_taken_off_line_lets_everybody_go() -> None:
    pros(3)
    row = segment("pros", IS_PRO)
    row.status = Segment.Status.ARCHIVED
    editing.save(row, rule=row.rule, by=None, now=NOW)
    rebuild_all()
    assert members("pros") == set()


@pytest.mark.parametrize("enrol_existing", [True, False])
def test_existing_members_start_sequences_only_if_chosen(enrol_existing: bool) -> None:
    pros(2)
    heard = []

    def listen(quiet: bool, **kwargs: object) -> None:
        heard.append(quiet)

    memberships_changed.connect(listen)
    row = Segment(name="Some", slug="some", status=Segment.Status.LIVE)
    editing.save(row, rule=IS_PRO, by=None, now=NOW, enrol_existing=enrol_existing)
    rebuild_all()
    memberships_changed.disconnect(listen)
    assert heard == [not enrol_existing]


def test_a_chosen_start_is_not_for_those_whom_a_newer_rule_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The newer rule comes while a piece of the former waits for its contacts."""
    first, _, last = (ContactFactory() for _ in range(3))
    for contact in (first, last):
        change_profile(contact, now=NOW, traits={"plan": "pro"}, source="test")
    settle_all()
    row = segment("some", {"any": []})
    nurture.sequence(segment=row)
    editing.save(row, rule=IS_PRO, by=None, now=NOW, enrol_existing=True)
    monkeypatch.setattr(rebuilding, "_let_the_old_rule_end", lambda part: None)
    waits = iter([lambda: editing.save(row, rule={"all": []}, by=None, now=NOW)])
    monkeypatch.setattr(rebuilding, "take", lambda numbers: next(waits)())
    rebuilding.run(Rebuild.objects.order_by("-pk")[0].pk, now=NOW)
    monkeypatch.undo()
    rebuild_all()
    assert len(members("some")) == 3
    assert not Enrolment.objects.exists()


def test_a_new_rung_above_takes_its_members_from_below() -> None:
    ids = pros(2)
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    low = segment("low", {"all": []}, ladder=ladder, rung=5)
    assert members("low") == ids
    segment("high", IS_PRO, ladder=ladder, rung=1)
    assert (members("high"), members("low")) == (ids, set())
    low.refresh_from_db()
    low.rung = 0
    editing.save(low, rule=low.rule, by=None, now=NOW)
    rebuild_all()
    assert (members("high"), members("low")) == (set(), ids)


def test_a_segment_edited_under_load_still_agrees_with_a_contact_settled_meanwhile() -> None:
    contact = ContactFactory()
    row = segment("some", IS_PRO)
    change_profile(contact, now=NOW, traits={"plan": "pro"}, source="test")
    editing.save(row, rule={"trait": "plan", "op": "is", "value": "basic"}, by=None, now=NOW)
    settle_all()
    assert standing(contact) == set()
    rebuild_all()
    assert standing(contact) == set()


def test_a_rung_taken_off_line_leaves_its_members_to_the_rungs_below() -> None:
    ids = pros(2)
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    high = segment("high", IS_PRO, ladder=ladder, rung=1)
    segment("low", {"all": []}, ladder=ladder, rung=2)
    assert (members("high"), members("low")) == (ids, set())
    high.status = Segment.Status.ARCHIVED
    editing.save(high, rule=high.rule, by=None, now=NOW)
    rebuild_all()
    assert (members("high"), members("low")) == (set(), ids)


def test_a_rung_moved_down_gives_its_members_to_those_now_above_it() -> None:
    ids = pros(2)
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    first = segment("first", IS_PRO, ladder=ladder, rung=1)
    segment("second", IS_PRO, ladder=ladder, rung=2)
    first.rung = 3
    editing.save(first, rule=first.rule, by=None, now=NOW)
    rebuild_all()
    assert (members("first"), members("second")) == (set(), ids)


def test_a_whole_new_ladder_moves_each_contact_once() -> None:
    pros(2)
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    segment("high", IS_PRO, ladder=ladder, rung=1)
    segment("low", {"all": []}, ladder=ladder, rung=2)
    assert Transition.objects.count() == 2


@pytest.mark.parametrize("settled_first", [True, False])
def test_an_edit_starts_no_sequence_of_a_segment_that_refers_to_the_edited_one(
    settled_first: bool,
) -> None:
    ids = pros(3)
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    high = segment("high", IS_PRO, ladder=ladder, rung=1)
    low = segment("low", {"all": []}, ladder=ladder, rung=2)
    nested = segment("nested", {"not": {"segment": "high"}})
    for row in (low, nested):
        nurture.sequence(slug=f"to-{row.slug}", segment=row)
    editing.save(high, rule={"any": []}, by=None, now=NOW)
    if settled_first:  # by whom it left, before its neighbours' turn has come
        rebuilding.run(Rebuild.objects.order_by("-pk")[0].pk, now=NOW)
        settle_all()
    rebuild_all()
    assert members("low") == members("nested") == ids
    assert not Enrolment.objects.exists()


def test_a_fact_that_comes_with_an_edit_starts_sequences_all_the_same() -> None:
    contact, other = ContactFactory(), ContactFactory()
    row = segment("pros", {"any": []})
    nested = segment("nested", {"all": [{"segment": "pros"}, {"event": "ordered"}]})
    nurture.sequence(segment=nested)
    for each in (contact, other):
        change_profile(each, now=NOW, traits={"plan": "pro"}, source="test")
    record_event(other, name="ordered", now=NOW)
    settle_all()
    editing.save(row, rule=IS_PRO, by=None, now=NOW)
    rebuilding.run(Rebuild.objects.order_by("-pk")[0].pk, now=NOW)
    record_event(contact, name="ordered", now=NOW)
    settle_all()
    assert members("nested") == {contact.pk, other.pk}
    assert [enrolment.contact for enrolment in Enrolment.objects.all()] == [contact]


@pytest.mark.parametrize("while_waiting", [True, False])
def test_a_fact_that_a_rebuild_meets_unsettled_starts_sequences_all_the_same(
    monkeypatch: pytest.MonkeyPatch, while_waiting: bool
) -> None:
    """As after a bulk intake, or in the moment between an event's commit and its settling."""
    ids = pros(2)
    contact = ContactFactory()
    ids |= {contact.pk} | pros(2)
    row = segment("some", {"event": "ordered"})
    nurture.sequence(segment=row)
    editing.save(row, rule={"any": [{"event": "ordered"}, IS_PRO]}, by=None, now=NOW)

    def order() -> object:
        return record_event(contact, name="ordered", now=NOW)

    if while_waiting:
        monkeypatch.setattr(rebuilding, "_let_the_old_rule_end", lambda part: None)
        waits = iter([order, lambda: None])
        monkeypatch.setattr(rebuilding, "take", lambda numbers: next(waits)())
    else:
        order()
    rebuilding.run(Rebuild.objects.order_by("-pk")[0].pk, now=NOW)
    settle_all()
    assert members("some") == ids
    assert [enrolment.contact for enrolment in Enrolment.objects.all()] == [contact]


def test_a_chosen_start_reaches_the_segments_that_refer_to_it() -> None:
    pros(2)
    row = segment("pros", {"any": []})
    nested = segment("nested", {"segment": "pros"})
    nurture.sequence(segment=nested)
    editing.save(row, rule=IS_PRO, by=None, now=NOW, enrol_existing=True)
    rebuild_all()
    assert Enrolment.objects.count() == 2


def two_rungs(ladder: Ladder) -> tuple[Segment, Segment, Segment]:
    first = segment("first", IS_PRO, ladder=ladder, rung=1)
    second = segment("second", IS_PRO, ladder=ladder, rung=2)
    return first, second, segment("third", IS_PRO, ladder=ladder, rung=3)


@pytest.mark.parametrize("columns", [1, 1200])
def test_where_rungs_change_places_nobody_passes_through_one_on_the_way(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """Each rung by itself would find them free: the third before the second has taken them."""
    ids = pros(2)
    first, second, third = two_rungs(Ladder.objects.create(name="Lifecycle", slug="lifecycle"))
    nested = segment("nested", {"segment": "second"})
    for row in (second, third, nested):
        nurture.sequence(slug=f"to-{row.slug}", segment=row)
    first.status = Segment.Status.ARCHIVED
    monkeypatch.setattr(difference, "COLUMNS", columns)
    editing.save(first, rule=first.rule, by=None, now=NOW, enrol_existing=True)
    rebuild = Rebuild.objects.get(state="waiting")
    rebuilding.run(rebuild.pk, now=NOW)
    settle_all()
    assert (members("first"), members("second"), members("third")) == (set(), ids, set())
    assert members("nested") == ids
    if columns > 1:
        assert not Transition.objects.filter(segment=third).exists()
        begun = Enrolment.objects.values_list("sequence__slug", flat=True)
        assert sorted(begun) == ["to-nested", "to-nested", "to-second", "to-second"]


def test_an_edit_that_follows_at_once_still_moves_the_rungs_of_the_one_before() -> None:
    ids = pros(2)
    first, _, _ = two_rungs(Ladder.objects.create(name="Lifecycle", slug="lifecycle"))
    first.rung = 4
    editing.save(first, rule=first.rule, by=None, now=NOW)
    editing.save(first, rule={"any": []}, by=None, now=NOW)
    rebuild_all()
    assert (members("first"), members("second")) == (set(), ids)
    assert verify(now=NOW).drift == ()


def test_a_rung_edited_meanwhile_is_left_to_its_own_rebuild() -> None:
    """Its editor did not wish that existing members start sequences."""
    ids = pros(2)
    first, second, _ = two_rungs(Ladder.objects.create(name="Lifecycle", slug="lifecycle"))
    nurture.sequence(segment=second)
    first.rung = 4
    editing.save(first, rule=first.rule, by=None, now=NOW, enrol_existing=True)
    second.refresh_from_db()
    editing.save(second, rule={"all": [IS_PRO, {"all": []}]}, by=None, now=NOW)
    rebuild_all()
    assert (members("first"), members("second")) == (set(), ids)
    assert not Enrolment.objects.exists()


def test_pins_of_a_rung_that_goes_live_take_from_the_rungs_above_it() -> None:
    contact, other = sorted(pros(2))
    ladder = Ladder.objects.create(name="Lifecycle", slug="lifecycle")
    segment("high", IS_PRO, ladder=ladder, rung=1)
    low = segment("low", {"any": []}, ladder=ladder, rung=2, status=Segment.Status.DRAFT)
    Pin.objects.create(segment=low, contact_id=contact, held="in")
    settle_all()
    low.status = Segment.Status.LIVE
    editing.save(low, rule=low.rule, by=None, now=NOW)
    rebuild_all()
    assert (members("high"), members("low")) == ({other}, {contact})
    assert verify(now=NOW).drift == ()
