"""Taking in rows of contacts, as `POST /contacts` does; but an empty cell says nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from apps.contacts.gathering import Kept, Refused, Sighting, gather
from apps.contacts.profile import TEXT_FIELDS
from apps.integrations.imports.columns import Column, Place, kinds_of
from apps.integrations.imports.lines import Flaw, Row
from apps.integrations.imports.tally import Spoilt, Tally, filled, value
from apps.rules.kinds import Kind

SOURCE = "CSV"
MAX_ID = 200  # characters


def take_in(rows: Sequence[Row], columns: Sequence[Column], *, now: datetime) -> Tally:
    """Keep each row: found by external id, else by email, else made."""
    tally, kinds = Tally(), kinds_of(columns)
    sightings: list[tuple[Row, Sighting]] = []
    for row in rows:
        try:
            sightings.append((row, _sighting(row, columns, kinds)))
        except Spoilt as spoilt:
            tally.refused.append((row.line, spoilt.flaw))
    outcomes = gather([sighting for _, sighting in sightings], now=now, source=SOURCE)
    for (row, _), outcome in zip(sightings, outcomes, strict=True):
        match outcome:
            case Kept(made=made, changed=changed):
                tally.made += made
                tally.changed += changed and not made
                tally.same += not changed
            case Refused():
                tally.refused.append((row.line, _flaw(outcome, columns)))
    return tally


def _sighting(row: Row, columns: Sequence[Column], kinds: Mapping[str, Kind]) -> Sighting:
    fields: dict[str, str] = {}
    traits: dict[str, object] = {}
    for column, text in filled(columns, row):
        if column.place is Place.FIELD:
            fields[column.key] = text
        else:
            traits[column.key] = value(kinds[column.key], text, at=column.header)
    external_id = fields.pop("external_id", "")
    if len(external_id) > MAX_ID:
        raise Spoilt(f"An external id has at most {MAX_ID} characters.", at="external_id")
    if not external_id and "email" not in fields:
        raise Spoilt("The row says neither external_id nor email: nobody could be found again.")
    return Sighting(external_id, fields, traits)


def _flaw(refused: Refused, columns: Sequence[Column]) -> Flaw:
    """Return why a row was not kept, in words that quote none of it."""
    headers = {column.key: column.header for column in columns if column.place is Place.FIELD}
    column = headers.get(refused.at, refused.at)
    if refused.code == "email_taken":
        return Flaw(refused.message, column)
    if refused.at == "email":
        return Flaw("Expected an email address.", column)
    if refused.at in TEXT_FIELDS:
        return Flaw(f"Expected at most {TEXT_FIELDS[refused.at].max_length} characters.", column)
    return Flaw("This value cannot be kept.", column)
