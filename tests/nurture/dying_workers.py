"""Workers that are killed at every named point until all mail is dealt with.

Runs in a process of its own and prints what became of it as JSON. See test_killing.py.
"""

import json
import os
import signal
import sys
import time
from collections import Counter
from datetime import timedelta

from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from apps.contacts import consent
from apps.contacts.models import Contact
from apps.nurture import handing, sweeping, walking
from apps.nurture.models import Enrolment, Message, Sequence, Step
from apps.segments.models import Segment, Transition
from apps.segments.signals import memberships_changed

CONTACTS = 40
WORKERS = 3
LONGEST = 60.0  # seconds


def main() -> None:
    call_command("migrate", verbosity=0)
    begin()
    connections.close_all()
    deaths = 0
    children = {fork() for _ in range(WORKERS)}
    ends_at = time.monotonic() + LONGEST
    while children and time.monotonic() < ends_at:
        pid, status = os.wait()
        children.discard(pid)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            deaths += 1
            children.add(fork())
        elif status:
            sys.exit("a worker failed")
    report(deaths)


def begin() -> None:
    now = timezone.now()
    segment = Segment.objects.create(name="All", slug="all", status="live")
    sequence = Sequence.objects.create(name="S", slug="s", status="live", segment=segment)
    for position, subject in ((1, "One"), (3, "Two")):
        Step.objects.create(sequence=sequence, position=position, subject=subject, body="Hello")
    Step.objects.create(
        sequence=sequence, position=2, kind="wait", wait=timedelta(milliseconds=500)
    )
    for number in range(CONTACTS):
        contact = Contact.objects.create(email=f"c{number}@people.example")
        consent.record(contact, now=now, granted=True, wording="Yes", source="test")
        entered = [
            Transition.objects.create(segment=segment, contact=contact, kind="entered", at=now)
        ]
        memberships_changed.send(sender=Segment, entered=entered, left=[], now=now, quiet=False)


def fork() -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid


def work() -> None:
    """Do what the pulse and the workers do, until nothing is left to do."""
    while Enrolment.objects.active().exists() or Message.objects.exclude(look_at=None).exists():
        now = timezone.now()
        walking.advance_due(now=now)
        sweeping.sweep(now=now)
        queued = Message.objects.filter(state="queued").order_by("?").values_list("pk", flat=True)
        for pk in list(queued[:10]):
            handing.deliver(pk, clock=timezone.now)
        time.sleep(0.02)


def report(deaths: int) -> None:
    ids: dict[str, list[str]] = {}
    for state, message_id in Message.objects.values_list("state", "message_id"):
        ids.setdefault(state, []).append(message_id)
    enrolments = Counter(Enrolment.objects.values_list("state", flat=True))
    json.dump({"deaths": deaths, "ids": ids, "enrolments": enrolments}, sys.stdout)
