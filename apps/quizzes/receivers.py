"""What quizzes do when contacts are merged or erased, where a response is locked before its
contact, and every second."""

from datetime import datetime
from typing import Any

from apps.contacts.merging import Interrupted
from apps.contacts.models import Contact
from apps.contacts.signals import contacts_erasing, contacts_merged, contacts_merging
from apps.core.signals import second_passed
from apps.quizzes.backtest import comparing, rescoring
from apps.quizzes.models import Response


def lock_responses(*, ids: tuple[int, ...], **_: Any) -> None:
    """Lock the responses of these contacts, by id, before anybody locks the contacts."""
    rows = Response.objects.select_for_update(of=("self",)).filter(contact__in=ids)
    list(rows.order_by("pk").values_list("pk", flat=True))


def move_responses(*, into: Contact, gone: Contact, **_: Any) -> None:
    """Give `into` the responses of `gone`. One that came since and is in hand makes us wait."""
    rows = Response.objects.filter(contact=gone)
    mine = rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)
    if len(mine) < rows.count():
        raise Interrupted
    rows.update(contact=into)


def resume_rescoring(*, now: datetime, **_: Any) -> None:
    comparing.resume(now=now)
    rescoring.resume(now=now)


contacts_merging.connect(lock_responses)
contacts_erasing.connect(lock_responses)
contacts_merged.connect(move_responses)
second_passed.connect(resume_rescoring)
