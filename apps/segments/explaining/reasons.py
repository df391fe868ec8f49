"""Why a contact is in each of its segments, in brief: the reasons, since when, until when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from apps.contacts.models import Contact
from apps.rules.catalogue import Catalogue
from apps.rules.nodes import All, Any, Not
from apps.rules.prose import sentence
from apps.rules.verdict import Reason
from apps.rules.wording import number
from apps.segments import facts as loading
from apps.segments.explaining.account import Account, By, Decided, account_of
from apps.segments.explaining.past import Known
from apps.segments.plan import Plan, Planned, catalogue, live_plan
from apps.segments.settling import stored
from apps.segments.standing import rules_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """`reason` is None where no rule was asked: a static segment. `flips_at` is the rule's too."""

    segment: Planned
    sentence: str
    because: str
    since: datetime | None
    flips_at: datetime | None
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """One node of the reasons as a page shows it, indented by `depth`."""

    depth: int
    words: str
    holds: bool
    actual: str
    flips_at: datetime | None


def explain_all(contact: Contact, *, now: datetime) -> list[Explanation]:
    """Explain every live segment the contact is in, by name; the number of queries is fixed."""
    plan, names = live_plan(), catalogue()
    since = dict(contact.memberships.values_list("segment_id", "since"))
    inside = [planned for planned in plan.segments if planned.pk in since]
    below = plan.below(inside)
    standing, pinned = stored([contact.pk], plan.segments)
    pins = pinned.get(contact.pk, {})
    facts = loading.load([contact], segments=[*inside, *below], standing=standing)[contact.pk]
    nested = rules_of(below, pins)
    known = (
        Known(planned, facts, pins, since[planned.pk], member=True, nested=nested)
        for planned in sorted(inside, key=lambda planned: planned.name)
    )
    return [_explanation(account_of(one, at=now), plan, names) for one in known]


def _explanation(account: Account, plan: Plan, names: Catalogue) -> Explanation:
    assert account.known is not None
    segment = account.known.segment
    return Explanation(
        segment=segment,
        sentence="held by hand" if segment.rule is None else sentence(segment.rule, names),
        because=_because(segment, account.decided, plan),
        since=account.since,
        flips_at=account.flips_at,
        reason=account.decided.reason,
    )


def reason_lines(reason: Reason, known: Catalogue, depth: int = 0) -> Iterator[ReasonLine]:
    """Yield the tree of reasons from the top, groups before their parts."""
    match reason.rule:
        case All():
            words, actual = "All of these", ""
        case Any():
            words, actual = "Any of these", ""
        case Not():
            words, actual = "Not", ""
        case _:
            words, actual = sentence(reason.rule, known), _found(reason.actual)
    yield ReasonLine(depth, words, reason.holds, actual, reason.flips_at)
    for part in reason.parts:
        yield from reason_lines(part, known, depth + 1)


def _found(actual: object) -> str:
    match actual:
        case None:
            return "nothing known"
        case bool():
            return "yes" if actual else "no"
        case datetime():
            return f"{timezone.localtime(actual):%Y-%m-%d %H:%M}"
        case int() | float():
            return number(actual)
        case list() | tuple():
            return ", ".join(map(str, actual))
        case _:
            return str(actual)


def _because(segment: Planned, decided: Decided, plan: Plan) -> str:
    """Say in a sentence what decided: a pin, a higher rung, or the rule."""
    match decided.by:
        case By.PINNED_TO:
            return f"Pinned by hand to '{plan.by_slug[decided.what].name}' on the same ladder."
        case By.PIN:
            return "Held in by hand." if decided.holds else "Held out by hand."
        case By.HIGHER_RUNG:
            met = "Met, but a" if decided.verdict and decided.verdict.holds else "Not met, and a"
            return f"{met} higher rung won: '{plan.by_slug[decided.what].name}'."
        case _ if segment.is_default:
            return "The default: no rung of the ladder took the contact."
        case By.STATIC:
            return "A static segment: held by hand alone."
        case _:
            return "The rule holds." if decided.holds else "The rule does not hold."
