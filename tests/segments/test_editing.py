import pytest

from apps.rules.errors import RuleError
from apps.segments import editing
from apps.segments.models import Revision, Segment
from tests.factories import NOW, UserFactory
from tests.segments.build import IS_PRO, segment

pytestmark = pytest.mark.usefixtures("catalogue")


def test_every_edit_is_a_numbered_revision_with_who_and_when() -> None:
    row = segment("pros", IS_PRO)
    editor = UserFactory()
    editing.save(row, rule={"not": IS_PRO}, by=editor, now=NOW)
    found = list(Revision.objects.order_by("number").values_list("number", "rule", "by"))
    assert found == [(1, IS_PRO, None), (2, {"not": IS_PRO}, editor.pk)]


def test_an_edit_that_changes_no_rule_makes_no_revision() -> None:
    row = segment("pros", IS_PRO)
    row.name = "Professionals"
    editing.save(row, rule=IS_PRO, by=None, now=NOW)
    assert (Segment.objects.get().name, Segment.objects.get().revision) == ("Professionals", 1)


def test_a_circle_is_refused_and_named() -> None:
    segment("a", IS_PRO)
    segment("b", {"segment": "a"})
    segment("c", {"segment": "b"})
    row = Segment.objects.get(slug="a")
    with pytest.raises(editing.SegmentError, match=r"a > .*a"):
        editing.save(row, rule={"segment": "c"}, by=None, now=NOW)
    assert Segment.objects.get(slug="a").rule == IS_PRO


def test_a_bad_rule_is_refused_with_its_place() -> None:
    rule = {"all": [IS_PRO, {"any": [{"trait": "pla", "op": "is", "value": "x"}]}]}
    with pytest.raises(RuleError) as caught:
        segment("a", rule)
    assert caught.value.at.startswith("all[1].any[0]")
    assert not Segment.objects.exists()


def test_a_segment_that_others_read_cannot_go_off_line() -> None:
    row = segment("a", IS_PRO)
    segment("b", {"segment": "a"})
    row.status = Segment.Status.DRAFT
    with pytest.raises(editing.SegmentError, match="'B' reads 'a'"):
        editing.save(row, rule=row.rule, by=None, now=NOW)


def test_a_slug_is_for_ever() -> None:
    row = segment("a", IS_PRO)
    row.slug = "b"
    with pytest.raises(editing.SegmentError, match="keeps its slug"):
        editing.save(row, rule=row.rule, by=None, now=NOW)


def test_a_refused_new_segment_is_as_new_as_before() -> None:
    segment("later", IS_PRO, status=Segment.Status.DRAFT)
    row = Segment(name="Early", slug="early", status=Segment.Status.LIVE)
    with pytest.raises(editing.SegmentError, match="would not be live"):
        editing.save(row, rule={"segment": "later"}, by=None, now=NOW)
    assert row.pk is None
    assert row._state.adding
    row.status = Segment.Status.DRAFT
    editing.save(row, rule={"segment": "later"}, by=None, now=NOW)
    assert Segment.objects.get(slug="early").revision == 1


def test_two_who_save_the_same_new_segment_at_once_are_told_so() -> None:
    segment("pros", IS_PRO)
    row = Segment(name="Pros", slug="pros", status=Segment.Status.LIVE)
    with pytest.raises(editing.SegmentError, match="Save again"):
        editing.save(row, rule=IS_PRO, by=None, now=NOW)
    assert Segment.objects.count() == 1
