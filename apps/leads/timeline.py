"""What segments and sequences add to a contact's timeline."""

from collections.abc import Iterable

from apps.contacts.models import Contact
from apps.contacts.timeline import Entry
from apps.nurture.models import Message
from apps.segments.models import Transition

SHOWN = 4  # keys of a cause
MESSAGE_TONES = {
    Message.State.SENT: "success",
    Message.State.IN_DOUBT: "warning",
    Message.State.FAILED: "danger",
}


def transitions(contact: Contact, limit: int) -> Iterable[Entry]:
    """Yield the segments a contact entered and left."""
    rows = contact.transitions.select_related("segment").order_by("-at", "-id")[:limit]
    for row in rows:
        entered = row.kind == Transition.Kind.ENTERED
        what = f"{'Entered' if entered else 'Left'} {row.segment.name}"
        yield Entry(row.at, what, _cause(row.cause), "accent" if entered else "quiet")


def messages(contact: Contact, limit: int) -> Iterable[Entry]:
    """Yield the mails to a contact, in the state each is in now."""
    rows = (
        contact.messages.select_related("step", "enrolment__sequence")
        .defer("html", "text", "raw")
        .order_by("-created_at", "-id")[:limit]
    )
    for row in rows:
        what = f"Mail “{row.subject or row.step.subject}”: {row.get_state_display().lower()}"
        tone = MESSAGE_TONES.get(Message.State(row.state), "quiet")
        detail = f"{row.enrolment.sequence.name}. {row.reason}".strip(" .")
        yield Entry(row.created_at, what, detail, tone)


def enrolments(contact: Contact, limit: int) -> Iterable[Entry]:
    """Yield the sequences a contact began."""
    rows = contact.enrolments.select_related("sequence").order_by("-started_at", "-id")[:limit]
    for row in rows:
        ended = "" if row.ended_at is None else f"{row.get_state_display()}: {row.reason}"
        yield Entry(row.started_at, f"Began the sequence {row.sequence.name}", ended.strip(": "))


def _cause(keys: str) -> str:
    """Say what had changed: the keys without their sort (`trait:plan` is plan)."""
    shown = [key.partition(":")[2] for key in keys.split(", ") if ":" in key]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return f"Because of {', '.join(shown[:SHOWN])}{more}" if shown else ""
