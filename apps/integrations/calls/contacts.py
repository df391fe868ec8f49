"""People: `POST /contacts`, and what is known of one."""

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status
from pydantic import Field, ValidationError

from apps.contacts import erasing, merging, people
from apps.contacts.gathering import Kept, Outcome, Refused, Sighting, gather
from apps.contacts.models import FIELDS, Contact
from apps.integrations.guard import WRITE
from apps.integrations.reading import SpoiltRow
from apps.integrations.refusals import Refusal, not_found, of_fields
from apps.integrations.schemas import (
    LARGEST_ID,
    Answer,
    Body,
    ExternalId,
    Id,
    RowProblem,
    Text,
    rows_of,
)

router = Router(tags=["contacts"])

MOST_TRAITS = 200  # a row


class ContactRow(Body):
    external_id: ExternalId | None = None
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
        return Sighting(self.external_id or "", said, self.traits)


class MergeBody(Body):
    into: Id
    gone: Annotated[Id, Field(alias="from")]

    def place_of(self, pk: int) -> str:
        """Return the key under which a contact is named."""
        return "from" if pk == self.gone else "into"


class ContactAnswer(Answer):
    id: int
    external_id: str | None
    email: str
    first_name: str
    last_name: str
    phone: str
    country: str
    language: str
    timezone: str
    traits: dict[str, Any]


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


@router.post("/contacts/merge", auth=WRITE, response=ContactAnswer)
def merge_contacts(request: HttpRequest, data: MergeBody) -> ContactAnswer:
    """Make two contacts one: `into` stays, `from` leads to it from now on.

    What `into` has wins, what it lacks is filled. The strictest consent wins. Events, answers,
    sequences and mails move along; no mail goes out twice.
    """
    try:
        merged = merging.merge(into=data.into, gone=data.gone, now=timezone.now())
    except merging.NotThere as error:
        raise not_found(str(error), at=data.place_of(error.pk)) from None
    except merging.MergeError as error:
        at = data.place_of(error.pk)
        raise Refusal("cannot_merge", str(error), at=at, status=409) from None
    return _shown(merged)


@router.delete("/contacts/{int:contact_id}", auth=WRITE, response={204: None})
def erase_contact(request: HttpRequest, contact_id: int) -> Status[None]:
    """Erase a person: the contact, all merged into it, and every row about them."""
    try:
        if contact_id > LARGEST_ID:
            raise erasing.NotThere("There is no such contact.")
        erasing.erase(contact_id)
    except erasing.NotThere as error:
        raise not_found(str(error)) from None
    return Status(204, None)


def _shown(contact: Contact) -> ContactAnswer:
    return ContactAnswer(
        id=contact.pk,
        external_id=people.external_ids_of([contact.pk]).get(contact.pk),
        traits=contact.profile,
        **{name: getattr(contact, name) for name in FIELDS},
    )


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
            RowProblem(index=index, **Refusal(one.code, one.message, at=one.at).as_json())
            for index, one in enumerate(outcomes)
            if isinstance(one, Refused)
        ],
    )
