"""Ladders: what an order would do is what it then does, and everybody stands on one rung."""

import random
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.segments import editing, rebuilding, sizes
from apps.segments.explaining.account import By, account
from apps.segments.explaining.reasons import explain_all
from apps.segments.ladders import arranging, showing
from apps.segments.models import Ladder, Membership, Rebuild, Segment, Transition
from apps.segments.verifying import ALL, verify
from tests.factories import NOW, ContactFactory, UserFactory
from tests.segments.build import IS_PRO, members, rebuild_all, segment

pytestmark = pytest.mark.usefixtures("catalogue")
KEEN = {"trait": "score", "op": "at_least", "value": 5}
BASIC = {"trait": "plan", "op": "is", "value": "basic"}


@pytest.fixture
def user(db: None) -> User:
    return UserFactory(role=User.Role.MARKETER)


@pytest.fixture
def marketer(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def life(db: None, catalogue: None) -> Ladder:
    return Ladder.objects.create(name="Life", slug="life")


def person(**traits: object) -> Contact:
    contact = ContactFactory()
    change_profile(contact, now=NOW, traits=traits, source="test")
    return contact


def people(seed: int, many: int = 25) -> None:
    chance = random.Random(seed)
    for _ in range(many):
        person(plan=chance.choice(["pro", "basic", "free"]), score=chance.choice([1, 5, 9]))


def rungs_of(contact: Contact, ladder: Ladder) -> list[str]:
    rows = Membership.objects.filter(contact=contact, segment__ladder=ladder)
    return list(rows.values_list("segment__slug", flat=True))


@pytest.mark.parametrize("seed", range(6))
def test_what_an_order_would_do_is_what_it_then_does(seed: int, life: Ladder, user: User) -> None:
    chance = random.Random(seed)
    people(seed)
    rules = [IS_PRO, KEEN, BASIC, {"event": "visited"}, {"all": [IS_PRO, KEEN]}]
    rows = [segment(f"s{n}", rule, ladder=life, rung=n + 1) for n, rule in enumerate(rules[:3])]
    rows += [segment(f"s{n}", rule) for n, rule in enumerate(rules[3:], start=3)]
    segment("reader", {"any": [{"segment": "s0"}, {"segment": "s4"}]})
    if seed % 2:
        arranging.declare_default(life, name="Rest", by=user, now=NOW)
        rebuild_all()
    order = [row.pk for row in chance.sample(rows, chance.randrange(0, len(rows) + 1))]
    was = arranging.order_of(life)
    foreseen = {one.segment.pk: one for one in arranging.foresee(life, order, now=NOW)}
    before = sizes.members(foreseen)
    newest = Transition.objects.order_by("-pk").values_list("pk", flat=True)[0]
    assert arranging.arrange(life, order, was=was, by=user, now=NOW) is (order != was)
    rebuild_all()
    after = sizes.members(foreseen)
    for pk, effect in foreseen.items():
        moves = Transition.objects.filter(segment=pk, pk__gt=newest)
        assert effect.members == before[pk]
        assert effect.after == after[pk]
        assert moves.filter(kind="entered").count() == effect.entering
        assert moves.filter(kind="left").count() == effect.leaving
    untouched = Transition.objects.filter(pk__gt=newest).exclude(segment__in=foreseen)
    assert not untouched.exists()
    assert verify(now=NOW, judged=ALL).drift == ()
    assert arranging.order_of(life) == order


def test_the_rungs_change_at_once_with_one_rebuild_of_the_whole_ladder(
    life: Ladder, user: User
) -> None:
    keen = person(plan="pro", score=9)
    first = segment("pros", IS_PRO, ladder=life, rung=1)
    second = segment("keen", KEEN, ladder=life, rung=2)
    assert rungs_of(keen, life) == ["pros"]
    before = Rebuild.objects.count()
    arranging.arrange(life, [second.pk, first.pk], was=[first.pk, second.pk], by=user, now=NOW)
    [rebuild] = Rebuild.objects.order_by("pk")[before:]
    assert (rebuild.ladder, rebuild.segment, rebuild.enrol_existing) == (life, None, False)
    rebuild_all()
    assert rungs_of(keen, life) == ["keen"]
    moves = Transition.objects.filter(contact=keen, cause="ladder")
    assert {move.kind for move in moves} == {"entered", "left"}
    assert len({move.at for move in moves}) == 1
    first.refresh_from_db()
    assert (first.revision, first.rung) == (2, 2)
    assert first.revisions.get(number=2).by == user


def test_a_default_takes_whom_no_rung_takes_in_every_reading(life: Ladder, user: User) -> None:
    segment("pros", IS_PRO, ladder=life, rung=1)
    keen = segment("keen", KEEN, ladder=life, rung=2)
    pro, nobody = person(plan="pro", score=9), person(plan="free")
    row = arranging.declare_default(life, name="Everybody else", by=user, now=NOW)
    rebuild_all()
    late = person(score=1)  # settled in memory, not by the statement
    rebuild_all()
    assert (row.rung, row.slug) == (Segment.DEFAULT_RUNG, "everybody-else")
    for contact in Contact.objects.all():
        assert len(rungs_of(contact, life)) == 1
    assert members(row.slug) == {nobody.pk, late.pk}
    assert verify(now=NOW, judged=ALL).drift == ()
    (only,) = explain_all(nobody, now=NOW)
    assert "The default" in only.because
    assert account(nobody, row, now=NOW).holds
    for lower in (keen, row):
        told = account(pro, lower, now=NOW)
        assert not told.holds
        assert (told.decided.by, told.decided.what) == (By.HIGHER_RUNG, "pros")
        assert told.decided.verdict.holds


def test_nothing_can_stand_below_a_default_and_its_rule_stays(life: Ladder, user: User) -> None:
    row = arranging.declare_default(life, name="Rest", by=user, now=NOW)
    with pytest.raises(editing.SegmentError, match="default"):
        editing.save(row, rule=IS_PRO, by=user, now=NOW)
    with pytest.raises(editing.SegmentError):
        arranging.declare_default(life, name="Other", by=user, now=NOW)
    pros = segment("pros", IS_PRO)
    with pytest.raises(editing.SegmentError):
        arranging.arrange(life, [row.pk, pros.pk], was=[], by=user, now=NOW)
    arranging.arrange(life, [pros.pk], was=[], by=user, now=NOW)
    row.refresh_from_db()
    assert row.rung == Segment.DEFAULT_RUNG


def test_a_default_taken_away_holds_nobody_rather_than_everybody(life: Ladder, user: User) -> None:
    person(plan="free")
    row = arranging.declare_default(life, name="Rest", by=user, now=NOW)
    rebuild_all()
    assert len(members(row.slug)) == 1
    assert arranging.drop_default(life, by=user, now=NOW)
    rebuild_all()
    row.refresh_from_db()
    assert (row.status, row.ladder, members(row.slug)) == ("archived", None, set())
    assert not arranging.drop_default(life, by=user, now=NOW)


def test_an_order_that_closes_a_circle_is_refused_before_and_after(
    life: Ladder, user: User
) -> None:
    first = segment("first", IS_PRO, ladder=life, rung=1)
    second = segment("second", {"not": {"segment": "first"}}, ladder=life, rung=2)
    order, was = [second.pk, first.pk], [first.pk, second.pk]
    with pytest.raises(editing.Circle):
        arranging.foresee(life, order, now=NOW)
    with pytest.raises(editing.Circle):
        arranging.arrange(life, order, was=was, by=user, now=NOW)
    assert arranging.order_of(life) == was
    first.refresh_from_db()
    assert first.revision == 1


def test_who_arranges_what_somebody_else_arranged_meanwhile_is_told(
    life: Ladder, user: User
) -> None:
    first = segment("first", IS_PRO, ladder=life, rung=1)
    with pytest.raises(arranging.Stale):
        arranging.arrange(life, [], was=[], by=user, now=NOW)
    other = Ladder.objects.create(name="Other", slug="other")
    with pytest.raises(editing.SegmentError, match="another ladder"):
        arranging.arrange(other, [first.pk], was=[], by=user, now=NOW)


def test_a_rung_edited_while_its_ladder_is_rebuilt_keeps_its_own_wish(
    life: Ladder, user: User
) -> None:
    person(plan="pro", score=9)
    first = segment("first", BASIC, ladder=life, rung=1)
    second = segment("second", KEEN, ladder=life, rung=2)
    arranging.arrange(life, [second.pk, first.pk], was=[first.pk, second.pk], by=user, now=NOW)
    ladder_wide = Rebuild.objects.get(ladder=life)
    second.refresh_from_db()
    editing.save(second, rule=IS_PRO, by=user, now=NOW, enrol_existing=True)
    rebuilding.run(ladder_wide.pk, now=NOW)
    rebuild_all()
    assert verify(now=NOW, judged=ALL).drift == ()
    assert len(members("second")) == 1


def test_a_rung_still_being_built_is_built_with_the_ladder_that_moves_it(
    life: Ladder, user: User
) -> None:
    person(plan="pro", score=9)
    first = segment("first", BASIC, ladder=life, rung=1)
    second = segment("second", KEEN, ladder=life, rung=2)
    editing.save(first, rule=IS_PRO, by=user, now=NOW)
    arranging.arrange(life, [second.pk, first.pk], was=[first.pk, second.pk], by=user, now=NOW)
    rebuilding.run(Rebuild.objects.get(ladder=life).pk, now=NOW)
    rebuild_all()
    assert verify(now=NOW, judged=ALL).drift == ()
    first.refresh_from_db()
    editing.save(first, rule={"any": []}, by=user, now=NOW)
    arranging.arrange(life, [first.pk, second.pk], was=[second.pk, first.pk], by=user, now=NOW)
    rebuild_all()
    assert verify(now=NOW, judged=ALL).drift == ()
    assert (members("first"), len(members("second"))) == (set(), 1)


# The pages


def test_an_order_is_tried_out_by_address_and_changes_nothing(
    marketer: Client, life: Ladder
) -> None:
    person(plan="pro", score=9)
    first = segment("first", IS_PRO, ladder=life, rung=1)
    second = segment("second", KEEN, ladder=life, rung=2)
    page = marketer.get("/admin/segments/ladders/life/")
    assert [rung.segment for rung in page.context["shown"].rungs] == [first, second]
    assert "What would change" not in page.content.decode()
    down = page.context["shown"].rungs[0].down
    assert page.context["shown"].rungs[0].up == ""
    tried = marketer.get(f"/admin/segments/ladders/life/{down}&numbers=1")
    assert [rung.segment for rung in tried.context["shown"].rungs] == [second, first]
    effects = {one.segment.slug: one.entering - one.leaving for one in tried.context["effects"]}
    assert effects == {"first": -1, "second": 1}
    assert arranging.order_of(life) == [first.pk, second.pk]
    marketer.post(
        "/admin/segments/ladders/life/arrange/",
        {"order": f"{second.pk},{first.pk}", "was": f"{first.pk},{second.pk}"},
    )
    assert arranging.order_of(life) == [second.pk, first.pk]


def test_the_pages_ask_the_same_few_questions_however_many_rungs(
    marketer: Client, user: User, django_assert_max_num_queries: Any
) -> None:
    for name in ("first", "second", "third"):
        ladder = Ladder.objects.create(name=name, slug=name)
        for rung in range(1, 5):
            segment(f"{name}{rung}", IS_PRO, ladder=ladder, rung=rung)
        arranging.declare_default(ladder, name=f"{name} rest", by=user, now=NOW)
    with django_assert_max_num_queries(6):
        assert marketer.get("/admin/segments/ladders/").status_code == 200
    with django_assert_max_num_queries(12):
        assert marketer.get("/admin/segments/ladders/first/").status_code == 200


def test_parts_of_the_page_are_what_htmx_asks_for(marketer: Client, life: Ladder) -> None:
    first = segment("first", IS_PRO, ladder=life, rung=1)
    for target, beginning in (("ladder", '<div id="ladder"'), ("effects", '<div id="effects"')):
        part = marketer.get(
            "/admin/segments/ladders/life/?order=&numbers=1", headers={"HX-Target": target}
        )
        assert part.content.decode().lstrip().startswith(beginning)
        assert "HX-Target" in part["Vary"]
    assert showing.ladder(life, {"order": ""}).leaving == [first]


@pytest.mark.parametrize(
    "query",
    [
        "?order=1,1,x,-1,999999999999999999999",
        f"?order={'7,' * 700}",
        "?order=%D9%A3&add=%D9%A3",
        "?add=x&numbers=1",
        "?order=&numbers=1",
    ],
)
def test_no_address_breaks_the_page(marketer: Client, life: Ladder, query: str) -> None:
    segment("first", IS_PRO, ladder=life, rung=1)
    assert marketer.get(f"/admin/segments/ladders/life/{query}").status_code == 200


def test_hostile_forms_are_answered_in_words(marketer: Client, life: Ladder) -> None:
    pros = segment("pros", IS_PRO, ladder=life, rung=1)
    for name in ("arrange", "name", "default", "delete"):
        address = f"/admin/segments/ladders/life/{name}/"
        for form in ({}, {"name": "x" * 121, "order": "99,99,x", "was": f"{pros.pk}"}):
            assert marketer.post(address, form).status_code == 302
    life.refresh_from_db()
    assert (life.name, arranging.order_of(life)) == ("Life", [pros.pk])
    assert marketer.post("/admin/segments/ladders/", {"name": ""}).status_code == 302
    assert Ladder.objects.count() == 1


def test_a_ladder_is_begun_named_and_deleted_when_empty(marketer: Client) -> None:
    answer = marketer.post("/admin/segments/ladders/", {"name": "Loyalty"})
    assert answer["Location"] == "/admin/segments/ladders/loyalty/"
    marketer.post("/admin/segments/ladders/loyalty/name/", {"name": "Loyal"})
    marketer.post("/admin/segments/ladders/loyalty/default/", {"name": "Others"})
    page = marketer.get("/admin/segments/ladders/").content.decode()
    assert "Loyal" in page
    assert "else Others" in page
    marketer.post("/admin/segments/ladders/loyalty/delete/")
    assert Ladder.objects.count() == 1
    marketer.post("/admin/segments/ladders/loyalty/default/", {"do": "drop"})
    marketer.post("/admin/segments/ladders/loyalty/delete/")
    assert not Ladder.objects.exists()
