"""What would turn the answer over, in words: time alone, and the least change."""

from collections.abc import Sequence
from datetime import datetime

from apps.rules.catalogue import Catalogue
from apps.rules.nodes import Rule
from apps.rules.wording import deed, labelled, listed, number
from apps.segments.calendar import installed
from apps.segments.explaining.account import Account, By
from apps.segments.explaining.changes import ANYTHING, Change, deadline
from apps.segments.models import Pin
from apps.segments.why.answering import Matter
from apps.segments.why.facts import trait_value
from apps.segments.why.moments import Tense, day_and_time


def by_time(matter: Matter) -> str:
    """Say when time alone turns the whole over, or that it does not."""
    account, gone_by = matter.account, matter.tense is Tense.THEN
    if account.missed is not None or account.decided.by != By.RULE:
        return ""
    if account.flips_at is None:
        return (
            "Time alone would not have changed this." if gone_by else "Time alone changes nothing."
        )
    when = day_and_time(account.flips_at)
    if gone_by:
        did = "have ended" if account.holds else "have begun"
        return f"As things stood, time alone would {did} this on {when}."
    would = "would " if matter.would_be else ""
    verb = ("leave" if account.holds else "enter") + ("" if would else "s")
    return f"If nothing else happens, {matter.contact} {would}{verb} on {when}."


def least(matter: Matter) -> tuple[str, list[str]]:
    """Return what introduces the least change, and the change: one line for each of its parts."""
    account = matter.account
    if account.missed is not None:
        return "", []
    match account.decided.by:
        case By.RULE:
            return _least_of_rule(matter)
        case By.PIN | By.PINNED_TO | By.STATIC:
            return _by_hand(matter)
        case By.HIGHER_RUNG:
            return _up_the_ladder(matter)
        case _:
            return "", []


def _least_of_rule(matter: Matter) -> tuple[str, list[str]]:
    account = matter.account
    found = account.least_change()
    assert account.known is not None
    higher = account.known.segment.higher
    if found is None and account.holds and higher:
        names = [f"'{matter.name_of(slug)}'" for slug in higher]
        return "", [f"entering a higher rung: {listed(names, 'or')}"]
    if found is None:
        return "No change of facts was found that would: neither one nor up to three together.", []
    rule = account.known.segment.rule
    assert rule is not None
    until = _until(rule, account, found)
    said = [in_words(change, matter.known) for change in found]
    last = f" before {day_and_time(until)}" if until else ""
    return "", [*said[:-1], said[-1] + last]


def _until(rule: Rule, account: Account, changes: Sequence[Change]) -> datetime | None:
    assert account.known is not None
    return deadline(rule, account.known.facts, changes, now=account.at, calendar=installed())


def _by_hand(matter: Matter) -> tuple[str, list[str]]:
    decided = matter.account.decided
    met = decided.verdict is not None and decided.verdict.holds
    if decided.by == By.STATIC:
        return "", ["being held in by hand"]
    if decided.by == By.PIN and met is decided.holds:
        other = Pin.Held.OUT if decided.holds else Pin.Held.IN
        return "Without the pin it would be the same.", [f"being {other.label.lower()} by hand"]
    if decided.by == By.PINNED_TO and not met:
        return "Without the pin it would be the same.", ["being held in by hand"]
    return "", ["taking the pin away"]


def _up_the_ladder(matter: Matter) -> tuple[str, list[str]]:
    decided = matter.account.decided
    leaving = f"leaving '{matter.name_of(decided.what)}'"
    met = decided.verdict is not None and decided.verdict.holds
    return "", [leaving] if met else [leaving, "meeting the rule"]


def in_words(change: Change, known: Catalogue) -> str:
    """Return "one more purchase", "Plan becomes Pro", "entering 'Customers'"."""
    match change.about:
        case "event":
            return _more(change)
        case "segment":
            name = known.segments.get(change.key, change.key)
            return f"{'entering' if change.after else 'leaving'} '{name}'"
        case _:
            return _becomes(change, known)


def _more(change: Change) -> str:
    times, known = int(str(change.after)), deed(change.key)
    one, many = (known.noun, known.plural) if known else (f"'{change.key}'",) * 2
    first = known.one if known else f"a {one}"
    if change.before:
        words = f"one more {one}" if times == 1 else f"{times} more {many}"
    else:
        words = first if times == 1 else f"{times} {many}"
    if not change.properties:
        return words
    each = " each" if times > 1 else ""
    said = (f"{key} {_property(value)}" for key, value in change.properties.items())
    return f"{words} with {' and '.join(said)}{each}"


def _property(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number(value)
        case _:
            return f"'{value}'"


def _becomes(change: Change, known: Catalogue) -> str:
    spec = known.traits.get(change.key)
    label = labelled(spec.label) if spec else change.key
    kind = spec.kind if spec else None
    if change.after in (None, "", []):
        return f"{label} is emptied"
    if change.after in ANYTHING:
        if change.before in (None, "", []):
            return f"{label} is known"
        return f"{label} is no longer {trait_value(change.key, kind, change.before, known)}"
    return f"{label} becomes {trait_value(change.key, kind, change.after, known)}"
