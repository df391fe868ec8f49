"""What leads learn from the apps below; connected in LeadsConfig.ready."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from apps.contacts.models import Contact
from apps.leads.merging import merge
from apps.leads.qualifying import qualify, requalify
from apps.quizzes.models import Response


def response_was_finished(*, response: Response, now: datetime, **kwargs: Any) -> None:
    qualify(response, now=now)


def responses_were_rescored(*, ids: Collection[int], **kwargs: Any) -> None:
    requalify(ids)


def contacts_were_merged(*, into: Contact, gone: Contact, **kwargs: Any) -> None:
    merge(into, gone)
