"""Ending walks before their end, and taking back the mails that have not begun to go out."""

from datetime import datetime

from apps.nurture import models


def stop(enrolments: models.EnrolmentQuerySet, *, now: datetime, reason: str) -> int:
    """Stop the active ones and withhold mails that are not yet being handed over.

    The mails of a walk that reached its end count too. Callers hold the contacts' locks.
    """
    # By subquery, before the states change; PostgreSQL would read them after.
    ids = list(enrolments.values_list("pk", flat=True))
    stopped = (
        models.Enrolment.objects.active()
        .filter(pk__in=ids)
        .update(
            state=models.Enrolment.State.STOPPED, reason=reason[:200], due_at=None, ended_at=now
        )
    )
    withhold(models.Message.objects.filter(enrolment__in=ids), now=now, reason=reason)
    return stopped


def withhold(messages: models.MessageQuerySet, *, now: datetime, reason: str) -> int:
    """Take back the mails whose hand-over has not begun; whoever claimed one loses it."""
    return messages.unfinished().update(
        state=models.Message.State.WITHHELD,
        reason=reason[:500],
        token="",
        look_at=None,
        changed_at=now,
    )
