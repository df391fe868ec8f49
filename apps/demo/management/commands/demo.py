"""manage.py demo: fill an empty installation with a believable company."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.demo import company, purchases, staging
from apps.segments.settling import settle_waiting


class Command(BaseCommand):
    help = "Fill an empty installation with the demonstration company."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "data",
            nargs="?",
            type=Path,
            default=purchases.SAMPLE,
            help="purchases in the format of CDNOW_master.txt; a small sample without it",
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="only say how to sign in if data is there"
        )

    def handle(self, *args: Any, data: Path, if_empty: bool, **options: Any) -> None:
        if User.objects.exists() or Contact.objects.exists():
            if not if_empty:
                raise CommandError("There is data here already; the demo only fills an empty one.")
        else:
            self._fill(data)
        self._say_where()

    def _fill(self, data: Path) -> None:
        started = time.monotonic()
        try:
            rows = purchases.read(data)
        except (OSError, UnicodeDecodeError, purchases.PurchaseError) as error:
            raise CommandError(f"{data} cannot be read: {error}") from None
        now = timezone.now()
        purchases.load(rows, now=now, report=self._report)
        marketer = staging.make_staff()
        staging.publish_quizzes(by=marketer, now=now)
        self.stdout.write("Settling contacts and building segments ...")
        while settle_waiting(limit=5000):
            pass
        staging.save_segments(by=marketer, now=now)
        while settle_waiting(limit=5000):
            pass
        staging.write_sequences()
        staging.let_people_answer(now=now, report=self._report)
        while settle_waiting(limit=5000):
            pass
        self.stdout.write(
            self.style.SUCCESS(
                f"{Contact.objects.count():,} contacts and {len(rows):,} purchases"
                f" in {time.monotonic() - started:.0f} s."
            )
        )

    def _report(self, what: str, done: int, of: int) -> None:
        self.stdout.write(f"  {what}: {done:,} of {of:,}")

    def _say_where(self) -> None:
        self.stdout.write("")
        self.stdout.write(f"  Staff         {settings.PUBLIC_URL}/")
        for email, _, role in company.STAFF:
            self.stdout.write(f"    {role:<11} {email}   password: {company.PASSWORD}")
        self.stdout.write(f"  Sales         {settings.PUBLIC_URL}/leads/")
        for quiz in (company.VENUES, company.LISTENERS):
            self.stdout.write(f"  Quiz          {settings.PUBLIC_URL}/q/{quiz}/")
        self.stdout.write(f"  Mail is kept  {settings.MAIL_SINK_DIR}")
        self.stdout.write("")
