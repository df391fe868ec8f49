"""Real purchases as contacts and `order_completed` events.

The file's format is that of the CDNOW data set of Fader and Hardie: one purchase a line,
customer id, date as YYYYMMDD, number of CDs, dollars, parted by blanks.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.utils import timezone

from apps.contacts import events, importing
from apps.contacts.events import NewEvent
from apps.contacts.importing import NewContact

SAMPLE = Path(__file__).with_name("sample_purchases.txt")
CHUNK = 2000  # rows between two reports of progress
FIRST_NAMES = [
    "Ada",
    "Bela",
    "Cleo",
    "Dario",
    "Edda",
    "Femi",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaja",
    "Leif",
    "Mira",
    "Nils",
    "Orla",
    "Pavel",
    "Quinn",
    "Rosa",
    "Sami",
    "Tilda",
    "Uma",
    "Vito",
    "Wanda",
    "Xenia",
    "Yusuf",
    "Zora",
    "Anouk",
    "Bruno",
    "Carla",
    "Dimitri",
]
LAST_NAMES = [
    "Abbott",
    "Berg",
    "Castell",
    "Dahl",
    "Egger",
    "Fontaine",
    "Grant",
    "Hale",
    "Ivers",
    "Jansen",
    "Keller",
    "Lund",
    "Moreau",
    "Novak",
    "Okoye",
    "Perez",
    "Quist",
    "Rossi",
    "Sato",
    "Thorne",
    "Urban",
    "Vance",
    "Weber",
    "Ximenes",
    "Young",
    "Zeman",
    "Arden",
    "Blythe",
    "Corrigan",
    "Dunne",
    "Ellery",
    "Farrow",
    "Glass",
    "Holm",
    "Isaksen",
]
COUNTRIES = ("US", "US", "US", "CA", "GB", "DE", "FR", "AU")

Report = Callable[[str, int, int], None]  # what, done, of


class PurchaseError(ValueError):
    """A line that is no purchase; the message names it."""


@dataclass(frozen=True, slots=True)
class Purchase:
    customer: str
    day: date
    cds: int
    dollars: float


def read(path: Path) -> list[Purchase]:
    """Return the purchases of the file in its order. Raises OSError and PurchaseError."""
    lines = path.read_text(encoding="ascii").splitlines()
    return list(_parsed(lines))


def _parsed(lines: Iterable[str]) -> Iterator[Purchase]:
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields or fields[0] == "customer_id":
            continue
        try:
            customer, day, cds, dollars = fields
            bought = datetime.strptime(day, "%Y%m%d").date()  # noqa: DTZ007  a day has no zone
            yield Purchase(customer, bought, int(cds), float(dollars))
        except ValueError:
            raise PurchaseError(f"Line {number} is no purchase: {line[:60]!r}") from None


def load(purchases: list[Purchase], *, now: datetime, report: Report) -> None:
    """Write the purchases, shifted so that the last one was yesterday. May be run again."""
    shift = now.date() - timedelta(days=1) - max(row.day for row in purchases)
    rows = [(row, _moment(row, number, shift)) for number, row in enumerate(purchases)]
    ids = _load_contacts(rows, now=now, report=report)
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        events.record_events(
            (_event(row, at, start + offset, ids) for offset, (row, at) in enumerate(chunk)),
            now=now,
        )
        report("purchases", min(start + CHUNK, len(rows)), len(rows))


def _moment(row: Purchase, number: int, shift: timedelta) -> datetime:
    """Spread a day's purchases over its hours, the same way at every run."""
    second = 7 * 3600 + number * 7919 % (15 * 3600)
    moment = datetime.combine(row.day + shift, time.min) + timedelta(seconds=second)
    return timezone.make_aware(moment, timezone.get_default_timezone())


def _load_contacts(
    rows: list[tuple[Purchase, datetime]], *, now: datetime, report: Report
) -> dict[str, int]:
    first: dict[str, datetime] = {}
    for row, at in rows:
        first[row.customer] = min(at, first.get(row.customer, at))
    contacts = [_contact(customer, at) for customer, at in first.items()]
    ids: dict[str, int] = {}
    for start in range(0, len(contacts), CHUNK):
        ids |= importing.import_new(contacts[start : start + CHUNK], now=now)
        report("contacts", min(start + CHUNK, len(contacts)), len(contacts))
    return ids


def _contact(customer: str, created_at: datetime) -> NewContact:
    number = int(customer)
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
    return NewContact(
        external_id=f"customer-{customer}",
        email=f"{first}.{last}.{number}@customers.example".lower(),
        fields={
            "first_name": first,
            "last_name": last,
            "country": COUNTRIES[number % len(COUNTRIES)],
        },
        created_at=created_at,
    )


def _event(row: Purchase, at: datetime, number: int, ids: dict[str, int]) -> NewEvent:
    return NewEvent(
        contact_id=ids[f"customer-{row.customer}"],
        name="order_completed",
        occurred_at=at,
        message_id=f"purchase:{row.customer}:{number}",
        properties={"total": row.dollars, "items": row.cds},
    )
