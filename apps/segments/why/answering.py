"""The answer in a sentence: is the contact in, since when, and because of what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from apps.contacts.models import Contact
from apps.rules.catalogue import Catalogue
from apps.segments.explaining.account import Account, By, Gap, Missed
from apps.segments.explaining.past import Hand
from apps.segments.models import Pin, Segment
from apps.segments.why import facts
from apps.segments.why.moments import Tense, day, day_and_time
from apps.segments.why.tree import deciding

MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """`short` is the heading; `rest` goes on with it, `notes` are whole sentences below."""

    short: str
    rest: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter:
    """What an answer is about: `would_be` of a segment that is not live."""

    contact: Contact
    segment: Segment
    account: Account
    tense: Tense
    known: Catalogue
    would_be: bool = False
    hands: Mapping[str, Hand] = field(default_factory=dict)  # who holds it by hand, by slug
    stood: Mapping[int | None, bool] = field(default_factory=dict)  # of those who are one since

    def name_of(self, slug: str) -> str:
        return self.known.segments.get(slug, slug)


def answer(matter: Matter) -> Answer:
    return Answer(_short(matter), _rest(matter), tuple(_notes(matter)))


def _short(matter: Matter) -> str:
    who, where = matter.contact, matter.segment.name
    inside = "in" if matter.account.holds else "not in"
    if matter.would_be:
        return f"{who} would {'' if matter.account.holds else 'not '}be in {where}"
    match matter.tense:
        case Tense.NOW:
            return f"{who} is {inside} {where}"
        case Tense.THEN:
            return f"{who} was {inside} {where} on {day_and_time(matter.account.at)}"
        case Tense.TO_COME:
            will = "will be" if matter.account.holds else "will not be"
            return f"{who} {will} in {where} on {day_and_time(matter.account.at)}"


def _rest(matter: Matter) -> str:
    """Return "Since 3 March 2026, because they bought 3 times in the last 30 days."."""
    parts = [part for part in (_since(matter), _because(matter)) if part]
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _since(matter: Matter) -> str:
    since = matter.account.since
    if since is None or matter.would_be or matter.tense is Tense.TO_COME:
        return ""
    stored = matter.account.known is None or matter.account.known.member
    if matter.account.holds is not stored:
        return ""
    return f"since {day(since)}" if matter.account.holds else f"they left on {day(since)}"


def _because(matter: Matter) -> str:
    decided, gone_by = matter.account.decided, matter.tense is Tense.THEN
    verb = "were" if gone_by else "are"
    if matter.account.missed is not None:
        settling = matter.account.missed.gap == Gap.SETTLING
        return "because the segment had yet to follow" if settling else "as the history has it"
    match decided.by:
        case By.RULE if matter.segment.is_default:
            return f"because no other rung of the ladder {'took' if gone_by else 'takes'} them"
        case By.RULE:
            return f"because {_reasons(matter)}"
        case By.PIN:
            held, hand = Pin.Held(decided.what).label.lower(), _hand(matter, matter.segment.slug)
            return f"because they {verb} {held} by hand{hand}"
        case By.PINNED_TO:
            name = matter.name_of(decided.what)
            hand = _hand(matter, decided.what)
            return f"because they {verb} held by hand in '{name}', on the same ladder{hand}"
        case By.HIGHER_RUNG:
            return f"because {_higher(matter)}"
        case By.STATIC:
            return f"because nobody is in it but by hand, and they {verb} not held in"
        case By.NOT_LIVE:
            return "because the segment was not live then"
        case By.NOT_YET_KNOWN:
            return "because nothing was known of them yet"
        case By.UNREADABLE:
            return "as the history has it: the rule of then cannot be read any more"


def _hand(matter: Matter, slug: str) -> str:
    """Return whose hand it is and how long: " (by Ann, since 3 March 2026)"."""
    hand = matter.hands.get(slug)
    if hand is None:
        return ""
    by, since = f"by {hand.by}" if hand.by else "", f"since {day(hand.since)}"
    if hand.until:
        since = f"from {day(hand.since)} to {day(hand.until)}"
    elif _since(matter) == since:  # said already
        since = ""
    told = ", ".join(filter(None, (by, since)))
    return f" ({told})" if told else ""


def _higher(matter: Matter) -> str:
    """Return the ladder's case: "the rule is met, but a higher rung won: 'VIP'"."""
    decided, gone_by = matter.account.decided, matter.tense is Tense.THEN
    name = matter.name_of(decided.what)
    met = decided.verdict is not None and decided.verdict.holds
    verb = "was" if gone_by else "is"
    return f"the rule {verb} {'met, but' if met else 'not met, and'} a higher rung won: '{name}'"


def _reasons(matter: Matter) -> str:
    reason = matter.account.decided.reason
    assert reason is not None
    gone_by = matter.tense is Tense.THEN
    found = [facts.fact(one, matter.known, gone_by=gone_by) for one in deciding(reason)]
    return _listed(list(dict.fromkeys(found)))


def _listed(clauses: Sequence[str]) -> str:
    shown, more = list(clauses[:MOST_REASONS]), len(clauses) - MOST_REASONS
    if more > 0:
        shown.append(f"{more} more condition{'s' if more > 1 else ''} below")
    if len(shown) == 1:
        return shown[0]
    comma = "," if any(" and " in clause or " or " in clause for clause in shown) else ""
    return f"{', '.join(shown[:-1])}{comma} and {shown[-1]}"


def _notes(matter: Matter) -> list[str]:
    notes, account = [], matter.account
    if account.missed is not None:
        notes.append(_of_gap(account.missed, matter))
    if len(set(matter.stood.values())) > 1:
        notes.append(_who_stood(matter.stood))
    if matter.tense is Tense.TO_COME:
        notes.append("That is if nothing else happens until then.")
    stored = account.known.member if account.known else account.holds
    if matter.tense is Tense.NOW and not matter.would_be and account.holds is not stored:
        entering = "entering" if account.holds else "leaving"
        notes.append(f"They are {entering} right now: the segment follows within seconds.")
    return notes


def _who_stood(stood: Mapping[int | None, bool]) -> str:
    """Say who it was, of a contact and those that were merged into it later."""
    own, others = stood[None], sum(inside for whose, inside in stood.items() if whose is not None)
    if not others:
        return "It was this contact itself who was in, and nobody who was merged into it later."
    they = "a contact that was" if others == 1 else f"{others} contacts that were"
    return f"It was {they} merged into this one later{', and this one too' if own else ''}."


def _of_gap(missed: Missed, matter: Matter) -> str:
    """Say why what is known of a moment does not come to what its record says."""
    until = day_and_time(missed.at) if missed.at else ""
    belongs = "in" if matter.account.decided.holds else "out"
    match missed.gap:
        case Gap.PROFILE:
            return (
                f"Changes of the profile are kept since {until}. Before, it is taken as it was"
                " then, and by that the rule comes out otherwise."
            )
        case Gap.MERGE:
            return (
                f"Two contacts became this one on {until}. Before, they are told as one, and in a"
                " segment if either was; together the rule comes out otherwise."
            )
        case Gap.SETTLING if not until:
            return (
                f"By what had happened until then they belonged {belongs}, but that was over"
                " before the segment could follow."
            )
        case Gap.SETTLING:
            return (
                f"By what had happened until then they belonged {belongs} already, and followed"
                f" on {until}."
            )
        case Gap.HAND:
            return (
                "By the rule alone it would be otherwise. A pin decided that was let go before"
                " Tidemark kept what became of pins."
            )
