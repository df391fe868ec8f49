import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0005_what_folding_costs"),
        ("segments", "0007_exports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Foreseen",
            fields=[
                ("contact_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("segment_id", models.BigIntegerField()),
                ("due", models.BooleanField()),
            ],
            options={
                "db_table": "segments_foreseen",
                "managed": False,
            },
        ),
        migrations.AddField(
            model_name="rebuild",
            name="beside",
            field=models.JSONField(
                default=dict,
                help_text="Slugs of the rungs to be decided with it, each at its revision.",
            ),
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("posted", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("working", "Being worked out"),
                            ("done", "Worked out"),
                            ("failed", "Failed"),
                        ],
                        default="working",
                        max_length=10,
                    ),
                ),
                (
                    "step",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How many steps are done."
                    ),
                ),
                (
                    "attempt",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Whoever took it up last."
                    ),
                ),
                ("done_at", models.DateTimeField(null=True)),
                ("basis", models.JSONField(default=dict)),
                ("outcome", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposals",
                        to="segments.segment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProposedMove",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("enters", models.BooleanField()),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.contact",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="moves",
                        to="segments.proposal",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="segments.segment",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("proposal"),
                        models.F("segment"),
                        models.F("enters"),
                        models.F("contact"),
                        name="proposed_move_listed",
                    )
                ],
            },
        ),
    ]
