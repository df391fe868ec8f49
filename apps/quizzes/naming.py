"""Keys: the names that rules, traits and addresses use for what an author wrote."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.text import slugify

KEY_LENGTH = 60
RESERVED = frozenset({"result"})  # the address of the result page
SHAPE = RegexValidator(
    r"\A[a-z0-9][a-z0-9_-]*\Z",
    "Use small letters a-z, digits, - and _, and begin with a letter or a digit.",
)


def check_key(key: str) -> None:
    """Raise ValidationError unless `key` can be a part of a trait's key and of an address."""
    SHAPE(key)
    if key in RESERVED:
        raise ValidationError(f"“{key}” is the address of the result page; choose another.")


def free_key(words: str, *, taken: Collection[str], fallback: str) -> str:
    """Return a key made from `words` that none of `taken` has."""
    stem = slugify(words.casefold())[: KEY_LENGTH - 4].strip("-_") or fallback
    candidates = (stem, *(f"{stem}-{number}" for number in range(2, 1000)))
    return next(key for key in candidates if key not in taken and key not in RESERVED)
