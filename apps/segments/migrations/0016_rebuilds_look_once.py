from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segments", "0015_plan_stamp")]

    operations = [
        migrations.CreateModel(
            name="Overtaken",
            fields=[("contact_id", models.BigIntegerField(primary_key=True, serialize=False))],
        ),
        migrations.AddIndex(
            model_name="rebuild",
            index=models.Index(
                models.F("id"), condition=models.Q(("state", "waiting")), name="rebuild_waiting"
            ),
        ),
    ]
