"""Files that respondents send: checked by their bytes, kept with the response, shown to staff.

A picture is drawn anew (pictures.py). A PDF is not interpreted: it goes out byte by byte as it
came, as an attachment, so whatever hides in it opens nowhere on this site.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from apps.quizzes import pictures
from apps.quizzes.answers import AnswerError
from apps.quizzes.models import Response, Upload

File = UploadedFile[Any]
LONGEST_NAME = 120
ACCEPTED = "image/png, image/jpeg, image/webp, application/pdf"
PDF = "application/pdf"
SUFFIXES = {"image/jpeg": ".jpg", "image/webp": ".webp", PDF: ".pdf"}
UNPRINTED = re.compile(r"[^\w .()+-]+")


def kind_of(data: bytes) -> str | None:
    """Return the type a file has by its first bytes, or None for what is not taken."""
    beginnings = {
        b"\x89PNG\r\n\x1a\n": "image/png",
        b"\xff\xd8\xff": "image/jpeg",
        b"%PDF-": PDF,
    }
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in beginnings.items() if data.startswith(start)), None)


@dataclass(frozen=True, slots=True)
class Checked:
    """What is kept of a file."""

    name: str
    type: str
    data: bytes


def check(file: File) -> Checked:
    """Return what is kept of a file; raises AnswerError. It takes a while: hold no lock."""
    if (file.size or 0) > settings.UPLOAD_LIMIT:
        most = settings.UPLOAD_LIMIT // 1_000_000
        raise AnswerError({"answer": f"A file may have at most {most} MB."})
    data = file.read()
    kind = kind_of(data)
    if kind is None:
        raise AnswerError({"answer": "Send a picture (PNG, JPEG, WebP) or a PDF."})
    if kind == PDF:
        return Checked(safe_name(file.name, kind), kind, data)
    try:
        new = pictures.drawn(data, longest=pictures.OF_RESPONDENTS, opaque="JPEG")
    except pictures.BadPicture as error:
        raise AnswerError({"answer": str(error)}) from None
    return Checked(safe_name(file.name, new.type), new.type, new.data)


def safe_name(name: str | None, kind: str) -> str:
    """Return a file's name without what a header or a file system could read in it.

    It ends as its type does, whatever it claimed to be.
    """
    plain = UNPRINTED.sub("_", name or "").strip(" .")
    stem = plain.rpartition(".")[0] or plain or "file"
    return stem[-LONGEST_NAME:] + SUFFIXES[kind]


def keep(response: Response, question_key: str, file: Checked, *, now: datetime) -> dict[str, Any]:
    """Keep a file in place of the one before; return the answer's value.

    The same file sent again changes nothing.
    """
    former = Upload.objects.filter(response=response, question_key=question_key).first()
    if former and bytes(former.data) == file.data:
        return told(former)
    if former:
        former.delete()
    kept = Upload.objects.create(
        response=response,
        question_key=question_key,
        name=file.name,
        type=file.type,
        size=len(file.data),
        data=file.data,
        sent_at=now,
    )
    return told(kept)


def told(upload: Upload) -> dict[str, Any]:
    return {"file": upload.token, "name": upload.name, "size": upload.size}
