import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0005_what_folding_costs"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="history_from",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                editable=False,
                help_text="From when on every change of the profile is kept (ProfileChange).",
            ),
        ),
        migrations.CreateModel(
            name="ProfileChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "former",
                    models.BigIntegerField(
                        help_text="Whose it was, where that contact was merged into this one.",
                        null=True,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("before", models.JSONField(default=dict)),
                (
                    "contact",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="profile_changes",
                        to="contacts.contact",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("contact"), models.F("at"), name="profile_change_by_contact"
                    )
                ],
            },
        ),
    ]
