"""django-q2's queue in the database, as Tidemark wants it served.

Beyond the ORM broker: oldest first; a cluster hears its own canary before anything else; a
task that comes back too often is buried; a database that is away is waited for, not died of.
"""

from datetime import datetime, timedelta
from time import monotonic, sleep

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf, logger

from apps.core import attempts, canary
from apps.core.crashpoints import reached

LISTEN_EVERY = 1.0  # seconds between two looks for the own canary
AWAY = 1.0  # seconds to wait for a database that is away

Claimed = tuple[int, str]


class Broker(ORM):
    listened = 0.0

    def dequeue(self) -> list[Claimed] | None:
        try:
            claimed = self._next(now=timezone.now())
        except (OperationalError, InterfaceError) as error:
            logger.warning("the queue waits for its database: %s", type(error).__name__)
            close_old_connections()
            sleep(AWAY)
            return None
        if claimed is None:
            sleep(Conf.POLL)
            return None
        return [claimed]

    def _next(self, *, now: datetime) -> Claimed | None:
        if monotonic() - self.listened >= LISTEN_EVERY:
            self.listened = monotonic()
            self.get_connection()  # drops one that is unusable
            own = canary.enlist(settings.CLUSTER)
            if ring := self._claim(canary.key(own), now=now):
                return ring
        return self._claim(self.list_key, now=now)

    def _claim(self, key: str, *, now: datetime) -> Claimed | None:
        """Take the oldest waiting task, unless somebody was faster or it has died."""
        tasks = self.get_connection()
        task = tasks.filter(key=key, lock__lt=now).order_by("id").first()
        if task is None:
            return None
        claim = tasks.filter(id=task.id, lock=task.lock)
        if not claim.update(lock=now + timedelta(seconds=Conf.RETRY)):
            return None
        if attempts.came_back(task) and attempts.is_spent(task):
            attempts.bury(task, now=now)
            return None
        reached("task.claimed")
        return task.id, task.payload
