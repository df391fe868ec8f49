"""Begin the history of pins with those that hold now."""

from django.db import migrations


def begin(apps, schema_editor):
    pins = apps.get_model("segments", "Pin").objects.order_by("at", "pk")
    PinChange = apps.get_model("segments", "PinChange")
    PinChange.objects.bulk_create(
        [
            PinChange(
                segment_id=pin.segment_id,
                contact_id=pin.contact_id,
                held=pin.held,
                by_id=pin.by_id,
                at=pin.at,
            )
            for pin in pins.iterator()
        ],
        batch_size=500,
    )


def forget(apps, schema_editor):
    apps.get_model("segments", "PinChange").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("segments", "0012_pin_history")]

    operations = [migrations.RunPython(begin, forget)]
