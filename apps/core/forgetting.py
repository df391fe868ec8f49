"""Taking texts about a person out of what the queue keeps of failures."""

from collections.abc import Collection

from django_q.models import Task

from apps.core.models import DeadTask

ERASED = "(erased: it quoted a person who was erased)"


def forget(texts: Collection[str]) -> None:
    """Delete failed tasks, and blank the errors of dead ones, that quote any of the texts."""
    for task in Task.objects.all():
        if _quotes(f"{task.args} {task.kwargs} {task.result}", texts):
            task.delete()
    for dead in DeadTask.objects.exclude(error=""):
        if _quotes(dead.error, texts):
            DeadTask.objects.filter(pk=dead.pk).update(error=ERASED)


def _quotes(said: str, texts: Collection[str]) -> bool:
    lower = said.lower()
    return any(text.lower() in lower for text in texts)
