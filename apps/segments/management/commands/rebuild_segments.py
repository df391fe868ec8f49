"""manage.py rebuild_segments: apply every live rule to everybody again."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Sum
from django.utils import timezone

from apps.segments.rebuilding import order_all, run
from apps.segments.settling import settle_waiting
from apps.segments.ticking import tick


class Command(BaseCommand):
    help = (
        "Rebuild all live segments in one pass: after a change of TIME_ZONE or WEEK_STARTS, or"
        " when verify_segments found drift. Starts no sequence."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        tick(now=timezone.now())
        while settle_waiting(limit=5000):  # what people did starts sequences; a rebuild does not
            pass
        rebuild = order_all(now=timezone.now())
        run(rebuild.pk)
        moved = rebuild.parts.aggregate(entered=Sum("entered"), departed=Sum("departed"))
        self.stdout.write(
            f"{moved['entered']:,} memberships added, {moved['departed']:,} taken away."
        )
