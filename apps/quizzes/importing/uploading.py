"""A file of a form, brought by somebody of the staff."""

import json
from dataclasses import asdict
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from apps.core.forms import PlainLabels
from apps.quizzes.exchanging import Imported, Line, Unreadable
from apps.quizzes.importing import FORMATS
from apps.quizzes.models import ImportReport

MARKS = {
    "tidemark": ("tidemark",),
    "surveyjs": ("pages", "elements", "questions"),
    "typeform": ("fields",),
}
DIGITS = 400


class ImportForm(PlainLabels, forms.Form):
    file = forms.FileField(
        label="JSON file",
        help_text="From Typeform, SurveyJS or Tidemark: which one is read from the file. The"
        " definition of one form, not its responses; at most 500 kB.",
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
        error_messages={
            "required": "Choose a file.",
            "missing": "Choose a file.",
            "empty": "The file is empty.",
        },
    )

    def read(self) -> Imported | None:
        """Return the new draft, its report kept; None, with errors on the form, without one."""
        if not self.is_valid():
            return None
        try:
            source = _parsed(self.cleaned_data["file"])
            found = FORMATS[recognised(source)](source)
        except Unreadable as error:
            where = f" (at {error.at})" if error.at else ""
            self.add_error(None, f"{error}{where}")
            return None
        lines = [asdict(line) for line in found.report]
        ImportReport.objects.create(quiz=found.quiz, lines=lines)
        return found


def recognised(source: dict[str, Any]) -> str:
    """Return which format this is by what only it has. Raises Unreadable."""
    for name, marks in MARKS.items():
        if any(source.get(mark) for mark in marks):
            return name
    raise Unreadable(
        "This is no form of Typeform (it has fields), SurveyJS (pages or elements) or Tidemark"
        " (its mark)."
    )


def grouped(kept: ImportReport) -> list[tuple[str, list[Line]]]:
    """Return the report as (heading, lines): first what asks for a look."""
    by_heading = {
        "Refused": "refused",
        "Approximated": "approximated",
        "Imported as they were": "imported",
    }
    report = [Line(**line) for line in kept.lines]
    return [
        (heading, [line for line in report if line.outcome == outcome])
        for heading, outcome in by_heading.items()
    ]


def _parsed(file: UploadedFile[Any]) -> dict[str, Any]:
    """Return the object a file holds. Raises Unreadable."""
    if (file.size or 0) > settings.API_BODY_LIMIT:
        raise Unreadable(f"A file may have at most {settings.API_BODY_LIMIT // 1000} kB.")
    try:
        found = json.loads(
            file.read().decode("utf-8-sig"), parse_constant=_refuse, parse_int=_whole
        )
    except (RecursionError, ValueError):  # of JSON and of UTF-8 alike
        raise Unreadable("This is not JSON that can be read.") from None
    if not isinstance(found, dict):
        raise Unreadable("Expected one form: an object.")
    return found


def _refuse(name: str) -> None:
    raise ValueError(name)


def _whole(digits: str) -> int:
    if len(digits) > DIGITS:
        raise ValueError(digits[:DIGITS])
    return int(digits)
