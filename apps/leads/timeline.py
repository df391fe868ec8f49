"""What segments and sequences add to a contact's timeline."""

from collections.abc import Iterable, Mapping

from apps.contacts import traits
from apps.contacts.models import Contact
from apps.contacts.timeline import Entry, in_words
from apps.nurture.models import Message
from apps.rules.catalogue import TraitSpec
from apps.segments.models import Transition

SHOWN = 2  # parts of a cause
MESSAGE_TONES = {
    Message.State.SENT: "success",
    Message.State.IN_DOUBT: "warning",
    Message.State.FAILED: "danger",
}


def transitions(contact: Contact, limit: int) -> Iterable[Entry]:
    """Yield the segments a contact entered and left."""
    rows = contact.transitions.select_related("segment").order_by("-at", "-id")[:limit]
    known = traits.catalogue().traits
    for row in rows:
        entered = row.kind == Transition.Kind.ENTERED
        what = f"{'Entered' if entered else 'Left'} {row.segment.name}"
        yield Entry(row.at, what, _cause(row.cause, known), "accent" if entered else "quiet")


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


def _cause(keys: str, known: Mapping[str, TraitSpec]) -> str:
    """Say what had changed: what happened, where something did, else the traits that changed."""
    parted = [(kind, key) for kind, _, key in (key.partition(":") for key in keys.split(", "))]
    happened = [in_words(key) for kind, key in parted if kind == "event"]
    changed = [
        "a pin" if kind == "pin" else known[key].label if key in known else key
        for kind, key in parted
        if key
    ]
    if parted[0][0] == "revision":
        return f"By revision {parted[0][1]} of its rule"
    shown = happened or changed
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return f"Because of: {', '.join(shown[:SHOWN])}{more}" if shown else ""
