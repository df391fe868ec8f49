"""Leads for tests, made as the product makes them: by finishing a quiz."""

from datetime import datetime

from apps.contacts.models import Contact
from apps.leads.models import Lead
from apps.quizzes import taking
from apps.quizzes.models import Quiz, Response
from tests.quizzes.drafts import NOW


def finished(
    quiz: Quiz, email: str = "ada@example.com", *, size: str = "large", now: datetime = NOW
) -> Response:
    """Return a response to the quiz of drafts.QUALIFY, taken to its end."""
    response, _token = taking.start(quiz, now=now)
    for key, values in (("size", [size]), ("tools", ["crm", "sheets"]), ("sure", ["4"])):
        taking.answer(response.token_hash, key, {"answer": values}, revision=0, now=now)
    form = {"first_name": ["Ada"], "email": [email], "consent": ["on"]}
    taking.answer(response.token_hash, "contact", form, revision=0, now=now)
    response.refresh_from_db()
    return response


def lead(email: str = "ada@example.com", **wanted: object) -> Lead:
    """Return a lead with these columns, without the detour of a quiz."""
    contact = Contact.objects.create(email=email, created_at=NOW)
    columns = {
        "quiz_slug": "ready",
        "quiz_title": "Is your team ready?",
        "tier_key": "hot",
        "tier_label": "Hot",
        "score": 12.0,
        "since": NOW,
        "scored_at": NOW,
    }
    return Lead.objects.create(contact=contact, **{**columns, **wanted})
