"""Bringing a file: what it holds, and under which name events are recorded that name none."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from apps.accounts.models import User
from apps.contacts.events import EVENT_NAME
from apps.core.forms import PlainLabels
from apps.integrations.imports import uploading
from apps.integrations.imports.columns import HeaderError
from apps.integrations.imports.uploading import UploadError
from apps.integrations.models import Import

A_NAME = RegexValidator(
    rf"^{EVENT_NAME.pattern}\Z",
    "An event's name is a letter, then up to 99 letters, digits, spaces or _ . : -",
)


class UploadForm(PlainLabels, forms.Form):
    holds = forms.ChoiceField(label="What the file holds", choices=Import.Holds.choices)
    file = forms.FileField(
        label="CSV file",
        help_text="UTF-8 with a header line; parted by commas, semicolons or tabs.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        error_messages={
            "required": "Choose a file.",
            "missing": "Choose a file.",
            "empty": "The file is empty.",
        },
    )
    event_name = forms.CharField(
        label="Name of the events",
        help_text="Only for events, and only if the file has no column “name”.",
        max_length=100,
        required=False,
        validators=[A_NAME],
    )

    def store(self, *, by: User, now: datetime) -> Import | None:
        """Keep the file; None, with errors on the form, where it cannot be used."""
        if not self.is_valid():
            return None
        said: dict[str, Any] = self.cleaned_data
        file = said["file"]
        events = said["holds"] == Import.Holds.EVENTS
        name = said["event_name"] if events else ""
        try:
            return uploading.store(
                file, name=file.name or "", holds=said["holds"], event_name=name, by=by, now=now
            )
        except (UploadError, HeaderError) as error:
            self.add_error(None, list(error.args))
            return None
