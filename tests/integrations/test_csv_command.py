"""`manage.py import_csv`: the same in the foreground."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from apps.contacts.models import Contact, Event
from apps.integrations.models import Import, ImportChunk
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db


def run(*words: str) -> None:
    call_command("import_csv", *words)


def written(folder: Path, data: str) -> str:
    path = folder / "people.csv"
    path.write_text(data)
    return str(path)


def test_a_file_is_imported_with_progress(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("contacts", written(tmp_path, "email,plan\nann@example.com,pro\n"))
    said = capsys.readouterr().out.splitlines()
    assert said == ["2 lines looked through, 100 %", "2 lines done, 100 %", "1 contact was made."]
    assert Contact.objects.get().profile == {"plan": "pro"}
    assert Import.objects.get().by is None
    assert not ImportChunk.objects.exists()


def test_events_are_imported(tmp_path: Path) -> None:
    ContactFactory(email="ann@example.com")
    run("events", written(tmp_path, "email\nann@example.com\n"), "--event-name", "seen")
    assert Event.objects.get().name == "seen"


def test_refused_rows_are_told_and_end_it_with_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match=r"^2 rows refused\.$") as caught:
        run("contacts", written(tmp_path, "email,plan\nnobody,x\na@x.se,y\nx\n"))
    assert caught.value.returncode == 1
    assert capsys.readouterr().err.splitlines() == [
        "line 2, email: Expected an email address.",
        "line 4: The row has 1 cells, the header has 2.",
    ]
    assert Contact.objects.get().email == "a@x.se"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "The file is empty."),
        ("plan,plan\nx,y\n", "stands twice.\nThere is no column external_id or email"),
        ("email\n" + "x" * 100, "A file has at most 50"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    tmp_path: Path, settings: Settings, data: str, words: str
) -> None:
    settings.IMPORT_LIMIT = 50
    with pytest.raises(CommandError, match=words):
        run("contacts", written(tmp_path, data))


def test_a_file_that_is_not_there_is_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere.csv cannot be read: No such file"):
        run("contacts", str(tmp_path / "nowhere.csv"))


def test_a_name_that_no_event_can_have_refuses_every_row(tmp_path: Path) -> None:
    ContactFactory(email="ann@example.com")
    with pytest.raises(CommandError, match="1 row refused"):
        run("events", written(tmp_path, "email\nann@example.com\n"), "--event-name", "<x>")
