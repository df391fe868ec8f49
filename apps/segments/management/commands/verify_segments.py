"""manage.py verify_segments: prove the stored membership on this installation's own data."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.segments.verifying import ALL, Drift, verify_and_record

SHOWN = 50


class Command(BaseCommand):
    help = "Compare stored membership with a recomputation from scratch by both readings."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--everybody",
            action="store_true",
            help="judge every contact in memory too, not a sample",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify_and_record(judged=ALL if options["everybody"] else None)
        judged = "all" if report.judged == report.contacts else f"{report.judged:,}"
        self.stdout.write(
            f"{report.segments} live segments over {report.contacts:,} contacts verified by"
            f" query, {judged} of them one by one too, in {report.seconds:.1f} s."
        )
        for slug in report.broken:
            self.stdout.write(f"  {slug}: its rule cannot be read; its members are left alone.")
        if not report.drift:
            self.stdout.write(self.style.SUCCESS("No drift."))
            return
        for drift in report.drift[:SHOWN]:
            self.stdout.write(f"  contact {drift.contact_id} {_in_words(drift)}")
        if len(report.drift) > SHOWN:
            self.stdout.write(f"  and {len(report.drift) - SHOWN:,} more")
        raise CommandError(f"Drift: {len(report.drift):,}.")


def _in_words(drift: Drift) -> str:
    if drift.reading == "history":
        return f"is in {drift.slug} since a moment at which its history knows of no entry"
    what = "is stored but does not belong" if drift.stored else "belongs but is missing"
    return f"{what} in {drift.slug} ({drift.reading} reading)"
