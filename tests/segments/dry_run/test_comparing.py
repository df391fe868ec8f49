import time
from threading import Event

import pytest
from django.db import transaction

from apps.segments.dry_run.comparing import counted, foreseen
from apps.segments.dry_run.edits import Edit
from apps.segments.models import Membership
from apps.segments.plan import Plan, compile_live
from tests.factories import NOW, ContactFactory
from tests.segments.build import segment
from tests.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_who_compares_everybody_and_who_writes_do_not_wait_for_each_other() -> None:
    ContactFactory()
    row = segment("all", {"all": []})
    Membership.objects.all().delete()
    edit = Edit(row.pk, row.slug, "", before=Plan(()), after=compile_live())
    writing, compared = Event(), Event()

    def compare() -> None:
        assert writing.wait(30)
        time.sleep(0.5)  # so that another waits to write
        with foreseen(edit, now=NOW):
            assert counted() == {(row.pk, True): 1}
        compared.set()

    def write() -> None:
        with transaction.atomic():
            ContactFactory()
            writing.set()
            assert compared.wait(10), "who compares waits for those who write"

    def write_too() -> None:
        assert writing.wait(30)
        ContactFactory()

    at_once(compare, write, write_too)
