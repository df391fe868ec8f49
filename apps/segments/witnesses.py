"""A contact that the solver shows, in words: "a contact with Plan 'pro' and no purchases"."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from apps.rules.catalogue import Catalogue
from apps.rules.fold import fold
from apps.rules.keys import Keys
from apps.rules.kinds import Kind
from apps.rules.wording import deed, listed, named, number, quoted

PLACES = ("traits", "events", "segments", "now")
MOST = 8  # facts that are told
NOTHING = Catalogue({})


def contact_words(
    witness: Mapping[str, Any], known: Catalogue, reads: Keys | None = None, *, but: str = ""
) -> str:
    """Say what is known of the contact, but that it is in one segment.

    And what is not known of what is read.
    """
    reads = reads or Keys()
    traits = {f"contact.{key}": value for key, value in witness.items() if key not in PLACES}
    traits |= witness["traits"]
    had = [*_traits(traits, known), *_events(witness)]
    lacked = [*_missing_traits(traits, known, reads), *_missing_events(witness, reads)]
    inside = [quoted(known.segments.get(slug, slug)) for slug in witness["segments"] if slug != but]
    facts = [*had, *(f"no {name}" for name in lacked)]
    told = [*facts[:MOST], *(["more"] if len(facts) > MOST else [])]
    known_of = f"with {listed(told, 'and')}" if told else "of whom nothing is known"
    words = f"a contact {known_of}"
    return f"{words}, in {listed(inside, 'and')}" if inside else words


def _traits(traits: Mapping[str, Any], known: Catalogue) -> Iterator[str]:
    for key, value in traits.items():
        spec = known.traits.get(key)
        yield f"{spec.label if spec else key} {_value(key, value, known)}"


def _value(key: str, value: object, known: Catalogue) -> str:
    spec = known.traits.get(key)
    options = {fold(option.value): option.label for option in spec.options} if spec else {}
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number(value)
        case list() | tuple():
            return listed([_value(key, one, known) for one in value], "and")
        case str() if fold(value) in options:
            return options[fold(value)]
        case str() if spec and spec.kind in (Kind.DATE, Kind.DATETIME):
            return _day(value)
        case _:
            return quoted(str(value))


def _events(witness: Mapping[str, Any]) -> Iterator[str]:
    names = dict.fromkeys(event["name"] for event in witness["events"])
    for name in names:
        mine = [event for event in witness["events"] if event["name"] == name]
        known = deed(name)
        one, many = (known.noun, known.plural) if known else (named(name), named(name))
        told = f"{len(mine)} {one if len(mine) == 1 else many}"
        yield f"{told} ({_last(mine, witness['now'])})"


def _last(events: list[dict[str, Any]], now: str) -> str:
    """Say how long ago the last one was, and what it held where it is the only one."""
    last = events[-1]
    ago = _ago(datetime.fromisoformat(now) - datetime.fromisoformat(last["occurred_at"]))
    if len(events) > 1:
        return f"the last {ago}"
    held = last["properties"].items()
    return ", ".join([ago, *(f"{key} {_value('', value, NOTHING)}" for key, value in held)])


def _ago(length: Any) -> str:
    days, hours, minutes = length.days, length.seconds // 3600, length.seconds // 60
    for amount, name in ((days, "day"), (hours, "hour"), (minutes, "minute")):
        if amount > 0:
            return f"{amount:,} {name}{'s' if amount > 1 else ''} ago"
    return "just now" if days == 0 else "still to come"


def _day(text: str) -> str:
    day = datetime.fromisoformat(text)
    return f"{day.day} {day:%B} {day.year}"


def _missing_traits(traits: Mapping[str, Any], known: Catalogue, reads: Keys) -> Iterator[str]:
    for key in sorted(reads.traits - traits.keys()):
        spec = known.traits.get(key)
        yield spec.label if spec else key


def _missing_events(witness: Mapping[str, Any], reads: Keys) -> Iterator[str]:
    there = {event["name"] for event in witness["events"]}
    for name in sorted(reads.events - there):
        known = deed(name)
        yield known.plural if known else named(name)
