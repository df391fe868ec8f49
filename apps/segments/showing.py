"""What the page of one segment shows beside its members."""

from dataclasses import dataclass
from datetime import datetime

from apps.core import sparkline
from apps.segments import rebuilds, sizes
from apps.segments.listing import TONES, in_words
from apps.segments.models import Pin, Segment
from apps.segments.plan import catalogue
from apps.segments.rebuilds import Applied
from apps.segments.revisions.showing import Told, told
from apps.segments.sizes import Course

PINS = 50
REVISIONS = 3
WIDE, HIGH = 280, 64  # of the line of its size


@dataclass(frozen=True, slots=True)
class Portrait:
    """One segment: what it says, how large it is, how that came about."""

    sentence: str
    tone: str
    course: Course
    line: sparkline.Line
    revisions: list[Told]
    pins: list[Pin]
    rebuild: Applied | None

    @property
    def finding(self) -> str:
        """Say what the line shows."""
        first, now = self.course.days[0].members, self.course.members
        if first == now:
            return "As many as 30 days ago"
        return f"{abs(now - first):,} {'more' if now > first else 'fewer'} than 30 days ago"


def portrait(segment: Segment, *, now: datetime) -> Portrait:
    known = catalogue()
    course = sizes.courses([segment.pk], now=now)[segment.pk]
    return Portrait(
        sentence=in_words(segment.rule, known),
        tone=TONES[segment.status],
        course=course,
        line=sparkline.line([day.members for day in course.days], wide=WIDE, high=HIGH),
        revisions=told(segment, known, limit=REVISIONS),
        pins=list(segment.pins.select_related("contact", "by").order_by("-at")[:PINS]),
        rebuild=rebuilds.latest([segment]).get(segment.pk),
    )
