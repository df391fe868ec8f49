"""The words of a sentence below its clauses: names, values, operators and what is well known.

What a person may have named in any way stands in quotes where it could be read as words of
the sentence, so that no two rules read alike.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from apps.rules.comparing import Operator
from apps.rules.durations import Duration
from apps.rules.nodes import Operand, Scalar
from apps.rules.operands import Shape
from apps.rules.periods import Period

Say = Callable[[Scalar], str]

_PLAIN = re.compile(r"[\w.+%€$#&/:-]+( [\w.+%€$#&/:-]+)*")
_IN_QUOTES = re.compile(r" '[^']+'")
_WORDS_OF_SENTENCES = re.compile(
    r"\b(and|or|not|unless|never|is|was|has|have|did|does|where|followed|between|in|within|the"
    r"|from|to|at|times|once|known)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Deed:
    """An event in words: what somebody did, did not do, and what that is called."""

    did: str
    do: str
    noun: str
    plural: str

    @property
    def one(self) -> str:
        return f"{'an' if self.noun[0] in 'aeio' else 'a'} {self.noun}"


DEEDS = {
    "order_completed": Deed("bought", "buy", "purchase", "purchases"),
    "page_viewed": Deed("viewed a page", "view a page", "page view", "page views"),
    "quiz_started": Deed("started a quiz", "start a quiz", "started quiz", "started quizzes"),
    "quiz_finished": Deed("finished a quiz", "finish a quiz", "finished quiz", "finished quizzes"),
    "deal_won": Deed("had a deal won", "have a deal won", "won deal", "won deals"),
    "deal_lost": Deed("had a deal lost", "have a deal lost", "lost deal", "lost deals"),
    "signed_up": Deed("signed up", "sign up", "sign-up", "sign-ups"),
    "form_submitted": Deed(
        "submitted a form", "submit a form", "submitted form", "submitted forms"
    ),
    "email_opened": Deed(
        "opened an e-mail", "open an e-mail", "opened e-mail", "opened e-mails"
    ),
    "email_clicked": Deed(
        "clicked in an e-mail", "click in an e-mail", "click in an e-mail", "clicks in an e-mail"
    ),
}  # fmt: skip


def deed(event: str) -> Deed | None:
    return DEEDS.get(event)


def named(name: str) -> str:
    """Say the name of an event or a property: in quotes where it is not one plain word."""
    words = {deed.noun for deed in DEEDS.values()} | {deed.plural for deed in DEEDS.values()}
    plain = " " not in name and name not in words
    return labelled(name) if plain else quoted(name)


def labelled(label: str) -> str:
    """Say a label somebody wrote: in quotes where it holds words of a sentence.

    What stands in quotes in it already, as in "Tier of 'Are you ready?'", may be anything.
    """
    bare = _IN_QUOTES.sub("", label)
    plain = _PLAIN.fullmatch(bare) and not _WORDS_OF_SENTENCES.search(bare)
    return label if plain else quoted(label)


def quoted(text: str) -> str:
    """Say a text in quotes that it does not hold, or holds doubled."""
    if "'" not in text:
        return f"'{text}'"
    return '"' + text.replace('"', '""') + '"'


def compared(
    row: Operator, value: Operand, *, say: Say, verb: str = "is", negated: bool = False
) -> str:
    """Say an operator with its value; `negated` says that it does not hold."""
    words = {"is": verb, "has": "has", "value": "", "all": ""}
    phrase = row.phrase
    if negated:
        words |= {"is": f"{verb} not", "has": "does not have"}
        phrase = re.sub(r"^(\w+)s\b", r"does not \1", phrase)  # starts with, ends with
    if isinstance(value, tuple):
        texts = [say(item) for item in value]
        paired = row.shape in (Shape.PAIR, Shape.WHOLES)
        words |= {"all": listed(texts, "and"), "nor": listed(texts, "nor")}
        words["value"] = words["all"] if paired else listed(texts, "or")
        phrase = _for_many(phrase) if len(texts) > 1 else phrase.replace(" all of", "")
    elif isinstance(value, Duration) and re.search(r"(last|next) {value}", phrase):
        words["value"] = a_while(value)
    elif value is not None:
        words["value"] = say(value)
    return phrase.format_map(words)


def a_while(length: Duration) -> str:
    """Say a duration behind "the last" or "the next": "the last week" were a calendar week."""
    return "7 days" if str(length) == "1w" else length.words.removeprefix("1 ")


def _for_many(phrase: str) -> str:
    return "{is} neither {nor}" if phrase == "{is} not {value}" else phrase


def listed(texts: Sequence[str], word: str) -> str:
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}" if len(texts) > 1 else texts[0]


def scalar(item: Scalar) -> str:
    """Say one value."""
    match item:
        case datetime():
            at = item.time().isoformat(timespec="auto").removesuffix(":00")
            return f"{_day(item)} at {at} UTC"
        case date():
            return _day(item)
        case Duration() | Period():
            return item.words
        case str():
            return quoted(item)
        case _:
            return number(item)


def number(item: float) -> str:
    """Say a number without trailing zeros, and without an exponent unless it is tiny."""
    if item == int(item):
        return str(int(item))
    return f"{Decimal(repr(item)):f}" if abs(item) >= 1e-9 else repr(item)


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
