"""What the page shows of one contact and one segment at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from apps.contacts.models import Contact
from apps.rules.prose import sentence
from apps.segments.explaining.account import Account, account, account_if_live, account_then
from apps.segments.explaining.past import Past, read_pasts
from apps.segments.explaining.revisions import Archive
from apps.segments.models import Segment
from apps.segments.why import changing
from apps.segments.why.answering import Answer, Matter, answer
from apps.segments.why.moments import Asked, Tense, day_and_time, in_address
from apps.segments.why.strip import Strip, strip
from apps.segments.why.tree import Line, lines


@dataclass(frozen=True, slots=True)
class Way:
    """Where the page stands: what leads to it, and where its form for another segment goes."""

    trail: Sequence[tuple[str, str]]  # words, address
    choose: str
    live_only: bool = False


@dataclass(frozen=True, slots=True)
class Least:
    intro: str
    changes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Page:
    contact: Contact
    segment: Segment
    asked: Asked
    way: Way
    answer: Answer
    holds: bool
    would_be: bool  # the segment is not live
    rule: str
    line: Line | None
    by_time: str
    least: Least
    strip: Strip
    this_moment: str  # the address of it, for links beside it
    others: Sequence[Segment] = field(default_factory=tuple)

    @property
    def gone_by(self) -> bool:
        return self.asked.tense is Tense.THEN

    @property
    def moment(self) -> str:
        return day_and_time(self.asked.at)


def page(contact: Contact, segment: Segment, *, asked: Asked, way: Way) -> Page:
    archive = Archive()
    past = read_pasts([contact], reading=archive.reading(segment.slug))[contact.pk]
    would_be = segment.status != Segment.Status.LIVE and asked.tense is not Tense.THEN
    told = _told(past, segment, archive, asked, would_be=would_be)
    matter = told and Matter(
        contact,
        segment,
        told,
        asked.tense,
        archive.known,
        would_be,
        hands=past.hands_at(asked.at),
        stood=past.who_stood_in(segment.slug, asked.at),
    )
    rule = told.known.segment.rule if told and told.known else None
    reason = told.decided.reason if told else None
    intro, changes = changing.least(matter) if matter else ("", [])
    return Page(
        contact=contact,
        segment=segment,
        asked=asked,
        way=way,
        answer=answer(matter) if matter else _unreadable(contact, segment),
        holds=bool(told and told.holds),
        would_be=would_be,
        rule=sentence(rule, archive.known) if rule is not None else "",
        line=lines(reason, archive.known, decides=_rule_decides(told)) if reason else None,
        by_time=changing.by_time(matter) if matter else "",
        least=Least(intro, changes),
        strip=strip(past, segment, archive, before=asked.before),
        this_moment="" if asked.tense is Tense.NOW else in_address(asked.at),
        others=list(choosable(live_only=way.live_only).exclude(pk=segment.pk)),
    )


def _told(
    past: Past, segment: Segment, archive: Archive, asked: Asked, *, would_be: bool
) -> Account | None:
    """Return the account; None of a segment whose rule cannot be read."""
    if asked.tense is Tense.THEN:
        return account_then(past, segment, archive, at=asked.at)
    if would_be:
        return account_if_live(past.contact, segment, at=asked.at)
    return account(past.contact, segment, now=asked.now, at=asked.at)


def _rule_decides(told: Account | None) -> bool:
    return told is not None and told.decides_by_rule


def _unreadable(contact: Contact, segment: Segment) -> Answer:
    return Answer(
        f"{segment.name} takes nobody",
        "Its rule cannot be read: it speaks of what is not there any more.",
    )


def choosable(*, live_only: bool) -> QuerySet[Segment]:
    """Return the segments one may ask about: archived ones only by their own address."""
    if live_only:
        return Segment.objects.live()
    return Segment.objects.exclude(status=Segment.Status.ARCHIVED)
