"""People: `POST /contacts`, and what is known of one."""

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import Field, ValidationError

from apps.contacts.gathering import Kept, Outcome, Refused, Sighting, gather
from apps.contacts.models import FIELDS
from apps.integrations.guard import WRITE
from apps.integrations.reading import SpoiltRow
from apps.integrations.refusals import Refusal, of_fields
from apps.integrations.schemas import Answer, Body, RowProblem, Text, rows_of

router = Router(tags=["contacts"])

MOST_TRAITS = 200  # a row


class ContactRow(Body):
    external_id: Annotated[Text, Field(max_length=200)] | None = None
    email: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    phone: Text | None = None
    country: Text | None = None
    language: Text | None = None
    timezone: Text | None = None
    traits: Annotated[dict[str, Any], Field(max_length=MOST_TRAITS)] = {}

    def sighting(self) -> Sighting:
        """Return what the row says: a key that is not in it says nothing, null empties."""
        said = {name: getattr(self, name) or "" for name in FIELDS if name in self.model_fields_set}
        return Sighting((self.external_id or "").strip(), said, self.traits)


class ContactsBody(Body):
    contacts: rows_of(ContactRow)  # type: ignore[valid-type]


class ContactsAnswer(Answer):
    created: int
    updated: int
    ids: list[int | None]
    errors: list[RowProblem]


@router.post("/contacts", auth=WRITE, response=ContactsAnswer)
def post_contacts(request: HttpRequest, data: ContactsBody) -> ContactsAnswer:
    """Take in up to 1,000 people: found by `external_id`, else by `email`, else made.

    A key that is not sent is left as it is, null empties a field and removes a trait. Rows
    are taken one by one: `ids` stands in the order sent, with null for a row that is refused.
    """
    rows = [_read(row) for row in data.contacts]
    readable = [row for row in rows if isinstance(row, Sighting)]
    kept = iter(gather(readable, now=timezone.now(), source="API"))
    return _answer([row if isinstance(row, Refused) else next(kept) for row in rows])


def _read(row: object) -> Sighting | Refused:
    if isinstance(row, SpoiltRow):
        return _refused(row.refusal)
    try:
        return ContactRow.model_validate(row).sighting()
    except ValidationError as error:
        return _refused(of_fields(error.errors(include_url=False)))


def _refused(refusal: Refusal) -> Refused:
    return Refused(refusal.code, refusal.message, refusal.at)


def _answer(outcomes: list[Outcome]) -> ContactsAnswer:
    made = [outcome.made for outcome in outcomes if isinstance(outcome, Kept)]
    return ContactsAnswer(
        created=sum(made),
        updated=len(made) - sum(made),
        ids=[outcome.contact_id if isinstance(outcome, Kept) else None for outcome in outcomes],
        errors=[
            RowProblem(index=index, code=one.code, message=one.message, at=one.at)
            for index, one in enumerate(outcomes)
            if isinstance(one, Refused)
        ],
    )
