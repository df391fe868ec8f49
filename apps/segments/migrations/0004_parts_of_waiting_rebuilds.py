"""Give each rebuild that waits its one part, so that a worker takes it up."""

from django.db import migrations
from django.utils import timezone

LAST = 2**62


def cut(apps, schema_editor):
    Rebuild = apps.get_model("segments", "Rebuild")
    RebuildPart = apps.get_model("segments", "RebuildPart")
    for rebuild in Rebuild.objects.filter(state="waiting", parts=None):
        RebuildPart.objects.create(
            rebuild=rebuild, first=0, last=LAST, done_to=-1, touched_at=timezone.now()
        )


class Migration(migrations.Migration):
    dependencies = [("segments", "0003_rebuild_parts")]

    operations = [migrations.RunPython(cut, migrations.RunPython.noop)]
