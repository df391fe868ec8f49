"""Reading files: whatever is in them, each row is read or says why not."""

import io
import tracemalloc
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from apps.integrations.imports import uploading
from apps.integrations.imports.columns import HeaderError, look, read_header
from apps.integrations.imports.lines import MAX_ROW, Row, Rows
from apps.integrations.imports.uploading import UploadError, rows_of
from apps.integrations.models import Import
from tests.integrations.csv_files import CONTACTS, EVENTS, looked_through, stored

LONG = "x" * (MAX_ROW + 1)


def rows(data: bytes, **more: object) -> list[Row]:
    return list(Rows(io.BytesIO(data), encoding="utf-8", delimiter=",", **more))  # type: ignore[arg-type]


def test_rows_know_their_line_though_cells_span_lines_and_lines_are_blank() -> None:
    found = rows(b'a,b\r\n"1\n2",3\n\n,\n"4 ""x""",5')
    assert [(row.line, row.cells) for row in found] == [
        (1, ["a", "b"]),
        (2, ["1\n2", "3"]),
        (6, ['4 "x"', "5"]),
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_will_do(end: bytes) -> None:
    assert [row.cells for row in rows(end.join([b"a", b"b", b""]))] == [["a"], ["b"]]


BAD = {
    "a NUL": (b"1,x\x00y", "c2", "A NUL character cannot be kept."),
    "a byte that is not UTF-8": (b"\xe9,2", "c1", "A character is not UTF-8."),
    "too few cells": (b"1", "", "The row has 1 cells, the header has 2."),
    "too many cells": (b"1,2,3", "", "The row has 3 cells, the header has 2."),
    "text behind a quote": (b'"1"x,2', "", "A quote is not closed, or something stands behind "),
    "an endless line": (LONG.encode(), "", "A row has at most 100,000 characters: perhaps a "),
    "an endless row": (b'"' + b"xx\n" * 33_333, "", "A row has at most 100,000 chara"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_row_is_refused_by_itself(what: str) -> None:
    bad, column, message = BAD[what]
    found = rows(b"1,2\n" + bad + b"\n3,4\n", headers=["c1", "c2"])
    flaws, whole = ([row for row in found if bool(row.flaw) is bad] for bad in (True, False))
    assert (whole[0].cells, whole[-1].cells) == (["1", "2"], ["3", "4"])
    assert flaws[0].flaw
    assert flaws[0].line == 2
    assert flaws[0].flaw.column == column
    assert flaws[0].flaw.message.startswith(message)


def test_a_quote_that_is_never_closed_says_which_lines_are_lost() -> None:
    found = rows(b'1\n"2\n3\n4\n')
    assert [row.cells for row in found if not row.flaw] == [["1"]]
    assert found[-1].line == 2
    assert found[-1].flaw
    assert found[-1].flaw.message.endswith("The lines up to 4 were not read.")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_reading_goes_on_from_any_row_at_the_same_byte_and_line(encoding: str) -> None:
    data = 'é,1\r\n"ü\n",2\n\nplain,3\n'.encode(encoding) + b"\x81,4\nlast,5"
    whole = list(Rows(io.BytesIO(data), encoding=encoding, delimiter=","))
    for skipped in range(len(whole) + 1):
        first = Rows(io.BytesIO(data), encoding=encoding, delimiter=",")
        for _ in range(skipped):
            next(first)
        file = io.BytesIO(data)
        file.seek(first.done_to)
        rest = Rows(
            file,
            encoding=encoding,
            delimiter=",",
            done_to=first.done_to,
            done_lines=first.done_lines,
        )
        assert list(rest) == whole[skipped:]
        assert (rest.done_to, rest.done_lines) == (len(data), 7)


def test_memory_does_not_grow_with_the_file() -> None:
    class Endless(io.RawIOBase):
        left = 60 * 2**20

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            size = min(len(buffer), self.left) // 4 * 4
            buffer[:size] = b"a,b\n" * (size // 4)
            self.left -= size
            return size

    tracemalloc.start()
    found: Iterator[Row] = Rows(io.BufferedReader(Endless()), encoding="utf-8", delimiter=",")
    for _ in range(200_000):
        next(found)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 2**20


# --- Headers ---------------------------------------------------------------------------


def headers(*cells: str, holds: str = CONTACTS, event_name: str = "") -> list[tuple[str, str]]:
    columns = read_header(cells, holds=holds, event_name=event_name)
    return [(str(column.place), column.key) for column in columns]


def test_a_header_names_fields_in_any_case_and_traits_by_their_key() -> None:
    found = headers("External ID", " EMAIL", "First Name", "traits.email", "Plan Name", "quiz.x.y")
    assert found == [
        ("field", "external_id"),
        ("field", "email"),
        ("field", "first_name"),
        ("trait", "email"),
        ("trait", "plan_name"),
        ("trait", "quiz.x.y"),
    ]


def test_a_header_of_events_keeps_properties_as_they_are_written() -> None:
    found = headers("Name", "external_id", "Occurred at", "Total", "properties.email", holds=EVENTS)
    assert found == [
        ("field", "name"),
        ("field", "external_id"),
        ("field", "occurred_at"),
        ("property", "Total"),
        ("property", "email"),
    ]


BAD_HEADERS = {
    "nobody to find": (("plan",), CONTACTS, "There is no column external_id or email"),
    "no name": (("email", ""), CONTACTS, "Column 2 has no name."),
    "no name behind the prefix": (("email", "traits."), CONTACTS, "Column 2 has no name."),
    "twice": (("email", "Email"), CONTACTS, "Column 2, “Email”, stands twice."),
    "twice as a trait": (("email", "plan", "traits.plan"), CONTACTS, "Column 3, “traits.plan”, "),
    "no key": (("email", "Straße"), CONTACTS, "Column 2, “Straße”: A trait's key is lower-"),
    "a field of ours": (("email", "contact.age"), CONTACTS, "Column 2, “contact.age”: A trait's"),
    "too many": (("email", *map(str, range(300))), CONTACTS, "A file has at most 250 columns"),
    "no text": (("PK\x03\x04",), CONTACTS, "The first line is no header"),
    "whose event": (("name", "total"), EVENTS, "There is no column contact_id, external_id or em"),
    "whose event, twice": (("name", "email", "contact_id"), EVENTS, "The columns contact_id and e"),
    "which event": (("email", "total"), EVENTS, "There is no column name"),
    "a long property": (("name", "email", "x" * 101), EVENTS, "Column 3: a property's name has at"),
}


@pytest.mark.parametrize("what", BAD_HEADERS)
def test_a_header_that_cannot_be_used_says_which_column_is_wrong(what: str) -> None:
    cells, holds, message = BAD_HEADERS[what]
    with pytest.raises(HeaderError) as caught:
        read_header(cells, holds=holds)
    assert caught.value.args[0].startswith(message)


def test_all_faults_of_a_header_are_told_at_once() -> None:
    with pytest.raises(HeaderError) as caught:
        read_header(["plan", "plan", ""], holds=CONTACTS)
    assert len(caught.value.args) == 3


KINDS = {
    "number": ["1", "-2.50", "0", "999999999999999"],
    "boolean": ["yes", "FALSE", "No"],
    "date": ["2026-11-23", "1999-02-28"],
    "datetime": ["2026-11-23T09:30:00+01:00", "2026-11-23 09:30"],
    "text": ["plain", ""],
}
TEXTS = ["01234", "1e5", "1_000", "1,5", "٣", "+49 30", "2026-02-30", "20261123x", "9" * 16, "nan"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_a_new_column_is_that_of_all_its_values(kind: str) -> None:
    assert decided(*KINDS[kind]) == kind
    assert decided(*KINDS[kind], "something else") == "text"


@pytest.mark.parametrize("text", TEXTS)
def test_one_value_that_is_not_plain_makes_the_column_a_text(text: str) -> None:
    assert decided("12", text) == "text"
    assert decided("2026-11-23", text) == "text"


def decided(*values: str) -> str:
    columns = read_header(["email", "x"], holds=CONTACTS)
    for value in values:  # as if each came in a batch of its own
        columns = look(columns, [Row(1, ["a", value])])
    return str(columns[1].kind)


# --- Files -----------------------------------------------------------------------------

FILES = {
    "UTF-8": ("email,name\na@x.se,Zoë\n".encode(), ",", "utf-8"),
    "UTF-8 with a mark": ("email,name\na@x.se,Zoë\n".encode("utf-8-sig"), ",", "utf-8"),
    "of Excel in Europe": ("email;name\r\na@x.se;Zoë\r\n".encode("cp1252"), ";", "cp1252"),
    "with tabs": (b"email\tname\na@x.se\tZoe\n", "\t", "utf-8"),
    "of one column": (b"email\na@x.se\n", ",", "utf-8"),
    "quoted": (b'"email";"a,b,c"\n', ";", "utf-8"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", [what for what in FILES if what != "quoted"])
def test_files_are_read_as_they_were_written(what: str) -> None:
    data, delimiter, encoding = FILES[what]
    upload = looked_through(data)
    assert (upload.delimiter, upload.encoding, upload.rows) == (delimiter, encoding, 1)
    row = next(rows_of(upload, again=True))
    assert row.cells[1:] in ([], ["Zoë"], ["Zoe"])
    assert row.line == 2


@pytest.mark.django_db
def test_what_parts_the_header_into_most_columns_is_the_delimiter() -> None:
    assert stored(b'"e,mail";email;"plan"\n1;2;3', holds=EVENTS, event_name="x").delimiter == ";"


@pytest.mark.django_db
def test_a_few_broken_bytes_do_not_make_utf_8_another_encoding() -> None:
    upload = stored("email,name\na@x.se,Zoë Åse\n".encode() + b"b@x.se,\xe9\n")
    assert upload.encoding == "utf-8"


NO_HEADER = "Line 1 cannot be read as a header"
NO_FILES = {
    "empty": (b"", "The file is empty."),
    "blank": (b"\n , \n", "The file is empty."),
    "a mark alone": (b"\xef\xbb\xbf", "The file is empty."),
    "a header alone": (b"email,plan\n", "There is no row below the header."),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "Column 1, “‰PNG”"),
    "a workbook": (
        b"PK\x03\x04\x14\x00\x06\x00" + bytes(400_000),
        "Line 1 cannot be read as a header",
    ),
    "UTF-16": ("email,plan\na,b\n".encode("utf-16"), NO_HEADER),
    "one endless line": (b"x" * 600_000, NO_HEADER),
    "a quote without end": (b'email,"' + b"x\n" * 300_000, NO_HEADER),
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_csv_file_is_refused_before_anything_is_kept(what: str) -> None:
    data, message = NO_FILES[what]
    with pytest.raises((UploadError, HeaderError)) as caught:
        stored(data)
    assert caught.value.args[0].startswith(message)
    assert not Import.objects.exists()


@pytest.mark.django_db
def test_a_file_beyond_the_limit_is_refused(settings: Settings) -> None:
    settings.IMPORT_LIMIT = 20
    stored(b"email\n" + b"x" * 14)
    with pytest.raises(UploadError, match="at most 20"):
        stored(b"email\n" + b"x" * 15)


@pytest.mark.django_db
def test_rows_that_lie_across_chunks_come_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"email,name\n" + b"".join(b"a%d@x.se,Zo\xc3\xab\n" % number for number in range(50))
    monkeypatch.setattr(uploading, "CHUNK", 23)
    upload = looked_through(whole)
    assert upload.rows == 50
    assert [row.cells[1] for row in rows_of(upload, again=True)] == ["Zoë"] * 50
