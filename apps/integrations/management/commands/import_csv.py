"""Import a CSV file, here and to its end."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.integrations.imports import running, showing, uploading
from apps.integrations.imports.columns import HeaderError
from apps.integrations.imports.uploading import UploadError
from apps.integrations.models import Import

A_WHILE = 2.0  # seconds between two lines of progress


class Command(BaseCommand):
    help = (
        "Import contacts or events from a CSV file (docs/importing.md). Ends with status 1 where"
        " a row was refused. Interrupted, the workers carry it on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("holds", choices=Import.Holds.values)
        parser.add_argument("file", type=Path)
        parser.add_argument("--event-name", default="", help="of rows of events that name none")

    def handle(self, *, holds: str, file: Path, event_name: str, **options: Any) -> None:
        upload = self._stored(file, holds=holds, event_name=event_name)
        self._carry_on(upload, "looked through")
        running.order(upload.pk, now=timezone.now())
        self._carry_on(upload, "done")
        self.stdout.write(showing.sentence(upload))
        for row in upload.refused_rows.all()[: showing.SHOWN]:
            where = f"line {row.line}, {row.column}" if row.column else f"line {row.line}"
            self.stderr.write(f"{where}: {row.message}")
        if upload.state != Import.State.DONE:
            raise CommandError(f"Stopped at line {upload.done_lines:,}. {upload.problem}")
        if upload.refused:
            raise CommandError(f"{showing.counted(upload.refused, 'row')} refused.")

    def _stored(self, file: Path, *, holds: str, event_name: str) -> Import:
        try:
            with file.open("rb") as opened:
                return uploading.store(
                    opened, name=file.name, holds=holds, event_name=event_name, now=timezone.now()
                )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        except (UploadError, HeaderError) as error:
            raise CommandError("\n".join(error.args)) from None

    def _carry_on(self, upload: Import, words: str) -> None:
        upload.refresh_from_db()
        while upload.is_under_way:
            running.carry_on(upload.pk, seconds=A_WHILE)
            upload.refresh_from_db()
            lines = intcomma(upload.done_lines)
            self.stdout.write(f"{lines} lines {words}, {upload.percent} %")
