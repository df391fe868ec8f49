from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from apps.rules.fold import install


def again(_: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the function anew: it says now what it costs."""
    install(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0004_contacts_in_indexes_of_time"),
    ]

    operations = [
        migrations.RunPython(again, migrations.RunPython.noop),
    ]
