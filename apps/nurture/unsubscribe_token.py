"""The token in an unsubscribe link: whom it is for, signed, good for ever."""

from dataclasses import dataclass

from django.core.signing import BadSignature, Signer

SALT = "tidemark.nurture.unsubscribe"


@dataclass(frozen=True, slots=True)
class Bearer:
    contact_id: int
    message_id: int


def make(*, contact_id: int, message_id: int) -> str:
    return _signer().sign(f"{contact_id}-{message_id}")


def read(token: str) -> Bearer | None:
    """Return whom the token names, or None when we did not sign it."""
    try:
        contact_id, message_id = _signer().unsign(token).split("-")
        return Bearer(int(contact_id), int(message_id))
    except (BadSignature, ValueError):
        return None


def _signer() -> Signer:
    return Signer(salt=SALT, sep=".")
