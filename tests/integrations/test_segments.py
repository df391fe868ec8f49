from typing import Any

import pytest
from django.utils import timezone

from apps.contacts.models import Contact, Identity
from apps.contacts.profile import change_profile
from apps.integrations.calls import segments
from apps.segments.models import Ladder, Membership, Pin, Rebuild, Revision, Segment
from tests.factories import NOW, ContactFactory
from tests.integrations.conftest import Caller
from tests.segments.build import IS_PRO, members, rebuild_all, segment, settle_all
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("catalogue")
IS_FREE = {"trait": "plan", "op": "is", "value": "free"}
IS_VIP = {"trait": "vip", "op": "is_true"}
FREE_OR_TEAM = {"trait": "plan", "op": "one_of", "value": ["free", "team"]}


def person(plan: str = "", **fields: Any) -> Contact:
    contact = ContactFactory(**fields)
    change_profile(contact, now=NOW, traits={"plan": plan or None}, source="test")
    return contact


# --- PUT /segments ----------------------------------------------------------------------


def test_a_segment_is_made_live_and_built_by_the_workers(call: Caller) -> None:
    pro = person("pro")
    said = call.put("/segments/pros", {"name": "Pros", "rule": IS_PRO, "status": "live"})
    assert said == {"slug": "pros", "revision": 1, "state": "building", "members": 0}
    rebuild_all()
    assert members("pros") == {pro.pk}
    said = call.get("/segments/pros")
    prose = "Plan is 'pro'"
    assert said == {"slug": "pros", "revision": 1, "state": "built", "members": 1, "prose": prose}
    assert call.get("/segments") == {"segments": [said]}


def test_putting_what_is_so_already_makes_no_new_revision(call: Caller) -> None:
    body = {"name": "Pros", "rule": {"trait": "plan", "op": "is", "value": " pro "}}
    assert call.put("/segments/pros", body)["revision"] == 1
    rebuild_all()
    assert call.put("/segments/pros", {"name": "Pros", "rule": IS_PRO}) == {
        "slug": "pros",
        "revision": 1,
        "state": "built",
        "members": 0,
    }
    assert call.put("/segments/pros", {"name": "The pros"})["revision"] == 1
    assert Segment.objects.get().name == "The pros"
    assert call.put("/segments/pros", {"rule": IS_FREE})["revision"] == 2
    assert Rebuild.objects.count() == 2


def test_what_is_not_sent_stays_as_it_is(call: Caller) -> None:
    body = {"rule": IS_PRO, "status": "draft", "ladder": {"slug": "plans", "rung": 1}}
    call.put("/segments/pros", body)
    call.put("/segments/pros", {"name": "P"})
    row = Segment.objects.get()
    assert (row.name, row.status, row.rung, row.rule) == ("P", "draft", 1, IS_PRO)
    call.put("/segments/pros", {"ladder": None, "rule": None})
    row = Segment.objects.get()
    assert (row.ladder, row.rung, row.rule) == (None, None, None)


def test_a_ladder_is_made_when_it_is_missing_and_a_rung_is_one_segments(call: Caller) -> None:
    for rung, slug in enumerate(("gold", "silver")):
        call.put(f"/segments/{slug}", {"rule": IS_PRO, "ladder": {"slug": "plans", "rung": rung}})
    assert Ladder.objects.get().rungs.count() == 2
    taken = {"rule": IS_PRO, "ladder": {"slug": "plans", "rung": 0}}
    assert call.no("PUT", "/segments/bronze", taken) == (409, "rung_taken", "ladder.rung")
    assert not Segment.objects.filter(slug="bronze").exists()


def test_the_last_rung_there_can_be_is_the_default_and_takes_everybody(call: Caller) -> None:
    place = {"ladder": {"slug": "plans", "rung": Segment.DEFAULT_RUNG}}
    refused = call.no("PUT", "/segments/rest", {"rule": IS_PRO, **place})
    assert refused[:2] == (409, "default_rule")
    call.put("/segments/rest", {"rule": {"all": []}, **place})
    assert Segment.objects.get(slug="rest").is_default
    assert call.no("PUT", "/segments/rest", {"rule": IS_PRO})[:2] == (409, "default_rule")


def test_pins_are_replaced_as_given_and_hold_in_a_static_segment(call: Caller) -> None:
    ann, bob, eve = person(), person(), person("pro")
    body = {"rule": None, "pins": {"in": [ann.pk, bob.pk], "out": []}}
    call.put("/segments/vips", body)
    rebuild_all()
    assert members("vips") == {ann.pk, bob.pk}
    held = {"in": [bob.pk], "out": [eve.pk]}
    assert call.put("/segments/vips", {"rule": IS_PRO, "pins": held})["revision"] == 2
    rebuild_all()
    assert members("vips") == {bob.pk}
    assert set(Pin.objects.values_list("contact", "held")) == {(bob.pk, "in"), (eve.pk, "out")}
    assert call.put("/segments/vips", {"pins": held})["revision"] == 2
    assert call.put("/segments/vips", {"pins": {}})["revision"] == 2
    rebuild_all()
    assert members("vips") == {eve.pk}


@pytest.mark.django_db(transaction=True)
def test_few_pins_are_settled_when_the_call_answers(call: Caller) -> None:
    ann = person()
    segment("vips", None)
    call.put("/segments/vips", {"pins": {"in": [ann.pk]}})
    assert members("vips") == {ann.pk}


def test_enrolling_existing_members_is_said_by_the_call(call: Caller) -> None:
    call.put("/segments/a", {"rule": IS_PRO, "enrol_existing": True})
    call.put("/segments/b", {"rule": IS_PRO})
    rebuilds = Rebuild.objects.order_by("pk")
    assert list(rebuilds.values_list("enrol_existing", flat=True)) == [True, False]


def test_the_revision_says_whose_token_made_it(call: Caller) -> None:
    call.put("/segments/pros", {"rule": IS_PRO})
    assert Revision.objects.get().by is not None


def test_a_circle_is_refused_with_its_place_and_named(call: Caller) -> None:
    call.put("/segments/a", {"rule": IS_PRO})
    call.put("/segments/b", {"rule": {"any": [IS_FREE, {"segment": "a"}]}})
    call.put("/segments/c", {"rule": {"not": {"segment": "b"}}})
    for rule, at in (
        ({"all": [IS_PRO, {"not": {"segment": "c"}}]}, "all[1].not.segment"),
        ({"segment": "a"}, "segment"),
    ):
        answer = call("PUT", "/segments/a", {"rule": rule})
        said = answer.json()
        assert (answer.status_code, said["code"], said["at"]) == (422, "cycle", at)
        assert "a" in said["message"].partition(":")[2]
    assert Segment.objects.get(slug="a").rule == IS_PRO


def test_a_circle_of_drafts_is_refused_before_it_goes_live(call: Caller) -> None:
    call.put("/segments/a", {"rule": IS_PRO, "status": "draft"})
    call.put("/segments/b", {"rule": {"segment": "a"}, "status": "draft"})
    assert call.no("PUT", "/segments/a", {"rule": {"segment": "b"}}) == (422, "cycle", "segment")


def test_a_segment_that_others_read_stays_live(call: Caller) -> None:
    call.put("/segments/a", {"rule": IS_PRO})
    call.put("/segments/b", {"rule": {"segment": "a"}})
    for status in ("archived", "draft"):
        assert call.no("PUT", "/segments/a", {"status": status}) == (409, "still_read", "")
    assert Segment.objects.get(slug="a").status == "live"


@pytest.mark.parametrize(
    ("path", "body", "refused"),
    [
        ("/segments/new", {}, (422, "missing", "rule")),
        ("/segments/new", {"rule": []}, (422, "wrong_shape", "")),
        ("/segments/new", {"rule": '{"all": []}'}, (422, "wrong_shape", "")),
        (
            "/segments/new",
            {"rule": {"all": [IS_PRO, {"any": [{"trait": "no", "op": "is", "value": 1}]}]}},
            (422, "unknown_trait", "all[1].any[0].trait"),
        ),
        ("/segments/new", {"rule": {"segment": "new"}}, (422, "unknown_segment", "segment")),
        (
            "/segments/new",
            b'{"rule": {"all": [{"trait": "plan", "trait": "plan"}]}}',
            (400, "duplicate_key", "all[0]"),
        ),
        (
            "/segments/new",
            b'{"rule": {"trait": "score", "op": "is", "value": NaN}}',
            (400, "bad_json", "value"),
        ),
        ("/segments/new", {"rule": IS_PRO, "name": ""}, (422, "wrong_value", "name")),
        ("/segments/new", {"rule": IS_PRO, "name": " \t"}, (422, "wrong_value", "name")),
        ("/segments/new", {"rule": IS_PRO, "name": "x" * 121}, (422, "too_large", "name")),
        ("/segments/new", {"rule": IS_PRO, "status": "Live"}, (422, "wrong_value", "status")),
        ("/segments/new", {"rule": IS_PRO, "x": 1}, (422, "unknown_key", "x")),
        (
            "/segments/new",
            {"rule": IS_PRO, "ladder": {"slug": "a b", "rung": 1}},
            (422, "wrong_value", "ladder.slug"),
        ),
        (
            "/segments/new",
            {"rule": IS_PRO, "ladder": {"slug": "a", "rung": 2**70}},
            (422, "wrong_value", "ladder.rung"),
        ),
        (
            "/segments/new",
            {"rule": IS_PRO, "ladder": {"slug": "a"}},
            (422, "missing", "ladder.rung"),
        ),
        (
            "/segments/new",
            {"rule": None, "pins": {"in": [10**9]}},
            (422, "unknown_contact", "pins.in[0]"),
        ),
        ("/segments/new", {"rule": None, "pins": {"in": [0]}}, (422, "wrong_value", "pins.in[0]")),
        ("/segments/new", {"rule": None, "pins": []}, (422, "wrong_type", "pins")),
        (
            "/segments/new",
            {"rule": IS_PRO, "enrol_existing": 1},
            (422, "wrong_type", "enrol_existing"),
        ),
        ("/segments/a.b", {"rule": IS_PRO}, (422, "wrong_value", "slug")),
        ("/segments/%C3%A9", {"rule": IS_PRO}, (422, "wrong_value", "slug")),
        (f"/segments/{'x' * 81}", {"rule": IS_PRO}, (422, "wrong_value", "slug")),
    ],
)
def test_a_segment_that_cannot_be_is_refused_with_its_place(
    call: Caller, path: str, body: object, refused: tuple[int, str, str]
) -> None:
    assert call.no("PUT", path, body) == refused
    assert not Segment.objects.exists()
    assert not Ladder.objects.exists()


def test_nobody_is_held_in_and_out(call: Caller) -> None:
    ann = person()
    body = {"rule": None, "pins": {"in": [ann.pk], "out": [ann.pk]}}
    assert call.no("PUT", "/segments/vips", body) == (422, "wrong_value", "pins.out")
    assert not Segment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_the_same_segment_at_once_one_edits_it(call: Caller) -> None:
    def put() -> None:
        body = {"rule": IS_PRO, "ladder": {"slug": "plans", "rung": 1}}
        assert call.put("/segments/pros", body)["revision"] == 1

    at_once(put, put, put, put)
    assert Segment.objects.count() == Revision.objects.count() == Ladder.objects.count() == 1


# --- Reading ------------------------------------------------------------------------------


def test_members_are_listed_page_by_page(call: Caller) -> None:
    people = [person("pro") for _ in range(5)]
    Identity.objects.create(contact=people[0], kind=Identity.Kind.EXTERNAL, value="c1")
    segment("pros", IS_PRO)
    page = call.get("/segments/pros/members?limit=2")
    since = Membership.objects.get(contact=people[0]).since
    assert page["members"][0] == {
        "id": people[0].pk,
        "external_id": "c1",
        "since": f"{since:%Y-%m-%dT%H:%M:%S.%f}Z",
    }
    assert page["members"][1]["external_id"] is None
    seen = [member["id"] for member in page["members"]]
    while page["next"] is not None:
        page = call.get(f"/segments/pros/members?limit=2&after={page['next']}")
        seen += [member["id"] for member in page["members"]]
    assert seen == [contact.pk for contact in people]
    assert len(call.get("/segments/pros/members")["members"]) == 5


@pytest.mark.parametrize("limit", [4, 5, 2**70])
def test_a_page_of_members_has_the_most_at_most(
    call: Caller, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(segments, "MOST_MEMBERS", 3)
    people = [person("pro") for _ in range(4)]
    segment("pros", IS_PRO)
    page = call.get(f"/segments/pros/members?limit={limit}")
    assert (len(page["members"]), page["next"]) == (3, people[2].pk)
    page = call.get(f"/segments/pros/members?limit={limit}&after={page['next']}")
    assert (len(page["members"]), page["next"]) == (1, None)


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("/segments/no", (404, "not_found", "")),
        ("/segments/no/members", (404, "not_found", "")),
        ("/segments/pros/members?limit=0", (422, "wrong_value", "limit")),
        ("/segments/pros/members?limit=-1", (422, "wrong_value", "limit")),
        ("/segments/pros/members?limit=x", (422, "wrong_type", "limit")),
        ("/segments/pros/members?after=-1", (422, "wrong_value", "after")),
        (f"/segments/pros/members?after={2**70}", (422, "wrong_value", "after")),
        (f"/segments/pros/members?after={'9' * 1900}", (422, "wrong_value", "after")),
        ("/contacts/999999/segments", (404, "not_found", "")),
        (f"/contacts/{2**70}/segments", (404, "not_found", "")),
        ("/contacts/x/segments", (404, "not_found", "")),
        ("/contacts/999999/explain/pros", (404, "not_found", "")),
    ],
)
def test_what_is_not_there_is_404_and_a_bad_page_422(
    call: Caller, path: str, refused: tuple[int, str, str]
) -> None:
    segment("pros", IS_PRO)
    assert call.no("GET", path) == refused


def test_a_contact_says_which_live_segments_it_is_in(call: Caller) -> None:
    ann = person("pro")
    segment("pros", IS_PRO)
    segment("frees", IS_FREE)
    said = call.get(f"/contacts/{ann.pk}/segments")
    assert [one["slug"] for one in said["segments"]] == ["pros"]
    assert set(said["segments"][0]) == {"slug", "since"}


# --- Preview and relations ------------------------------------------------------------------


def test_a_preview_says_who_and_how_many_without_saving(call: Caller) -> None:
    ann, _bob = person("pro"), person("free")
    said = call.post("/segments/preview", {"rule": IS_PRO})
    assert said == {
        "count": 1,
        "of": 2,
        "sample": [ann.pk],
        "prose": "Plan is 'pro'",
        "warnings": [],
    }
    assert not Segment.objects.exists()


def test_a_preview_is_of_the_moment_it_is_asked_for(call: Caller) -> None:
    change_profile(person(), now=NOW, traits={"trial_ends": "2026-05-01T10:00:00Z"}, source="test")
    rule = {"trait": "trial_ends", "op": "in_next", "value": "2d"}
    for now, count in (
        ("2026-04-28T10:00:00Z", 0),
        ("2026-04-30T12:00:00+02:00", 1),
        ("2026-05-02T10:00:00Z", 0),
    ):
        assert call.post("/segments/preview", {"rule": rule, "now": now})["count"] == count


def test_a_preview_warns_of_a_segment_that_is_not_live(call: Caller) -> None:
    segment("later", IS_PRO, status=Segment.Status.DRAFT)
    rule = {"any": [IS_FREE, {"not": {"segment": "later"}}]}
    (warning,) = call.post("/segments/preview", {"rule": rule})["warnings"]
    assert (warning["code"], warning["at"]) == ("draft_segment", "any[1].not.segment")
    assert set(warning) == {"code", "message", "at", "witness"}


@pytest.mark.parametrize(
    ("rule", "code", "at", "message"),
    [
        (
            {"all": [IS_PRO, {"any": [IS_FREE]}]},
            "never_true",
            "all[1].any[0]",
            "Nobody can match: Plan cannot be both 'pro' and 'free'.",
        ),
        ({"any": [IS_PRO, {"not": IS_PRO}]}, "always_true", "",
         "Everybody matches, whatever is known of them."),
        (
            {"all": [FREE_OR_TEAM, {"not": IS_PRO}]},
            "changes_nothing",
            "all[1]",
            "\"Plan is not 'pro'\" changes nothing: without it the same people match.",
        ),
        ({"all": [IS_PRO]}, "same_as", "",
         "This is the same as 'Pros': whoever is in one is in the other."),
        ({"all": [IS_PRO, IS_VIP]}, "inside", "", "Everyone in here is already in 'Pros'."),
        ({"any": [IS_PRO, IS_VIP]}, "contains", "", "Everyone in 'Pros' is also in here."),
    ],
)  # fmt: skip
def test_a_preview_warns_of_what_is_proved(
    call: Caller, rule: object, code: str, at: str, message: str
) -> None:
    change_profile(person("pro"), now=NOW, traits={"vip": True}, source="test")
    segment("pros", IS_PRO)
    (warning,) = call.post("/segments/preview", {"rule": rule})["warnings"]
    assert (warning["code"], warning["at"], warning["message"]) == (code, at, message)
    assert bool(warning["witness"]) is (code in {"inside", "contains"})


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, (422, "missing", "rule")),
        ({"rule": None}, (422, "wrong_shape", "")),
        ({"rule": IS_PRO, "now": "today"}, (422, "wrong_value", "now")),
        ({"rule": IS_PRO, "now": "2026-01-01T00:00:00"}, (422, "wrong_value", "now")),
        ({"rule": IS_PRO, "now": "9999-12-31T23:59:59-12:00"}, (422, "wrong_value", "now")),
        ({"rule": {"all": [{"trait": "plan"}]}}, (422, "wrong_shape", "all[0].op")),
    ],
)
def test_a_preview_of_what_cannot_be_read_is_refused(
    call: Caller, body: object, refused: tuple[int, str, str]
) -> None:
    assert call.no("POST", "/segments/preview", body) == refused


@pytest.mark.parametrize(
    ("a", "b", "said", "shown"),
    [
        ("pros", IS_PRO, "same", None),
        (IS_PRO, {"not": {"trait": "plan", "op": "is_not", "value": "PRO"}}, "same", None),
        (IS_FREE, FREE_OR_TEAM, "inside", {"both", "b"}),
        (FREE_OR_TEAM, IS_FREE, "contains", {"both", "a"}),
        ("pros", IS_FREE, "disjoint", {"a", "b"}),
        ("pros", IS_VIP, "overlap", {"both", "a", "b"}),
        ({"all": [{"segment": "pros"}, IS_VIP]}, IS_PRO, "inside", {"both", "b"}),
        ({"segment": "static"}, {"not": {"segment": "static"}}, "disjoint", {"a", "b"}),
    ],
)
def test_relations_are_proved_for_every_contact_there_can_be(
    call: Caller, a: object, b: object, said: str, shown: set[str] | None
) -> None:
    change_profile(person("pro"), now=NOW, traits={"vip": True}, source="test")
    segment("pros", IS_PRO)
    segment("static", None)
    answer = call.post("/segments/relations", {"a": a, "b": b})
    assert answer["relation"] == said
    assert (set(answer["witness"]) if answer["witness"] else None) == shown


def test_a_witness_is_a_contact_that_the_api_takes(call: Caller) -> None:
    """Loaded through the API, it is where the answer says."""
    change_profile(person("pro"), now=NOW, traits={"vip": True}, source="test")
    a: Any = {"all": [IS_PRO, {"trait": "contact.country", "op": "is", "value": "DE"}]}
    b: Any = {"event": "order_completed", "count": {"op": "at_least", "value": 2}, "within": "30d"}
    witness = call.post("/segments/relations", {"a": a, "b": b})["witness"]
    segment("a", a)
    segment("b", b)
    for name, inside in (("both", {"a", "b"}), ("a", {"a"}), ("b", {"b"})):
        given = witness[name]
        row = {key: given[key] for key in ("country", "traits") if key in given}
        made = call.post("/contacts", {"contacts": [{"external_id": name, **row}]})
        events = [
            {"message_id": f"{name}-{number}", "contact": {"external_id": name}, **event}
            for number, event in enumerate(given["events"])
        ]
        call.post("/events", {"events": events})
        settle_all(now=timezone.now())
        said = call.get(f"/contacts/{made['ids'][0]}/segments")["segments"]
        assert {one["slug"] for one in said} == inside


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"a": "pros"}, (422, "missing", "b")),
        ({"a": "pros", "b": "no"}, (404, "not_found", "b")),
        ({"a": "pros", "b": "a\0"}, (404, "not_found", "b")),
        ({"a": "static", "b": "pros"}, (422, "static", "a")),
        (
            {"a": {"all": [{"segment": "no"}]}, "b": "pros"},
            (422, "unknown_segment", "a.all[0].segment"),
        ),
        ({"a": "pros", "b": 3}, (422, "wrong_shape", "b")),
    ],
)
def test_a_relation_of_what_is_not_there_is_refused(
    call: Caller, body: object, refused: tuple[int, str, str]
) -> None:
    segment("pros", IS_PRO)
    segment("static", None)
    assert call.no("POST", "/segments/relations", body) == refused


def test_the_largest_rules_are_previewed_and_related(call: Caller) -> None:
    """Hundreds of conditions, none alike: neither database may give up on them."""
    person("pro")
    events = {"all": [{"event": f"e{n}", "within": f"{n + 1}d"} for n in range(197)]}
    texts = {"any": [{"trait": "plan", "op": "contains", "value": f"x{n}"} for n in range(197)]}
    lists = [f"value {n}" for n in range(200)]
    listed = {"any": [{"trait": "plan", "op": "one_of", "value": lists} for _ in range(15)]}
    deep: Any = {"all": [{"event": "e", "count": {"op": "at_most", "value": 1}}] * 60}
    for _ in range(4):
        deep = {"not": deep}
    for rule in (events, texts, listed, deep):
        assert call.post("/segments/preview", {"rule": rule})["of"] == 1
        for other in (events, texts, deep):
            said = call.post("/segments/relations", {"a": rule, "b": {"not": {"not": other}}})
            assert said["relation"] == ("same" if rule is other else said["relation"])
