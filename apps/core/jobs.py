"""The one door to the queue.

The queue is a doorbell: rows are the truth, a task only wakes a worker that looks at them.
A task takes whole numbers, by position, and returns None: django-q2 swallows keyword
arguments named like its own options, and personal data must not stand in a payload.
"""

from django_q.tasks import async_task


def ring(job: str, *ids: int) -> None:
    """Wake a worker with the function at the dotted path `job`, when the transaction commits."""
    async_task(job, *ids)
