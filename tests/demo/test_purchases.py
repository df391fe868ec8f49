from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.contacts.models import Contact, Event
from apps.demo import purchases
from tests.factories import NOW


def quiet(what: str, done: int, of: int) -> None:
    assert done <= of


def test_the_sample_is_read_whole() -> None:
    rows = purchases.read(purchases.SAMPLE)
    assert len(rows) == 1379
    assert rows[0].customer == "00001"


@pytest.mark.parametrize("line", ["1 2", "00001 19971301 1 2.0", "00001 19970101 x 2.0"])
def test_a_line_that_is_no_purchase_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "purchases.txt"
    path.write_text(f" customer_id date number_of_cds dollar_value\n{line}\n")
    with pytest.raises(purchases.PurchaseError, match="Line 2"):
        purchases.read(path)


@pytest.mark.django_db
def test_the_last_purchase_was_yesterday_and_a_second_load_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "purchases.txt"
    path.write_text("00001 19970101 1 11.77\n00002 19970103 2 30.00\n00002 19970103 2 30.00\n")
    for _ in range(2):
        purchases.load(purchases.read(path), now=NOW, report=quiet)
    days = [
        timezone.localtime(at).date()
        for at in Event.objects.order_by("occurred_at").values_list("occurred_at", flat=True)
    ]
    assert days == [date(2026, 3, 7), date(2026, 3, 9), date(2026, 3, 9)]
    assert Contact.objects.count() == 2
    assert max(days) == NOW.date() - timedelta(days=1)
