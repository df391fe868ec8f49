from argparse import ArgumentParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Run a mail server that keeps every mail as a file and sends nothing on."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=2525)
        parser.add_argument("--dir", type=Path, default=settings.MAIL_SINK_DIR)

    def handle(self, *args: Any, **options: Any) -> None:
        if find_spec("aiosmtpd") is None:
            raise CommandError("The mail sink needs aiosmtpd: pip install 'tidemark[demo]'")
        # Only here: production has no use for aiosmtpd and need not install it.
        from apps.core import mailsink  # noqa: PLC0415

        host, port, folder = options["host"], options["port"], options["dir"]
        self.stdout.write(f"Mail for {host}:{port} is kept in {folder}")
        try:
            mailsink.run(host=host, port=port, folder=folder)
        except OSError as error:
            raise CommandError(f"No mail server on {host}:{port}: {error.strerror}") from None
