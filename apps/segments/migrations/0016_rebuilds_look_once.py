import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0006_profile_history"),
        ("segments", "0015_plan_stamp"),
    ]

    operations = [
        migrations.CreateModel(
            name="Overtaken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.contact",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="rebuild",
            index=models.Index(
                models.F("id"), condition=models.Q(("state", "waiting")), name="rebuild_waiting"
            ),
        ),
    ]
