"""Two contacts become one: whatever either had, and whatever runs beside it."""

import random
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from apps.contacts import consent, people
from apps.contacts.events import record_event
from apps.contacts.merging import MergeError, merge
from apps.contacts.models import Contact, DatedTrait, Event, Identity
from apps.contacts.profile import change_profile
from apps.leads.models import Lead
from apps.nurture.models import Enrolment, Message
from apps.quizzes import taking
from apps.quizzes.models import Response
from apps.segments import editing
from apps.segments.models import Change, Pin, PinChange, Segment
from apps.segments.verifying import verify
from tests.factories import NOW, ContactFactory
from tests.integrations.conftest import Caller
from tests.nurture.build import HOUR, enter, sequence, subscriber
from tests.quizzes.drafts import TYPES, published
from tests.segments.build import IS_PRO, members, segment, settle_all
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("catalogue")
DAY = timedelta(days=1)


def person(external_id: str, **fields: Any) -> Contact:
    contact = ContactFactory(**fields)
    contact.identities.create(kind=Identity.Kind.EXTERNAL, value=external_id)
    return contact


def joined(into: Contact, gone: Contact) -> Contact:
    return merge(into=into.pk, gone=gone.pk, now=NOW)


def test_what_into_has_wins_and_what_it_lacks_is_filled(call: Caller) -> None:
    ann = person("c1", email="", first_name="Ann", created_at=NOW)
    anna = person("c2", email="a@example.com", first_name="Anna", phone="1", created_at=NOW - DAY)
    change_profile(ann, now=NOW, traits={"plan": "pro", "born": "1990-01-01"}, source="t")
    traits = {"plan": "free", "score": 3, "born": "1991-01-01", "trial_ends": "2026-05-01T00:00Z"}
    change_profile(anna, now=NOW, traits=traits, source="t")
    record_event(anna, name="page_viewed", now=NOW)
    said = call.post("/contacts/merge", {"into": ann.pk, "from": anna.pk})
    ends = "2026-05-01T00:00:00.000000Z"
    assert said == {
        "id": ann.pk,
        "external_id": "c1",
        "email": "a@example.com",
        "first_name": "Ann",
        "last_name": "",
        "phone": "1",
        "country": "",
        "language": "",
        "timezone": "",
        "traits": {"plan": "pro", "born": "1990-01-01", "score": 3, "trial_ends": ends},
    }
    ann.refresh_from_db()
    assert (ann.created_at, ann.last_seen_at) == (NOW - DAY, NOW)
    assert ann.events.count() == 1
    assert set(DatedTrait.objects.values_list("contact", "key")) == {
        (ann.pk, "born"),
        (ann.pk, "trial_ends"),
    }
    gone = Contact.objects.get(pk=anna.pk)
    assert (gone.merged_into, gone.email, gone.first_name, gone.profile) == (ann, "", "", {})


def test_old_names_find_whom_a_contact_was_merged_into(call: Caller) -> None:
    ann = person("c1", email="ann@example.com")
    bob, eve = person("c2", email="bob@example.com"), person("c3", email="eve@example.com")
    joined(bob, eve)
    joined(ann, bob)
    assert set(Contact.objects.exclude(pk=ann.pk).values_list("merged_into", flat=True)) == {ann.pk}
    for name in ({"email": "bob@example.com"}, {"email": "eve@example.com"}, {"external_id": "c3"}):
        assert people.find(**name) == ann
        assert call.post("/contacts", {"contacts": [name]})["ids"] == [ann.pk]
        row = {"message_id": str(name), "contact": name, "name": "x"}
        assert call.post("/events", {"events": [row]})["accepted"] == 1
    row = {"message_id": "by id", "contact": {"id": eve.pk}, "name": "x"}
    assert call.post("/events", {"events": [row]})["accepted"] == 1
    assert set(Event.objects.values_list("contact", flat=True)) == {ann.pk}
    assert call.get(f"/contacts/{eve.pk}/segments") == {"segments": []}


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"into": 1}, (422, "missing", "from")),
        ({"into": 1, "from": "2"}, (422, "wrong_type", "from")),
        ({"into": 2**70, "from": 1}, (422, "wrong_value", "into")),
        ({"into": True, "from": 1}, (422, "wrong_type", "into")),
        ({"into": 10**9, "from": 10**9 + 1}, (404, "not_found", "into")),
        ({"into": 5, "from": 5}, (409, "cannot_merge", "from")),
    ],
)
def test_what_cannot_be_merged_is_refused(
    call: Caller, body: object, refused: tuple[int, str, str]
) -> None:
    assert call.no("POST", "/contacts/merge", body) == refused


def test_a_tombstone_is_neither_merged_nor_merged_into(call: Caller) -> None:
    ann, bob, eve = person("1"), person("2"), person("3")
    joined(ann, bob)
    for into, gone, at in (
        (bob, eve, "into"),
        (eve, bob, "from"),
        (bob, ann, "into"),
        (bob, bob, "from"),
    ):
        body = {"into": into.pk, "from": gone.pk}
        assert call.no("POST", "/contacts/merge", body) == (409, "cannot_merge", at)
    assert eve.merged_into is None


def test_a_contact_that_is_not_there_is_said_where_it_is_named(call: Caller) -> None:
    body = {"into": person("1").pk, "from": 10**9}
    assert call.no("POST", "/contacts/merge", body) == (404, "not_found", "from")


def test_a_merge_that_was_made_answers_again_and_changes_nothing(call: Caller) -> None:
    ann, bob, eve = person("1", first_name="Ann"), person("2", phone="1"), person("3")
    said = call.post("/contacts/merge", {"into": ann.pk, "from": bob.pk})
    Change.objects.all().delete()
    assert call.post("/contacts/merge", {"into": ann.pk, "from": bob.pk}) == said
    assert not Change.objects.exists()
    joined(eve, ann)
    for gone in (ann, bob):  # either is Eve now
        body = {"into": eve.pk, "from": gone.pk}
        assert call.post("/contacts/merge", body)["id"] == eve.pk
    for into, gone in ((ann, bob), (bob, ann), (ann, eve)):
        body = {"into": into.pk, "from": gone.pk}
        assert call.no("POST", "/contacts/merge", body) == (409, "cannot_merge", "into")


@pytest.mark.parametrize(
    ("into_said", "gone_said", "into_email", "willing"),
    [
        (True, True, "a@example.com", True),
        (True, None, "a@example.com", True),
        (True, False, "a@example.com", False),
        (False, True, "a@example.com", False),
        (None, True, "a@example.com", False),  # that address never agreed
        (None, True, "", True),
        (None, None, "", False),
    ],
)
def test_the_strictest_consent_wins(
    call: Caller, into_said: object, gone_said: object, into_email: str, willing: bool
) -> None:
    into, gone = ContactFactory(email=into_email), ContactFactory()
    for contact, said, at in ((into, into_said, NOW), (gone, gone_said, NOW + DAY)):
        if said is not None:
            consent.record(contact, now=at, granted=bool(said), wording="Yes", source="t")
    merge(into=into.pk, gone=gone.pk, now=NOW + 2 * DAY)
    assert consent.granted(into) is willing
    assert not gone.consents.exists()


@pytest.mark.django_db(transaction=True)
def test_both_settle_and_pins_move(call: Caller) -> None:
    ann, bob = person("1"), person("2")
    change_profile(bob, now=NOW, traits={"plan": "pro"}, source="t")
    segment("pros", IS_PRO)
    vips, outs = segment("vips", None), segment("outs", IS_PRO)
    editing.pin(bob, vips, held="in", by=None)
    editing.pin(bob, outs, held="in", by=None)
    editing.pin(ann, outs, held="out", by=None)
    call.post("/contacts/merge", {"into": ann.pk, "from": bob.pk})
    assert members("pros") == members("vips") == {ann.pk}
    assert members("outs") == set()
    assert set(Pin.objects.values_list("contact", "segment__slug", "held")) == {
        (ann.pk, "vips", "in"),
        (ann.pk, "outs", "out"),
    }
    kept = PinChange.objects.order_by("pk").values_list("contact", "segment__slug", "former")
    assert list(kept) == [
        (ann.pk, "vips", bob.pk),
        (ann.pk, "outs", bob.pk),
        (ann.pk, "outs", None),
        (ann.pk, "vips", None),
    ]
    assert not Change.objects.exists()
    assert verify().drift == ()


def test_responses_and_leads_move(call: Caller) -> None:
    version = published(TYPES)
    ann, bob = person("1"), person("2")
    response, token = taking.start(version, now=NOW)
    Response.objects.filter(pk=response.pk).update(contact=bob)
    about = {"quiz_slug": "q", "quiz_title": "Q", "tier_key": "t", "tier_label": "T"}
    Lead.objects.create(contact=bob, scored_at=NOW + DAY, since=NOW, score=9, **about)
    Lead.objects.create(contact=ann, scored_at=NOW, since=NOW, score=1, stage="working", **about)
    joined(ann, bob)
    lead = Lead.objects.get()
    assert (lead.contact, lead.score, lead.stage) == (ann, 9, "working")
    assert Response.objects.get().contact == ann
    taking.answer(taking.hashed(token), "wake", {"answer": ["early"]}, revision=0, now=NOW)


# --- Sequences ------------------------------------------------------------------------------


def test_of_two_walks_the_further_goes_on_and_no_mail_goes_out_twice(call: Caller) -> None:
    course = sequence("One", HOUR, "Two", HOUR, "Three")
    ann, bob = subscriber(), subscriber()
    enter(course.segment, ann, bob)
    mails = {row.contact_id: row for row in Message.objects.filter(step__subject="One")}
    Message.objects.filter(pk=mails[bob.pk].pk).update(state="sent", sent_at=NOW, look_at=None)
    Enrolment.objects.filter(contact=bob).update(next_position=3, due_at=NOW + HOUR)
    joined(ann, bob)
    running = Enrolment.objects.active().get()
    assert (running.contact, running.next_position) == (ann, 3)
    assert set(Message.objects.values_list("contact", "state")) == {
        (ann.pk, "sent"),
        (ann.pk, "withheld"),
    }
    assert len(set(Enrolment.objects.values_list("trigger_key", flat=True))) == 2
    enter(course.segment, ann, now=NOW + 30 * DAY)
    assert Enrolment.objects.count() == 2


def test_the_same_step_sent_by_the_one_is_not_sent_by_the_other(call: Caller) -> None:
    course = sequence("One", HOUR, "Two")
    ann, bob = subscriber(), subscriber()
    enter(course.segment, ann, bob)
    Message.objects.filter(contact=bob).update(state="sent", sent_at=NOW, look_at=None)
    joined(ann, bob)
    assert Enrolment.objects.active().count() == 1
    assert sorted(Message.objects.values_list("state", flat=True)) == ["sent", "withheld"]


def test_who_had_a_sequence_once_does_not_go_on_with_it_as_another(call: Caller) -> None:
    course = sequence("One", HOUR, "Two")
    ann, bob = subscriber(), subscriber()
    enter(course.segment, ann, bob)
    Enrolment.objects.filter(contact=bob).update(
        state="finished", ended_at=NOW, due_at=None, next_position=9
    )
    joined(ann, bob)
    assert not Enrolment.objects.active().exists()


def test_a_claimed_mail_goes_back_into_the_queue(call: Caller) -> None:
    course = sequence("One", HOUR)
    ann, bob = subscriber(), subscriber()
    enter(course.segment, bob)
    Message.objects.update(state="claimed", token="t", look_at=NOW)
    joined(ann, bob)
    mail = Message.objects.get()
    assert (mail.contact, mail.state, mail.token) == (ann, "queued", "")


# --- Whatever happens beside it -----------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_facts_that_come_during_a_merge_are_the_survivors(call: Caller) -> None:
    for round_ in range(8):
        ann, bob = person(f"a{round_}"), person(f"b{round_}")
        response, _ = taking.start(published({**TYPES, "slug": f"q{round_}"}), now=NOW)
        answered = partial(taking.answer, response.token_hash, "wake", {"answer": ["early"]})
        Response.objects.filter(pk=response.pk).update(contact=bob)
        rows = [
            {"message_id": f"{round_}-{n}", "contact": {"id": bob.pk}, "name": "x"}
            for n in range(5)
        ]
        at_once(
            partial(joined, ann, bob),
            partial(record_event, bob, name="x", now=NOW),
            partial(change_profile, bob, now=NOW, traits={"score": 1}, source="t"),
            partial(call.post, "/events", {"events": rows}),
            partial(consent.record, bob, now=NOW, granted=False, wording="No", source="t"),
            partial(answered, revision=0, now=NOW),
        )
        assert ann.events.count() == 6
        assert ann.consents.count() == 1
        ann.refresh_from_db()
        assert ann.profile == {"score": 1}
        assert Response.objects.get(pk=response.pk).contact == ann
        bob.refresh_from_db()
        assert bob.profile == {}
        assert not bob.events.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_merges_at_once_none_makes_a_circle(call: Caller) -> None:
    contacts = [person(f"c{n}") for n in range(6)]

    def some(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(6):
            into, gone = chance.sample(contacts, 2)
            try:
                joined(into, gone)
            except MergeError:
                continue

    at_once(*(partial(some, seed) for seed in range(4)))
    for contact in Contact.objects.exclude(merged_into=None).select_related("merged_into"):
        assert contact.merged_into is not None
        assert contact.merged_into.merged_into is None
    tombstones = Contact.objects.exclude(merged_into=None).values("pk")
    assert not Identity.objects.filter(contact__in=tombstones).exists()


def test_a_history_of_random_merges_and_erasures_stays_true(call: Caller) -> None:
    """After each step stored membership equals a recomputation, and nothing is lost or doubled."""
    chance = random.Random(20260310)
    segment("pros", IS_PRO)
    segment("buyers", {"event": "order_completed"})
    segment("both", {"all": [{"segment": "pros"}, {"segment": "buyers"}]})
    vips = segment("vips", None)
    alive: dict[int, int] = {}  # contact: events it must have
    for number in range(25):
        contact = person(f"c{number}")
        if chance.random() < 0.5:
            change_profile(contact, now=NOW, traits={"plan": "pro"}, source="t")
        alive[contact.pk] = chance.randrange(3)
        for _ in range(alive[contact.pk]):
            record_event(contact, name="order_completed", now=NOW)
        if chance.random() < 0.2:
            editing.pin(contact, vips, held=chance.choice(["in", "out"]), by=None)
    for _ in range(18):
        into, gone = chance.sample(sorted(alive), 2)
        if chance.random() < 0.7:
            call.post("/contacts/merge", {"into": into, "from": gone})
            alive[into] += alive.pop(gone)
        else:
            assert call("DELETE", f"/contacts/{gone}").status_code == 204
            del alive[gone]
        settle_all()
        assert verify().drift == ()
        standing = Contact.objects.standing()
        assert {row.pk: row.events.count() for row in standing} == alive
    assert Segment.objects.count() == 4
