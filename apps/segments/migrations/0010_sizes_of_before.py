"""Count who is in each segment, and who entered and left it day by day, once."""

from collections import defaultdict

from django.db import migrations
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils.timezone import localdate


def count(apps, schema_editor):
    Membership = apps.get_model("segments", "Membership")
    Transition = apps.get_model("segments", "Transition")
    Size = apps.get_model("segments", "Size")
    apps.get_model("segments", "SizeNote").objects.all().delete()
    days = defaultdict(lambda: {"entered": 0, "left": 0})
    moved = Transition.objects.annotate(day=TruncDate("at")).order_by()
    for segment, day, kind, number in moved.values_list("segment", "day", "kind").annotate(
        number=Count("pk")
    ):
        days[segment, day][kind] = number
    there = Membership.objects.order_by().values_list("segment").annotate(number=Count("pk"))
    missing = defaultdict(int, {segment: -number for segment, number in there})
    first = {}
    for segment, day in sorted(days):
        first.setdefault(segment, day)
        missing[segment] += days[segment, day]["entered"] - days[segment, day]["left"]
    for segment in missing:  # whose history is not all there: erased, or merged
        days[segment, first.setdefault(segment, localdate())]
    Size.objects.bulk_create(
        [
            Size(
                segment_id=segment,
                day=day,
                entered=moves["entered"],
                departed=moves["left"],
                gone=missing[segment] if day == first[segment] else 0,
            )
            for (segment, day), moves in days.items()
        ],
        batch_size=500,
    )


def forget(apps, schema_editor):
    apps.get_model("segments", "Size").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("segments", "0009_sizes")]

    operations = [migrations.RunPython(count, forget)]
