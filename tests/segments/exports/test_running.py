"""A file of members holds each of them once, whatever dies on the way, and no formula."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.contacts.erasing import erase
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.contacts.traits import define
from apps.rules.kinds import Kind
from apps.segments import jobs
from apps.segments.exports import forgetting, running
from apps.segments.models import Export, ExportPart, Segment
from tests.factories import NOW, ContactFactory, UserFactory
from tests.segments.build import segment

pytestmark = pytest.mark.usefixtures("catalogue")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EVIL = ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "plain"]


@pytest.fixture
def user(db: None) -> User:
    return UserFactory(role=User.Role.MARKETER)


@pytest.fixture
def marketer(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def everybody(catalogue: None, monkeypatch: pytest.MonkeyPatch) -> Segment:
    monkeypatch.setattr(running, "BATCH", 3)
    for number in range(10):
        contact = ContactFactory(first_name=f"N{number}")
        change_profile(
            contact, now=NOW, traits={"plan": f"p{number}", "score": number / 2}, source="test"
        )
    return segment("all", {"all": []})


def ordered(row: Segment, user: User, **said: Any) -> Export:
    said = {"format": "csv", "columns": ["plan", "score"], "since": None, **said}
    return running.order(row, by=user, now=NOW, **said)


def file_of(export: Export) -> bytes:
    export.refresh_from_db()
    assert export.state == Export.State.DONE
    content = b"".join(running.content(export))
    assert len(content) == export.size
    return content


def csv_of(export: Export) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file_of(export).decode("utf-8-sig"), newline="")))


def xlsx_of(export: Export) -> list[list[tuple[str, str, str]]]:
    """Read an Excel file's cells: type, style and text of each."""
    with zipfile.ZipFile(io.BytesIO(file_of(export))) as book:
        assert book.testzip() is None
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert not list(sheet.iter(f"{SHEET}f"))  # no formula anywhere
    assert not list(sheet.iter(f"{SHEET}hyperlink"))
    return [
        [
            (cell.get("t", "n"), cell.get("s", ""), "".join(cell.itertext()))
            for cell in row.iter(f"{SHEET}c")
        ]
        for row in sheet.iter(f"{SHEET}row")
    ]


class Died(BaseException):
    """A worker that was killed: nothing catches it."""


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    def die_at(point: str, passing: int) -> None:
        left = [passing]

        def reached(name: str) -> None:
            if name == point:
                left[0] -= 1
                if left[0] == 0:
                    raise Died

        monkeypatch.setattr(running, "reached", reached)

    return die_at


def test_a_csv_file_holds_every_member_once(everybody: Segment, user: User) -> None:
    export = ordered(everybody, user)
    assert not running.carry_on(export.pk, seconds=60)
    head, *rows = csv_of(export)
    assert head == ["Contact", "Entered", "Email", "First name", "Last name", "Plan", "Score"]
    assert [row[0] for row in rows] == [str(c.pk) for c in Contact.objects.order_by("pk")]
    assert rows[3][3:] == ["N3", "", "p3", "1.5"]
    assert export.parts.count() == 5  # the head first


def test_an_excel_file_holds_numbers_dates_and_texts_as_what_they_are(
    everybody: Segment, user: User
) -> None:
    define("vip", label="VIP", kind=Kind.BOOLEAN, source="test")
    contact = Contact.objects.order_by("pk").first()
    assert contact is not None
    traits = {"score": 7, "vip": True, "born": "1990-05-01", "trial_ends": NOW, "plan": "007"}
    change_profile(contact, now=NOW, traits=traits, source="test")
    export = ordered(
        everybody, user, format="xlsx", columns=["plan", "score", "vip", "born", "trial_ends"]
    )
    assert not running.carry_on(export.pk, seconds=60)
    head, first, *rest = xlsx_of(export)
    assert [text for _, _, text in head][-2:] == ["Born", "Trial ends"]
    assert len(rest) == 9
    plan, score, vip, born, ends = [(kind, text) for kind, _, text in first[-5:]]
    assert (plan, score, vip) == (("inlineStr", "007"), ("n", "7"), ("b", "1"))
    day_zero = datetime(1899, 12, 30, tzinfo=UTC)
    assert born == ("n", str((datetime(1990, 5, 1, tzinfo=UTC) - day_zero).days))
    assert float(ends[1]) == (NOW - day_zero) / timedelta(days=1)


def test_no_cell_is_a_formula(user: User) -> None:
    for text in EVIL:
        ContactFactory(first_name=text)
    row = segment("all", {"all": []})
    for format_ in ("csv", "xlsx"):
        export = ordered(row, user, format=format_, columns=[])
        running.carry_on(export.pk, seconds=60)
        if format_ == "csv":
            names = [cells[3] for cells in csv_of(export)[1:]]
            assert names == [text if text == "plain" else f"'{text}" for text in EVIL]
        else:
            cells = [line[3] for line in xlsx_of(export)[1:]]
            assert all(kind == "inlineStr" for kind, _, _ in cells)
            assert [text.replace("_x000D_", "\r") for _, _, text in cells] == EVIL
            quoted = {style for _, style, text in cells if text != "plain"}
            assert len(quoted) == 1
            assert quoted != {""}


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("point", "passing"),
    [
        ("export.before_commit", 1),
        ("export.before_commit", 3),
        ("export.between_parts", 2),
        ("export.between_parts", 4),
        ("export.file_written", 1),
    ],
)
def test_a_killed_worker_loses_and_repeats_nothing(
    everybody: Segment,
    user: User,
    dying: Callable[[str, int], None],
    monkeypatch: pytest.MonkeyPatch,
    format_: str,
    point: str,
    passing: int,
) -> None:
    export = ordered(everybody, user, format=format_)
    dying(point, passing)
    if (point, format_) != ("export.file_written", "csv"):
        with pytest.raises(Died):
            jobs.carry_on_export(export.pk)
    dying("", 0)
    rung: list[int] = []
    monkeypatch.setattr(running, "ring", lambda job, pk: rung.append(pk))
    Export.objects.filter(state="running").update(touched_at=NOW)
    running.resume(now=NOW + timedelta(seconds=10))
    assert rung == []
    running.resume(now=NOW + timedelta(seconds=16))
    running.resume(now=NOW + timedelta(seconds=17))
    export.refresh_from_db()
    assert rung == ([export.pk] if export.is_under_way else [])
    jobs.carry_on_export(export.pk)
    if format_ == "csv":
        keys = [row[0] for row in csv_of(export)[1:]]
    else:
        keys = [row[0][2] for row in xlsx_of(export)[1:]]
    assert keys == [str(pk) for pk in Contact.objects.order_by("pk").values_list("pk", flat=True)]
    assert export.rows == 10


def test_a_stint_ends_and_is_taken_up_again(
    everybody: Segment, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ordered(everybody, user)
    rung: list[int] = []
    monkeypatch.setattr(running, "ring", lambda job, pk: rung.append(pk))
    monkeypatch.setattr(running, "STINT", 0.0)
    while True:
        jobs.carry_on_export(export.pk)
        if not rung:
            break
        rung.clear()
        export.refresh_from_db()
        assert export.percent < 100
    assert len(csv_of(export)) == 11
    jobs.carry_on_export(export.pk)  # rung twice
    assert len(csv_of(export)) == 11


def test_what_fails_without_end_is_stopped_and_quotes_nobody(
    everybody: Segment, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise ValueError("ada@people.example")

    export = ordered(everybody, user)
    monkeypatch.setattr(running, "cells", fail)
    for _ in range(running.TRIES):
        jobs.carry_on_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.problem) == ("stopped", running.GIVEN_UP)


def test_a_file_of_who_entered_since_a_day(everybody: Segment, user: User) -> None:
    for day, rows in ((NOW.date(), 10), (NOW.date() + timedelta(days=1), 0)):
        export = ordered(everybody, user, since=day)
        running.carry_on(export.pk, seconds=60)
        assert len(csv_of(export)) == 1 + rows


def test_an_excel_file_is_not_made_of_too_many(
    everybody: Segment, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "ROWS_OF_XLSX", 5)
    with pytest.raises(running.TooLong):
        ordered(everybody, user, format="xlsx")
    export = ordered(everybody, user, format="xlsx", since=NOW.date())
    assert not running.carry_on(export.pk, seconds=60)
    export.refresh_from_db()
    assert (export.state, export.problem) == ("stopped", running.TOO_LONG)
    assert not export.parts.exists()


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_erasing_a_contact_takes_away_the_files_that_name_it_and_no_other(
    everybody: Segment, user: User, format_: str
) -> None:
    contacts = list(Contact.objects.order_by("pk"))
    done = ordered(everybody, user, format=format_)
    running.carry_on(done.pk, seconds=60)
    half = ordered(everybody, user, format=format_)
    running.carry_on(half.pk, seconds=0)  # the first three
    other = segment("other", {"trait": "plan", "op": "is", "value": "p9"})
    apart = ordered(other, user, format=format_)
    running.carry_on(apart.pk, seconds=60)
    erase(contacts[5].pk)
    states = [Export.objects.get(pk=one.pk).state for one in (done, half, apart)]
    assert states == ["stopped", "running", "done"]
    erase(contacts[1].pk)
    assert Export.objects.get(pk=half.pk).problem == forgetting.ERASED
    assert not running.carry_on(half.pk, seconds=60)
    assert set(ExportPart.objects.values_list("export", flat=True)) == {apart.pk}


def test_files_are_kept_for_a_week(everybody: Segment, user: User) -> None:
    export = ordered(everybody, user)
    running.carry_on(export.pk, seconds=60)
    forgetting.tidy(now=NOW + timedelta(days=6))
    assert export.parts.exists()
    forgetting.tidy(now=NOW + timedelta(days=8))
    export.refresh_from_db()
    assert (export.state, export.problem) == ("stopped", forgetting.OLD)
    assert not ExportPart.objects.exists()


# The pages


def test_a_file_is_ordered_watched_and_taken(marketer: Client, everybody: Segment) -> None:
    base = f"/admin/segments/{everybody.pk}/exports/"
    page = marketer.get(base).content.decode()
    assert "10 members now" in page
    assert 'value="plan"' in page
    answer = marketer.post(base, {"format": "csv", "columns": ["plan"]})
    export = Export.objects.get()
    assert answer["Location"] == f"{base}{export.pk}/"
    assert "every 1s" in marketer.get(f"{base}{export.pk}/").content.decode()
    assert marketer.get(f"{base}{export.pk}/file/").status_code == 302
    running.carry_on(export.pk, seconds=60)
    part = marketer.get(f"{base}{export.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "10 members" in part
    assert "every 1s" not in part
    file = marketer.get(f"{base}{export.pk}/file/")
    assert file["Content-Disposition"] == 'attachment; filename="all-2026-03-10.csv"'
    assert b"".join(file.streaming_content).count(b"\n") == 11
    marketer.post(f"{base}{export.pk}/stop/")
    assert not ExportPart.objects.exists()
    assert marketer.get(f"{base}{export.pk}/file/").status_code == 302


def test_a_file_of_another_segment_is_not_found(
    marketer: Client, everybody: Segment, user: User
) -> None:
    other = segment("other", {"any": []})
    export = ordered(everybody, user)
    for then in ("", "file/"):
        address = f"/admin/segments/{other.pk}/exports/{export.pk}/{then}"
        assert marketer.get(address).status_code == 404


def test_hostile_forms_are_answered_in_words(marketer: Client, everybody: Segment) -> None:
    base = f"/admin/segments/{everybody.pk}/exports/"
    for form in (
        {},
        {"format": "exe"},
        {"format": "csv", "columns": ["no.such"]},
        {"format": "csv", "since": "2026-02-31"},
    ):
        answer = marketer.post(base, form)
        assert answer.status_code == 200
        assert "field-error" in answer.content.decode()
    assert not Export.objects.exists()


def test_sales_takes_no_contacts_out(client: Client, everybody: Segment, user: User) -> None:
    export = ordered(everybody, user)
    running.carry_on(export.pk, seconds=60)
    client.force_login(UserFactory(role=User.Role.SALES))
    base = f"/admin/segments/{everybody.pk}/exports/"
    assert client.get(base).status_code == 403
    assert client.get(f"{base}{export.pk}/file/").status_code == 403
