"""What must hold when many hands do the same at once."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest
from django.db import connection, transaction

from apps.contacts import consent
from apps.contacts.models import Contact
from apps.nurture import handing, smtp, sweeping, unsubscribing, walking
from apps.nurture.models import Enrolment, Message
from apps.segments.models import Segment
from apps.segments.signals import memberships_changed
from tests.factories import NOW
from tests.nurture import build
from tests.nurture.build import HOUR, enter, move, subscriber
from tests.smtp import CountingServer

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*tasks: Callable[[], object]) -> None:
    """Run the tasks in threads that start together; raise what any of them raised."""
    start, errors = threading.Barrier(len(tasks)), []

    def run(task: Callable[[], object]) -> None:
        try:
            start.wait(10)
            task()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors, errors


def test_many_threads_that_enter_one_contact_enrol_it_once() -> None:
    welcome = build.sequence("Welcome", HOUR)
    contacts = [subscriber() for _ in range(10)]

    def settle() -> None:
        for contact in contacts:
            with transaction.atomic():
                list(Contact.objects.locked([contact.pk]))
                moved = move(welcome.segment, contact)
                memberships_changed.send(
                    sender=Segment, entered=moved, left=[], now=NOW, quiet=False
                )

    at_once(*[settle] * 8)
    assert Enrolment.objects.count() == Message.objects.count() == len(contacts)


def test_many_threads_without_the_callers_lock_enrol_once_too() -> None:
    welcome = build.sequence("Welcome", HOUR, re_entry="every_time", cooldown=HOUR)
    contacts = [subscriber() for _ in range(6)]
    batches = [move(welcome.segment, *reversed(contacts)) for _ in range(6)]

    def follow(moved: Sequence[object]) -> Callable[[], object]:
        return lambda: memberships_changed.send(
            sender=Segment, entered=moved, left=[], now=NOW, quiet=False
        )

    at_once(*[follow(moved) for moved in batches])
    assert Enrolment.objects.count() == Message.objects.count() == len(contacts)


def test_many_workers_with_the_same_messages_send_each_once(smtp_server: CountingServer) -> None:
    welcome = build.sequence("Welcome")
    messages = [build.message(subscriber(), sequence=welcome) for _ in range(12)]

    def work() -> None:
        for message in messages:
            handing.deliver(message.pk, clock=lambda: NOW)

    at_once(*[work] * 6)
    assert set(Message.objects.values_list("state", "attempts")) == {("sent", 1)}
    assert set(smtp_server.message_ids.values()) == {1}
    assert len(smtp_server.message_ids) == 12


def test_many_pulses_advance_an_enrolment_once() -> None:
    welcome = build.sequence("One", HOUR, "Two", HOUR, "Three")
    enter(welcome.segment, *[subscriber() for _ in range(10)])
    at_once(*[lambda: walking.advance_due(now=NOW + HOUR)] * 6)
    assert Message.objects.filter(step__subject="Two").count() == 10
    assert not Message.objects.filter(step__subject="Three").exists()


def test_many_sweepers_and_workers_lose_nothing(smtp_server: CountingServer) -> None:
    welcome = build.sequence("Welcome")
    messages = [
        build.message(
            subscriber(), sequence=welcome, state="claimed", token="dead", look_at=NOW, attempts=1
        )
        for _ in range(10)
    ]

    def work() -> None:
        for message in messages:
            handing.deliver(message.pk, clock=lambda: NOW)

    sweeps = [lambda: sweeping.sweep(now=NOW)] * 3
    at_once(*sweeps, work, work)
    work()
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
    assert set(smtp_server.message_ids.values()) == {1}


def test_no_hand_over_begins_after_an_unsubscribe_was_acknowledged(
    smtp_server: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Race many pairs; note when each hand-over began and when each acknowledgement came."""
    welcome = build.sequence("Welcome")
    messages = [build.message(subscriber(), sequence=welcome) for _ in range(30)]
    began: dict[str, float] = {}
    acknowledged: dict[str, float] = {}
    send = smtp.Connection.send

    def note(self: smtp.Connection, *, sender: str, recipient: str, raw: bytes) -> None:
        began[recipient] = time.monotonic()
        send(self, sender=sender, recipient=recipient, raw=raw)

    monkeypatch.setattr(smtp.Connection, "send", note)
    monkeypatch.setattr(unsubscribing, "POLL", 0.002)

    def work() -> None:
        for message in messages:
            handing.deliver(message.pk, clock=lambda: NOW)

    def leave() -> None:
        for message in messages:
            unsubscribing.unsubscribe(message.contact, source="test", clock=lambda: NOW)
            acknowledged[message.contact.email] = time.monotonic()

    at_once(work, work, leave)
    assert not [who for who, when in began.items() if when > acknowledged[who]]
    assert not any(consent.granted(message.contact) for message in messages)
    states = set(Message.objects.values_list("state", flat=True))
    assert states <= {"sent", "withheld", "queued"}  # queued: put off under load
    assert len(smtp_server.raw) == Message.objects.filter(state="sent").count()


def test_an_unsubscribe_waits_for_the_mail_under_way() -> None:
    contact = subscriber()
    message = build.message(contact, state="handing", look_at=NOW + HOUR)
    times: dict[str, float] = {}

    def finish() -> None:
        time.sleep(0.5)
        times["sent"] = time.monotonic()
        Message.objects.filter(pk=message.pk).update(state="sent", look_at=None, sent_at=NOW)

    def leave() -> None:
        unsubscribing.unsubscribe(contact, source="test", clock=lambda: NOW)
        times["acknowledged"] = time.monotonic()

    at_once(finish, leave)
    assert times["acknowledged"] > times["sent"]
