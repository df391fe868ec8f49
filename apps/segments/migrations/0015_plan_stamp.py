"""Keep one stamp of all segments current, however they are written."""

from django.db import migrations, models

STAMPED = "INSERT INTO segments_planstamp (id, value) VALUES (1, {})"
AGAIN = "ON CONFLICT (id) DO UPDATE SET value = excluded.value"
NAME = "segments_new_plan_stamp"
EVENTS = ("insert", "update", "delete")


def statements(vendor):
    if vendor == "postgresql":
        stamp = f"{STAMPED.format('gen_random_uuid()')} {AGAIN}"
        yield (
            f"CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT"
            f" AS $$ BEGIN {stamp}; RETURN NULL; END $$"
        )
        yield (
            f"CREATE TRIGGER {NAME} AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
            f" ON segments_segment FOR EACH STATEMENT EXECUTE FUNCTION {NAME}()"
        )
        yield stamp
        return
    stamp = f"{STAMPED.format('lower(hex(randomblob(16)))')} {AGAIN}"
    for event in EVENTS:
        yield f"CREATE TRIGGER {NAME}_{event} AFTER {event} ON segments_segment BEGIN {stamp}; END"
    yield stamp


def begin(apps, schema_editor):
    for statement in statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def end(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER {NAME} ON segments_segment")
        schema_editor.execute(f"DROP FUNCTION {NAME}()")
        return
    for event in EVENTS:
        schema_editor.execute(f"DROP TRIGGER {NAME}_{event}")


class Migration(migrations.Migration):
    dependencies = [("segments", "0014_who_moved")]

    operations = [
        migrations.CreateModel(
            name="PlanStamp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.UUIDField()),
            ],
        ),
        migrations.AlterField(
            model_name="segment",
            name="stamp",
            field=models.CharField(
                editable=False,
                help_text="New at every save: tells one state from another.",
                max_length=16,
            ),
        ),
        migrations.RunPython(begin, end),
    ]
