"""Reading a posted answer: what the form sent becomes a value, or a message for its author.

Values: a choice's key; a list of keys (of a ranking, the best first); true or false; a number;
a text; of a matrix the column by row; for a contact form a dict of its fields; of a file what
tells of it. None means skipped.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from apps.contacts import people
from apps.quizzes.definition import MANY, NUMBERS, ONE, TRUTHS, Kind, Question, plain
from apps.quizzes.wording import FIELD_LABELS, count
from apps.quizzes.worth import bounds, grain, selections
from apps.rules.kinds import Kind as TraitKind
from apps.rules.kinds import KindError, canonical

Raw = Mapping[str, Sequence[str]]  # as the form sent it: every field may come several times
MAX_LENGTHS = {"first_name": 120, "last_name": 120, "email": 254, "phone": 40, "country": 60}
SHORT, LONG = 500, 5_000  # characters of a text, unless its author says otherwise
NUMBER = re.compile(r"[+-]?[0-9]{1,9}([.,][0-9]{1,4})?")
PHONE = re.compile(r"\+?[0-9 ()/.\-]{5,40}")
FEWEST_DIGITS = 5
KEPT_BY_NONE = re.compile("[\x00\ud800-\udfff]")
YES_NO = {"yes": True, "no": False}
ROW, RANK = "row.", "rank."  # what the names of fields begin with


class AnswerError(ValueError):
    """An answer that does not fit its question; `messages` by field of the form."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        super().__init__(" ".join(messages.values()))
        self.messages = dict(messages)


def read(question: Question, raw: Raw) -> Any:
    """Return the value of an answer; raises AnswerError. Files are read by uploading.py."""
    match question.kind:
        case Kind.CONTACT:
            return _contact(question, raw)
        case Kind.MATRIX:
            return _matrix(question, raw)
        case Kind.RANKING:
            return _ranking(question, raw)
        case Kind.STATEMENT:
            return True
        case _:
            return _said(question, raw)


def _said(question: Question, raw: Raw) -> Any:
    """Return the value of an answer that comes in one field."""
    texts = [text for text in raw.get("answer", ()) if text.strip()]
    if not texts and question.other and _first(raw, "other").strip():
        texts = [question.other]
    if not texts:
        skip(question)
        return None
    if question.kind in MANY:
        return _several(question, texts)
    if len(texts) > 1:
        raise _error("Only one answer can be given here.")
    return _one(question, texts[0].strip())


def read_other(question: Question, raw: Raw, value: Any) -> str:
    """Return what was written beside “other”, where that is picked; raises AnswerError."""
    picked = value if question.kind in MANY else [value]
    if not question.other or question.other not in (picked or ()):
        return ""
    return _text(_first(raw, "other").strip(), field="other", limit=SHORT)


def posted(question: Question, value: Any, other: str = "") -> Raw:
    """Return a kept value as the form would send it."""
    if value is None:
        return {}
    match question.kind:
        case Kind.CONTACT:
            form = {name: [str(value.get(name, ""))] for name in question.fields}
            return {**form, "consent": ["on"] if value.get("consent") else []}
        case Kind.MATRIX:
            return {f"{ROW}{row}": [column] for row, column in value.items()}
        case Kind.RANKING:
            return {f"{RANK}{key}": [str(rank)] for rank, key in enumerate(value, start=1)}
        case Kind.YES_NO | Kind.CONSENT:
            return {"answer": ["yes" if value else "no"]}
        case Kind.FILE | Kind.STATEMENT:
            return {}
        case _:
            texts = list(value) if question.kind in MANY else [str(value)]
            return {"answer": texts, "other": [other]}


def accept(question: Question, value: Any) -> Any:
    """Return a value that came as JSON as a respondent's would be kept; raises AnswerError."""
    if not _fits(question, value):
        raise _error(f"Expected {SHAPES[question.kind]}.")
    if question.kind is Kind.FILE and value is not None:
        return {"name": str(value)}
    if question.kind is Kind.STATEMENT:
        return True
    return read(question, posted(question, value))


SHAPES = {
    **dict.fromkeys(ONE, "the key of a choice"),
    **dict.fromkeys(MANY, "a list of keys of choices"),
    **dict.fromkeys(TRUTHS, "true or false"),
    **dict.fromkeys(NUMBERS, "a number"),
    Kind.RANKING: "a list of the keys of all choices, the first first",
    Kind.MATRIX: "an object: the key of a column for the key of each row",
    Kind.CONTACT: "an object with the fields of the form",
    Kind.TEXT: "a text",
    Kind.LONG_TEXT: "a text",
    Kind.EMAIL: "an email address",
    Kind.PHONE: "a phone number as text",
    Kind.DATE: 'a date such as "2026-11-23"',
    Kind.FILE: "the name of a file",
    Kind.STATEMENT: "true",
}


def _fits(question: Question, value: Any) -> bool:
    """Return whether a JSON value has the shape that this kind of question is answered in."""
    kind = question.kind
    if value is None or kind is Kind.STATEMENT:
        return True
    if kind in MANY or kind is Kind.RANKING:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind in TRUTHS:
        return isinstance(value, bool)
    if kind in NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is Kind.MATRIX:
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if kind is Kind.CONTACT:
        return isinstance(value, dict) and all(
            isinstance(one, bool if name == "consent" else str) for name, one in value.items()
        )
    return isinstance(value, str)


def _one(question: Question, text: str) -> Any:
    kind = question.kind
    if kind is Kind.DROPDOWN:
        return _named(question, text)
    if kind in ONE:
        return _offered(question, text)
    if kind in NUMBERS:
        return _number(question, text)
    match kind:
        case Kind.YES_NO | Kind.CONSENT:
            return _truth(question, text)
        case Kind.EMAIL:
            return _email(text, field="answer")
        case Kind.PHONE:
            return _phone(text)
        case Kind.DATE:
            return _date(text)
        case Kind.LONG_TEXT:
            return _long_text(text, limit=question.longest or LONG)
        case _:
            return _text(text, field="answer", limit=min(question.longest or SHORT, SHORT))


def skip(question: Question) -> None:
    """Raise AnswerError where there must be an answer."""
    if question.required:
        asked = {
            Kind.TEXT: "Write an answer to go on.",
            Kind.LONG_TEXT: "Write an answer to go on.",
            Kind.EMAIL: "Enter your email address to go on.",
            Kind.PHONE: "Enter your phone number to go on.",
            Kind.NUMBER: "Enter a number to go on.",
            Kind.DATE: "Enter a date to go on.",
            Kind.FILE: "Choose a file to go on.",
        }
        raise _error(asked.get(question.kind, "Choose an answer to go on."))


def _truth(question: Question, text: str) -> bool:
    if text not in YES_NO:
        raise _error("Choose yes or no.")
    if question.consent_required and not YES_NO[text]:
        raise _error("This must be accepted to go on.")
    return YES_NO[text]


def _named(question: Question, text: str) -> str:
    """Return the key of the choice of this key or, where one is typed, of this label."""
    if text in question.by_key:
        return text
    wanted = text.casefold()
    labelled = (one.key for one in question.choices if one.label.strip().casefold() == wanted)
    found = next(labelled, None)
    if found is None:
        raise _error("This is not in the list. Choose one that is.")
    return found


def _matrix(question: Question, raw: Raw) -> dict[str, str] | None:
    """Return the column of each row; a matrix that must be answered has all of them."""
    known = {f"{ROW}{row.key}" for row in question.rows}
    if any(name.startswith(ROW) and name not in known for name in raw):
        raise _error("This row is not asked about here.")
    picked = {row.key: _first(raw, f"{ROW}{row.key}") for row in question.rows}
    value = {row: _offered(question, column) for row, column in picked.items() if column}
    if question.required and len(value) < len(question.rows):
        raise _error("Choose an answer in every row to go on.")
    return value or None


def _ranking(question: Question, raw: Raw) -> list[str] | None:
    """Return the keys of all choices in the order of their ranks."""
    known = {f"{RANK}{key}" for key in question.by_key}
    ranks = {name: _first(raw, name) for name in raw if name.startswith(RANK)}
    if not any(ranks.values()):
        skip(question)
        return None
    places = {str(number) for number in range(1, len(question.choices) + 1)}
    if set(ranks) != known or set(ranks.values()) != places:
        raise _error("Give every choice a place of its own.")
    return sorted(question.by_key, key=lambda key: int(ranks[f"{RANK}{key}"]))


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
    step = grain(question)
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


def _phone(text: str) -> str:
    digits = sum(character.isdigit() for character in text)
    if not PHONE.fullmatch(text) or digits < FEWEST_DIGITS:
        raise _error("This is not a phone number: use digits, with + and the code of the country.")
    return text


def _date(text: str) -> str:
    try:
        return str(canonical(TraitKind.DATE, text))
    except KindError:
        raise _error("Enter a date as year-month-day, such as 2026-11-23.") from None


def _long_text(text: str, *, limit: int) -> str:
    text = text.replace("\r\n", "\n")
    if len(text) > limit:
        raise _error(f"Use at most {limit} characters, not {len(text)}.")
    if KEPT_BY_NONE.search(text):
        raise _error("This text holds characters that cannot be kept.")
    return text


def _text(text: str, *, field: str, limit: int) -> str:
    if len(text) > limit:
        raise AnswerError({field: f"Use at most {limit} characters, not {len(text)}."})
    try:
        return str(canonical(TraitKind.TEXT, text) or "")
    except KindError:
        raise AnswerError({field: "This text holds characters that cannot be kept."}) from None


def _first(raw: Raw, name: str) -> str:
    return next(iter(raw.get(name, ())), "")


def _error(message: str) -> AnswerError:
    return AnswerError({"answer": message})
