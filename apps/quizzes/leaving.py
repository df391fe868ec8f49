"""Leaving one's address: an email or contact form makes, or finds, the contact."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from apps.contacts import consent, people
from apps.contacts.models import Contact
from apps.contacts.profile import change_profile
from apps.quizzes.definition import Kind, Question
from apps.quizzes.models import Response

Left = Mapping[str, Any]


def leave(
    response: Response, question: Question, value: Any, *, former: Any, now: datetime
) -> None:
    """Give the response its contact, fill blank fields of it and record a ticked consent.

    `former` is what this question was answered with before: what it alone had filled in may
    be corrected, and a consent it gave to another address or took back is withdrawn.
    """
    left, before = _as_form(question, value), _as_form(question, former)
    owner = response.contact
    if left.get("email"):
        response.contact = people.find_or_make(email=left["email"], now=now)
    elif before.get("email"):
        response.contact = None
    _lock(owner, response.contact)
    if response.contact is not None:  # it may have been merged since it was found
        response.contact = people.hold(response.contact)
    agreed = bool(left.get("consent") and left.get("email"))
    same = owner is not None and response.contact is not None and owner == response.contact
    if owner and before.get("consent") and before.get("email") and not (same and agreed):
        _record(owner, response, question, granted=False, now=now)
    if response.contact is None:
        return
    _fill(response.contact, response, left, before if same else {}, now=now)
    if agreed and not (same and before.get("consent")):
        _record(response.contact, response, question, granted=True, now=now)


def fill_late(
    response: Response, answered: Iterable[tuple[Question, Any]], *, now: datetime
) -> None:
    """Fill fields that are still blank from forms that came before the contact was known."""
    assert response.contact is not None
    for question, value in answered:
        if question.kind in {Kind.PHONE, Kind.CONTACT}:
            _fill(response.contact, response, _as_form(question, value), {}, now=now)


def _lock(*contacts: Contact | None) -> None:
    """Lock the former contact and the present one together: one by one they might cross."""
    ids = {contact.pk for contact in contacts if contact}
    if len(ids) > 1:
        list(Contact.objects.locked(ids).values_list("pk", flat=True))


def _as_form(question: Question, value: Any) -> Left:
    if question.kind is Kind.EMAIL:
        return {"email": value or ""}
    if question.kind is Kind.PHONE:
        return {"phone": value or ""}
    return value or {}


def _fill(contact: Contact, response: Response, left: Left, before: Left, *, now: datetime) -> None:
    """Fill fields that are blank, or hold what this same form had put there."""
    fields = {
        name: text
        for name, text in left.items()
        if name not in {"email", "consent"}
        and text
        and getattr(contact, name) in {"", before.get(name, "")}
    }
    if fields:
        change_profile(contact, now=now, fields=fields, source=_source(response))


def _record(
    contact: Contact, response: Response, question: Question, *, granted: bool, now: datetime
) -> None:
    consent.record(
        contact, now=now, granted=granted, wording=question.consent, source=_source(response)
    )


def _source(response: Response) -> str:
    return f"response {response.pk}"
