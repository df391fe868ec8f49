"""The pages of imports, with and without HTMX."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries, Settings

from apps.accounts.models import User
from apps.contacts.models import Contact, Event
from apps.integrations import jobs
from apps.integrations.imports import forgetting, running, showing, views
from apps.integrations.models import Import, RefusedRow
from tests.factories import NOW, ContactFactory, UserFactory
from tests.integrations.csv_files import EVENTS, imported, looked_through, stored

pytestmark = pytest.mark.django_db
FILE = "email,plan,zip\nann@example.com,pro,01234\n"


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(UserFactory(email="mona@staff.example", name="Mona"))
    return client


def bring(client: Client, data: str | bytes, **more: str) -> Any:
    raw = data if isinstance(data, bytes) else data.encode()
    file = SimpleUploadedFile("people.csv", raw, content_type="text/csv")
    return client.post("/imports/", {"holds": "contacts", "file": file, **more}, follow=True)


def text(answer: Any) -> str:
    """Return what a page says, without its markup."""
    page = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", page).replace("&quot;", '"').replace("&#x27;", "'")


def page(client: Client, upload: Import, **headers: str) -> Any:
    return client.get(f"/imports/{upload.pk}/", headers=headers)


def work() -> None:
    for upload in Import.objects.under_way():
        while running.carry_on(upload.pk, seconds=60):
            pass


def test_a_file_is_shown_as_it_will_be_read_and_imported_on_a_yes(client: Client) -> None:
    answer = bring(client, FILE)
    upload = Import.objects.get()
    assert answer.redirect_chain == [(f"/imports/{upload.pk}/", 302)]
    said = text(answer)
    assert "1 row, read as below. Nothing is imported yet." in said
    assert "email Field email ann@example.com" in said
    assert "plan Trait plan , text new pro" in said
    assert "zip Trait zip , text new 01234" in said
    assert not Contact.objects.exists()
    answer = client.post(f"/imports/{upload.pk}/confirm/", follow=True)
    assert "Under way" in text(answer)
    assert OrmQ.objects.get().task["args"] == (upload.pk,)
    jobs.carry_on_import(upload.pk)
    said = text(page(client, upload))
    assert "1 contact was made." in said
    assert "Mona" in said
    assert Contact.objects.get().profile == {"plan": "pro", "zip": "01234"}


def test_events_are_imported_under_the_name_that_was_given(client: Client) -> None:
    ContactFactory(email="ann@example.com")
    answer = bring(client, "email,total\nann@example.com,5\n", holds="events", event_name="bought")
    said = text(answer)
    assert "Each row is an event named bought." in said
    assert "There is no column occurred_at" in said
    assert "There is no column message_id" in said
    assert "total Property total , number 5" in said
    upload = Import.objects.get()
    client.post(f"/imports/{upload.pk}/confirm/")
    work()
    assert "1 event was recorded." in text(page(client, upload))
    assert Event.objects.get().name == "bought"


def test_the_part_is_asked_for_again_and_again_while_work_is_under_way(client: Client) -> None:
    upload = looked_through(FILE)
    running.order(upload.pk, now=NOW)
    whole, part = page(client, upload), page(client, upload, **{"HX-Request": "true"})
    for answer in (whole, part):
        assert "HX-Request" in answer["Vary"]
        assert f'hx-get="/imports/{upload.pk}/" hx-trigger="every 1s"' in answer.content.decode()
        assert f'<a class="button" href="/imports/{upload.pk}/">' in answer.content.decode()
    assert b"<html" in whole.content
    assert b"<html" not in part.content
    work()
    part = page(client, upload, **{"HX-Request": "true"})
    assert b"hx-trigger" not in part.content
    assert "1 contact was made." in text(part)


def test_a_large_file_is_looked_through_by_workers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 0.0)
    monkeypatch.setattr(running, "BATCH", 2)
    answer = bring(client, FILE + FILE.replace("ann", "bea") * 3)
    assert "Looking through the file: 2 rows so far" in text(answer)
    upload = Import.objects.get()
    assert OrmQ.objects.get().task["args"] == (upload.pk,)
    client.post(f"/imports/{upload.pk}/confirm/")
    work()
    upload.refresh_from_db()
    assert upload.state == Import.State.READY


FAULTS = {
    "no file": (None, {}, "Choose a file."),
    "an empty file": (b"", {}, "The file is empty."),
    "a header alone": (b"email\n", {}, "There is no row below the header."),
    "faults of columns": (b"plan,plan,\nx,y,z\n", {}, "Column 3 has no name."),
    "a bad name": (b"email\na\n", {"holds": "events", "event_name": "<x>"}, "An event's name is"),
    "no name": (b"email\na\n", {"holds": "events"}, "There is no column name"),
    "other holdings": (b"email\na\n", {"holds": "leads"}, "Select a valid choice."),
    "a NUL in the name": (b"email\na\n", {"event_name": "a\0"}, "Null characters are not"),
    "no CSV": (bytes(5000), {}, "Line 1 cannot be read as a header: A NUL"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_file_that_cannot_be_used_says_why_and_is_not_kept(client: Client, what: str) -> None:
    data, more, words = FAULTS[what]
    if data is None:
        answer = client.post("/imports/", {"holds": "contacts"})
    else:
        answer = bring(client, data, **more)
    assert answer.status_code == 200
    assert words in text(answer)
    assert not Import.objects.exists()


def test_a_file_beyond_the_limit_is_refused_by_the_form_or_before_it(
    client: Client, settings: Settings
) -> None:
    settings.IMPORT_LIMIT = 1000
    assert "A file has at most 1000" in text(bring(client, b"email\n" + b"x" * 2000))
    assert bring(client, b"email\n" + b"x" * 100_000).status_code == 413
    assert not Import.objects.exists()


def test_refused_rows_are_listed_and_given_as_a_file_without_formulas(client: Client) -> None:
    rows = "".join(f"a{n}@x.se,pro\n" for n in range(2)) + "nobody,\n" * 120
    upload = imported("email,plan\n" + rows)
    RefusedRow.objects.filter(line=4).update(column="=HYPERLINK(1)", message="@SUM(1)")
    answer = page(client, upload)
    assert "2 contacts were made, 120 rows refused." in text(answer)
    assert "120 rows refused All as a CSV file" in text(answer)
    assert "Line 5 email Expected an email address." in text(answer)
    assert answer.content.count(b"Expected an email address.") == showing.SHOWN - 1
    answer = client.get(f"/imports/{upload.pk}/refused.csv")
    assert answer["Content-Disposition"] == f'attachment; filename="refused-rows-{upload.pk}.csv"'
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    found = list(csv.reader(io.StringIO(content)))
    assert found[0] == ["line", "column", "message"]
    assert found[1] == ["4", "'=HYPERLINK(1)", "'@SUM(1)"]
    assert found[2] == ["5", "email", "Expected an email address."]
    assert len(found) == 121
    forgetting.tidy(now=NOW + timedelta(days=31))
    assert "They are listed for 30 days." in text(page(client, upload))


SENTENCES = {
    "1,204 contacts were made, 31 changed, 2 rows refused.": (1204, 31, 0, 2),
    "1 contact was made, 2 unchanged, 1 row refused.": (1, 0, 2, 1),
    "No contacts were made, 1 changed.": (0, 1, 0, 0),
    "3 rows refused.": (0, 0, 0, 3),
    "Nothing was changed.": (0, 0, 0, 0),
}


@pytest.mark.parametrize("words", SENTENCES)
def test_what_came_of_it_is_said_in_numbers(words: str) -> None:
    made, changed, same, refused = SENTENCES[words]
    upload = Import(holds="contacts", made=made, changed=changed, same=same, refused=refused)
    assert showing.sentence(upload) == words


def test_a_file_can_be_dropped_and_an_import_stopped(client: Client) -> None:
    upload = looked_through(FILE)
    answer = client.post(f"/imports/{upload.pk}/stop/", follow=True)
    assert "people.csv is stopped and its file dropped. Nothing of it was imported." in text(answer)
    assert "Stopped by Mona. Nothing of it was imported." in text(page(client, upload))
    upload = looked_through(FILE)
    running.order(upload.pk, now=NOW)
    answer = client.post(f"/imports/{upload.pk}/stop/", follow=True)
    assert "What it took in stays." in text(answer)
    assert "It ended at line 1." in text(page(client, upload))


def test_a_yes_that_comes_twice_or_too_late_says_so(client: Client) -> None:
    upload = looked_through(FILE)
    for words in ("Under way", "This import has begun already, or was stopped."):
        assert words in text(client.post(f"/imports/{upload.pk}/confirm/", follow=True))
    assert OrmQ.objects.count() == 1


def test_earlier_imports_are_listed_with_who_when_and_what_came_of_it(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        imported(FILE, by=UserFactory(name="Nils"))
    looked_through(FILE, holds=EVENTS, event_name="seen")
    with django_assert_num_queries(2):  # the session's user, and the imports
        answer = client.get("/imports/")
    said = text(answer)
    assert said.count("Nils") == 3
    assert "people.csv Contacts 1 contact was made." in said
    assert "people.csv Events 1 row, nothing imported" in said
    assert "command line" in said


def test_what_a_file_says_is_shown_as_text(client: Client) -> None:
    data = 'email,"properties.<b>x</b>"\n<script>alert(1)</script>,<img src=x>\n'
    upload = stored(data, holds=EVENTS, event_name="x")
    running.carry_on(upload.pk, seconds=60)
    content = page(client, upload).content.decode()
    for bad in ("<script>alert", "<b>x", "<img"):
        assert bad not in content
    assert "&lt;script&gt;alert(1)" in content


def test_a_file_of_windows_says_how_it_is_read(client: Client) -> None:
    answer = bring(client, "email;first_name\na@x.se;Zoë\n".encode("cp1252"))
    assert "It is read as Windows-1252: look whether accents are right." in text(answer)
    assert "Zoë" in text(answer)


@pytest.mark.parametrize("path", ["", "1/", "1/refused.csv"])
def test_sales_and_strangers_see_no_import(path: str) -> None:
    imported(FILE)
    address = f"/imports/{path}"
    stranger, sales = Client(), Client()
    sales.force_login(UserFactory(role=User.Role.SALES))
    assert sales.get(address).status_code == 403
    assert stranger.get(address)["Location"].startswith("/login/")


def test_sales_bring_and_confirm_nothing() -> None:
    upload = looked_through(FILE)
    sales = Client()
    sales.force_login(UserFactory(role=User.Role.SALES))
    assert bring(sales, FILE).status_code == 403
    assert sales.post(f"/imports/{upload.pk}/confirm/").status_code == 403
    assert sales.post(f"/imports/{upload.pk}/stop/").status_code == 403
    upload.refresh_from_db()
    assert (Import.objects.count(), upload.state) == (1, Import.State.READY)


@pytest.mark.parametrize("path", ["confirm/", "stop/"])
def test_looking_alone_changes_nothing(client: Client, path: str) -> None:
    upload = looked_through(FILE)
    assert client.get(f"/imports/{upload.pk}/{path}").status_code == 405
    assert client.get("/imports/99999999999999999999/").status_code == 404


def test_the_list_of_contacts_leads_to_the_imports(client: Client) -> None:
    answer = client.get(reverse("admin:contacts_contact_changelist"))
    assert '<a href="/imports/">Import CSV</a>' in answer.content.decode()
    header = client.get("/imports/").content.decode()
    assert 'href="/admin/contacts/contact/" aria-current="page"' in header
