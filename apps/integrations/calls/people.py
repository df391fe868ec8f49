"""One contact: where it stands, and why."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import ValidationError

from apps.contacts import people
from apps.contacts.models import Contact
from apps.integrations.calls.segments import segment_of
from apps.integrations.guard import READ
from apps.integrations.refusals import Refusal, not_found
from apps.integrations.schemas import LARGEST_ID, Answer, Body, Moment, Time
from apps.segments import members
from apps.segments.explaining.account import Account, NotLive, account

router = Router(tags=["contacts"])


class StandingAnswer(Answer):
    slug: str
    since: Moment


class StandingsAnswer(Answer):
    segments: list[StandingAnswer]


class ExplainAnswer(Answer):
    holds: bool
    because: dict[str, Any]
    since: Moment | None
    flips_at: Moment | None
    least_change: list[dict[str, Any]] | None


class _At(Body):
    at: Time


@router.get("/contacts/{int:contact_id}/segments", auth=READ, response=StandingsAnswer)
def get_standing(request: HttpRequest, contact_id: int) -> StandingsAnswer:
    """List the live segments a contact is in."""
    found = members.standing_of(contact_of(contact_id))
    return StandingsAnswer(
        segments=[StandingAnswer(slug=slug, since=since) for slug, since in found]
    )


@router.get("/contacts/{int:contact_id}/explain/{str:slug}", auth=READ, response=ExplainAnswer)
def explain(
    request: HttpRequest, contact_id: int, slug: str, at: str | None = None
) -> ExplainAnswer:
    """Explain why a contact is in a segment or is not, now or `at` another moment.

    `because` is the rule with the outcome of every node; where a pin or a higher rung of the
    ladder decides, that is said instead, with the rule below. At a moment gone by `holds` is
    what the history has, the rule is the revision of then, the profile what it was, events those
    received by then, other segments as the history has them. Where by all that the rule comes
    out otherwise, `because` says what is `recorded` above it, and `why`.
    `least_change` is the fewest facts found whose change would turn the rule over.
    """
    moment = None if at is None else _moment(at)
    contact, segment = contact_of(contact_id), segment_of(slug)
    try:
        return _answer(account(contact, segment, now=timezone.now(), at=moment))
    except NotLive as error:
        raise Refusal("not_live", str(error), status=409) from None


def contact_of(contact_id: int) -> Contact:
    """Return the contact, or whom it was merged into. Raises Refusal."""
    survivor = None
    if contact_id <= LARGEST_ID:
        survivor = people.surviving_ids([contact_id]).get(contact_id)
    contact = Contact.objects.filter(pk=survivor).first() if survivor else None
    if contact is None:
        raise not_found("There is no such contact.")
    return contact


def _answer(found: Account) -> ExplainAnswer:
    least = found.least_change()
    return ExplainAnswer(
        holds=found.holds,
        because=found.because,
        since=found.since,
        flips_at=found.flips_at,
        least_change=None if least is None else [change.as_data() for change in least],
    )


def _moment(text: str) -> Any:
    try:
        return _At(at=text).at  # type: ignore[arg-type]  # read from a text by its validator
    except ValidationError as error:
        message = str(error.errors()[0]["ctx"]["error"])
        raise Refusal("wrong_value", message, at="at") from None
