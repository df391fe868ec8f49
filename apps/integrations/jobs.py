"""What workers do for imports. Each may be rung twice, or run beside itself."""

from django.utils import timezone

from apps.integrations.imports import forgetting, running


def carry_on_import(import_id: int) -> None:
    running.work(import_id)


def tidy_imports() -> None:
    forgetting.tidy(now=timezone.now())
