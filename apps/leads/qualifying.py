"""Turning a finished response into a lead."""

from collections.abc import Collection
from datetime import datetime

from apps.leads.models import Lead
from apps.quizzes.models import Response


def qualify(response: Response, *, now: datetime) -> Lead | None:
    """Make or update the lead of whoever finished; a contact without an email is no lead.

    Runs inside the transaction that finishes the response: the two are there together or not
    at all. Stage and owner are left as sales set them.
    """
    contact = response.contact
    if contact is None or not contact.email:
        return None
    result = {
        "response": response,
        "quiz_slug": response.version.quiz.slug,
        "quiz_title": response.version.quiz.title,
        "tier_key": response.tier_key,
        "tier_label": response.tier_label,
        "score": response.score,
        "scored_at": now,
    }
    lead, _made = Lead.objects.update_or_create(
        contact=contact, defaults=result, create_defaults={**result, "since": now}
    )
    return lead


def requalify(ids: Collection[int]) -> None:
    """Give leads the result that their response has by now; when it was scored stays."""
    leads = list(Lead.objects.filter(response__in=ids).select_related("response"))
    for lead in leads:
        assert lead.response is not None
        lead.tier_key, lead.tier_label = lead.response.tier_key, lead.response.tier_label
        lead.score = lead.response.score
    Lead.objects.bulk_create(
        leads,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=["tier_key", "tier_label", "score"],
    )
