"""Beat once a second."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from apps.core import pulse


class Command(BaseCommand):
    help = "Ticks once a second, so that what is due gets done. Several may run: one acts."

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        pulse.run(stopping)
