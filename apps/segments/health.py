"""What the health page asks of segments."""

from datetime import timedelta

from django.utils import timezone

from apps.core.health import Probe, register
from apps.segments.models import Change, Verification, Watermark

PATIENCE = timedelta(seconds=30)


def oldest_mark() -> Probe:
    """Freshness: no contact waits longer than 30 s to be settled."""
    oldest = Change.objects.order_by("pk").values_list("created_at", flat=True).first()
    age = timezone.now() - oldest if oldest else timedelta(0)
    detail = f"oldest unsettled mark: {max(age.total_seconds(), 0):.1f} s"
    return Probe("settling", age <= PATIENCE, detail)


def time_passes() -> Probe:
    """Windows: the tick is neither behind nor, after a clock was set back, far ahead."""
    watermark = Watermark.objects.first()
    swept = watermark and (watermark.swept_to or watermark.ticked_to)
    behind = timezone.now() - swept if swept else timedelta(0)
    return Probe(
        "windows", abs(behind) <= PATIENCE, f"ticked {behind.total_seconds():.1f} s behind"
    )


def drift() -> Probe:
    """Exactness: the last verification found none."""
    last = Verification.objects.order_by("-at").first()
    if last is None:
        return Probe("drift", ok=True, detail="not verified yet")
    return Probe("drift", last.drift == 0, f"{last.drift} at {last.at:%Y-%m-%d %H:%M} UTC")


register(oldest_mark)
register(time_passes)
register(drift)
