"""Reading a posted answer: what the form sent becomes a value, or a message for its author.

Values: a choice's key; a list of keys; true or false; a number; a text; for a contact form
a dict of its fields. None means skipped.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from apps.contacts import people
from apps.quizzes.definition import Kind, Question, plain
from apps.quizzes.wording import FIELD_LABELS, count
from apps.quizzes.worth import bounds, selections
from apps.rules.kinds import Kind as TraitKind
from apps.rules.kinds import KindError, canonical

Raw = Mapping[str, Sequence[str]]  # as the form sent it: every field may come several times
MAX_LENGTHS = {"first_name": 120, "last_name": 120, "email": 254, "phone": 40, "country": 60}
NUMBER = re.compile(r"[+-]?[0-9]{1,9}([.,][0-9]{1,4})?")
YES_NO = {"yes": True, "no": False}


class AnswerError(ValueError):
    """An answer that does not fit its question; `messages` by field of the form."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        super().__init__(" ".join(messages.values()))
        self.messages = dict(messages)


def read(question: Question, raw: Raw) -> Any:
    """Return the value of an answer; raises AnswerError."""
    if question.kind is Kind.CONTACT:
        return _contact(question, raw)
    texts = [text for text in raw.get("answer", ()) if text.strip()]
    if question.kind is Kind.STATEMENT:
        return True
    if not texts:
        return _skip(question)
    if question.kind is Kind.SEVERAL:
        return _several(question, texts)
    if len(texts) > 1:
        raise _error("Only one answer can be given here.")
    return _one(question, texts[0].strip())


def _one(question: Question, text: str) -> Any:
    match question.kind:
        case Kind.SINGLE:
            return _offered(question, text)
        case Kind.YES_NO:
            if text not in YES_NO:
                raise _error("Choose yes or no.")
            return YES_NO[text]
        case Kind.SCALE | Kind.NUMBER:
            return _number(question, text)
        case Kind.EMAIL:
            return _email(text, field="answer")
        case _:
            return _text(text, field="answer", limit=500)


def _skip(question: Question) -> None:
    if question.required:
        asked = {
            Kind.TEXT: "Write an answer to go on.",
            Kind.EMAIL: "Enter your email address to go on.",
            Kind.NUMBER: "Enter a number to go on.",
        }
        raise _error(asked.get(question.kind, "Choose an answer to go on."))


def _several(question: Question, texts: Sequence[str]) -> list[str]:
    """Return the picked keys in the order the choices are listed, so that replays are equal."""
    picked = {_offered(question, text) for text in texts}
    least, most = selections(question)
    if len(picked) < least:
        raise _error(f"Pick at least {count(least, 'choice')}.")
    if len(picked) > most:
        raise _error(f"Pick at most {count(most, 'choice')}.")
    return [choice.key for choice in question.choices if choice.key in picked]


def _offered(question: Question, key: str) -> str:
    if key not in question.by_key:
        raise _error("This choice is not offered here. Choose one of those below.")
    return key


def _number(question: Question, text: str) -> int | float:
    if not NUMBER.fullmatch(text):
        raise _error("Enter a number, in digits.")
    value = Decimal(text.replace(",", "."))
    _check_limits(question, value)
    return plain(value)


def _check_limits(question: Question, value: Decimal) -> None:
    low, high = question.minimum, question.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        raise _error(_limits(low, high))
    step = question.step or (Decimal(1) if question.kind is Kind.SCALE else Decimal("0.01"))
    if (value - (low or 0)) % step:
        steps = f"in steps of {plain(step)}" if step != Decimal("0.01") else "with two decimals"
        raise _error(f"Enter a number {steps}.")
    if question.maximum is not None and value > bounds(question)[1]:
        raise _error(_limits(low, bounds(question)[1]))


def _limits(low: Decimal | None, high: Decimal | None) -> str:
    if low is None or high is None:
        return (
            f"Enter a number of at least {plain(low)}."
            if low is not None
            else f"Enter a number of at most {plain(high or Decimal(0))}."
        )
    return f"Enter a number from {plain(low)} to {plain(high)}."


def _contact(question: Question, raw: Raw) -> dict[str, Any] | None:
    """Return the fields of a contact form; all wrong ones are named at once."""
    value: dict[str, Any] = {}
    messages: dict[str, str] = {}
    for name in question.fields:
        try:
            value[name] = _field(question, name, next(iter(raw.get(name, ())), "").strip())
        except AnswerError as error:
            messages |= error.messages
    if question.consent:
        value["consent"] = bool(raw.get("consent"))
        if question.consent_required and not value["consent"]:
            messages["consent"] = "Tick the box to go on."
    if messages:
        raise AnswerError(messages)
    empty = not any(value.get(name) for name in question.fields)
    return None if empty and not question.required else value


def _field(question: Question, name: str, text: str) -> str:
    if not text and name not in needed(question):
        return ""
    if not text:
        raise AnswerError({name: f"Enter your {FIELD_LABELS[name].lower()} to go on."})
    if name == "email":
        return _email(text, field=name)
    return _text(text, field=name, limit=MAX_LENGTHS[name])


def needed(question: Question) -> frozenset[str]:
    """Return the fields that must be filled in: email and first name, or else all."""
    if not question.required:
        return frozenset()
    asked = frozenset(question.fields)
    return asked & {"email", "first_name"} or asked


def _email(text: str, *, field: str) -> str:
    _text(text, field=field, limit=254)
    try:
        return people.normalise_email(text)
    except people.EmailError:
        message = "This is not an email address we could write to. Check it, please."
        raise AnswerError({field: message}) from None


def _text(text: str, *, field: str, limit: int) -> str:
    if len(text) > limit:
        raise AnswerError({field: f"Use at most {limit} characters, not {len(text)}."})
    try:
        return str(canonical(TraitKind.TEXT, text) or "")
    except KindError:
        raise AnswerError({field: "This text holds characters that cannot be kept."}) from None


def _error(message: str) -> AnswerError:
    return AnswerError({"answer": message})
