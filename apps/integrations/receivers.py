"""Where imports learn that time passes and that people are erased."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from apps.contacts.signals import contacts_erasing
from apps.core.signals import second_passed
from apps.integrations.imports import forgetting, running


@receiver(second_passed)
def resume_imports(now: datetime, **kwargs: Any) -> None:
    running.resume(now=now)


@receiver(contacts_erasing)
def drop_files_that_name_them(ids: Collection[int], emails: Collection[str], **kwargs: Any) -> None:
    forgetting.drop_files(ids=ids, emails=emails, now=timezone.now())
