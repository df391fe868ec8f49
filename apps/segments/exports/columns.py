"""The columns of an export, and what stands in the cells of one member.

A cell is a plain value as JSON keeps it; the formats write it in their way.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.contacts.models import READ_COLUMNS, Contact
from apps.contacts.traits import catalogue
from apps.rules.kinds import Kind, datetime_text

ALWAYS = ("contact.email", "contact.first_name", "contact.last_name")
MOST = 100  # traits of one file
Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    label: str
    kind: Kind


FIXED = (
    Column("contact_id", "Contact", Kind.NUMBER),
    Column("since", "Entered", Kind.DATETIME),
)


def choices() -> list[tuple[str, str]]:
    """Return the traits that may be chosen: what is known of the contact itself first."""
    found = [(key, spec.label) for key, spec in catalogue().traits.items() if key not in ALWAYS]
    return sorted(found, key=lambda one: (not one[0].startswith("contact."), one[1].casefold()))


def columns_of(chosen: Iterable[str]) -> list[Column]:
    """Return all columns of a file with these traits; one that is gone is left out."""
    traits = catalogue().traits
    keys = [key for key in (*ALWAYS, *chosen) if key in traits]
    return [*FIXED, *(Column(key, traits[key].label, traits[key].kind) for key in keys)]


def header(columns: Sequence[Column]) -> list[str]:
    """Return what stands above the columns: two that are called alike by their keys."""
    labels = [column.label for column in columns]
    return [column.key if labels.count(column.label) > 1 else column.label for column in columns]


def cells(contact: Contact, since: datetime, columns: Iterable[Column]) -> list[Cell]:
    return [_cell(contact, since, column) for column in columns]


def _cell(contact: Contact, since: datetime, column: Column) -> Cell:
    if column.key == "contact_id":
        return contact.pk
    if column.key == "since":
        return datetime_text(since)
    name = column.key.removeprefix("contact.")
    is_field = name != column.key and name in READ_COLUMNS
    return _plain(getattr(contact, name) if is_field else contact.profile.get(column.key))


def _plain(value: object) -> Cell:
    match value:
        case None | str() | bool() | int() | float():
            return value
        case datetime():
            return datetime_text(value)
        case list():
            return ", ".join(map(str, value))
        case _:
            return json.dumps(value)
