"""The list of leads: what is asked for, which leads that is, and how many per tier."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Avg, Count, Max
from django.utils.dateparse import parse_datetime

from apps.accounts.models import User
from apps.leads.models import Lead, LeadQuerySet

PAGE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the list says; anything unknown in it asks for nothing."""

    tier: str = ""
    quiz: str = ""
    stage: str = ""
    mine: bool = False
    words: str = ""
    after: str = ""  # the last lead of the page before

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        stage = query.get("stage", "")
        return cls(
            tier=_text(query, "tier", 60),
            quiz=_text(query, "quiz", 80),
            stage=stage if stage in Lead.Stage.values else "",
            mine=query.get("owner") == "mine",
            words=_text(query, "q", 200),
            after=_text(query, "after", 60),
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.tier or self.quiz or self.stage or self.mine or self.words)

    def address(self) -> str:
        """Return the query part of the list's address, with what is asked for alone."""
        asked = {
            "tier": self.tier,
            "quiz": self.quiz,
            "stage": self.stage,
            "owner": "mine" if self.mine else "",
            "q": self.words,
            "after": self.after,
        }
        return "?" + urlencode({name: value for name, value in asked.items() if value})


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    count: int
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Page:
    leads: list[Lead]
    older: str  # the address of the next page, or nothing


def page(asked: Asked, *, user: User) -> Page:
    """Return one page, newest first; the next one begins after its last lead, so that leads
    that arrive meanwhile shift nothing."""
    found = _narrowed(asked, user=user)
    if asked.tier:
        found = found.filter(tier_key=asked.tier)
    leads = list(_after(found, asked.after).newest_first().with_people()[: PAGE + 1])
    if len(leads) <= PAGE:
        return Page(leads, "")
    last = leads[PAGE - 1]
    after = f"{last.scored_at.isoformat()}~{last.pk}"
    return Page(leads[:PAGE], replace(asked, after=after).address())


def tabs(asked: Asked, *, user: User) -> list[Tab]:
    """Return a tab for everybody and one per tier, the highest scores first."""
    tiers = (
        _narrowed(asked, user=user)
        .values("tier_key")
        .annotate(label=Max("tier_label"), count=Count("pk"), mean=Avg("score"))
        .order_by("-mean", "label")
    )
    found = [
        Tab(
            label=str(row["label"]),
            count=int(row["count"]),
            address=replace(asked, tier=row["tier_key"], after="").address(),
            current=asked.tier == row["tier_key"],
        )
        for row in tiers
    ]
    everybody = Tab(
        label="All",
        count=sum(tab.count for tab in found),
        address=replace(asked, tier="", after="").address(),
        current=not asked.tier,
    )
    return [everybody, *found]


def quizzes() -> list[tuple[str, str]]:
    """Return the quizzes leads came from, as (slug, title)."""
    rows = Lead.objects.values("quiz_slug").annotate(title=Max("quiz_title")).order_by("title")
    return [(str(row["quiz_slug"]), str(row["title"])) for row in rows]


def _narrowed(asked: Asked, *, user: User) -> LeadQuerySet:
    """Return the leads asked for, of every tier."""
    found = Lead.objects.all()
    if asked.quiz:
        found = found.filter(quiz_slug=asked.quiz)
    if asked.stage:
        found = found.filter(stage=asked.stage)
    if asked.mine:
        found = found.filter(owner=user)
    return found.search(asked.words) if asked.words else found


def _after(found: LeadQuerySet, cursor: str) -> LeadQuerySet:
    moment, pk = _parsed(cursor)
    if moment is None:
        return found
    return found.filter(scored_at__lte=moment).exclude(scored_at=moment, pk__gte=pk)


def _parsed(cursor: str) -> tuple[datetime | None, int]:
    moment, _tilde, pk = cursor.partition("~")
    try:
        found = parse_datetime(moment)
    except ValueError:
        return None, 0
    if found is None or found.tzinfo is None or not pk.isdecimal() or len(pk) > 18:
        return None, 0
    return found, int(pk)


def _text(query: Mapping[str, str], name: str, length: int) -> str:
    return query.get(name, "").replace("\x00", "").strip()[:length]
