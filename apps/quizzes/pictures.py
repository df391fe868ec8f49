"""Pictures that came from outside, drawn anew: what is kept is pixels and nothing else.

No byte of the file that came goes out again. So places and names of cameras, comments, colour
profiles, further frames and whatever hides behind the picture's end stay behind.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from PIL import Image, ImageOps

from apps.quizzes.models import Picture

TAKEN = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 24_000_000  # what a good camera makes; four bytes of memory each
LONGEST_SIDE = 12_000
OF_AUTHORS, OF_RESPONDENTS = 2_000, 4_000  # pixels of the longer side that is kept
NAME_LENGTH = 200
MOST_OFFERED = 200
BROKEN = (
    OSError,
    SyntaxError,  # Pillow's word for a broken PNG
    ValueError,
    EOFError,
    OverflowError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class BadPicture(ValueError):
    """This is no picture that can be kept; the message says why."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture drawn anew: its bytes, their type, and its size in pixels."""

    data: bytes
    type: str
    width: int
    height: int


def drawn(data: bytes, *, longest: int, opaque: str = "WEBP") -> Drawn:
    """Return a PNG, JPEG or WebP picture drawn anew, at most `longest` pixels wide and high.

    It stands upright. With transparency it becomes WebP, else what `opaque` says ("WEBP" or
    "JPEG"); the same bytes always give the same. Raises BadPicture.
    """
    try:
        with Image.open(BytesIO(data), formats=TAKEN) as image:
            _check(image)
            image.draft("RGB", (longest, longest))  # a JPEG need not be unpacked larger
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((longest, longest), Image.Resampling.LANCZOS)
            pixels = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except BROKEN as error:
        if isinstance(error, BadPicture):
            raise
        raise BadPicture("This is no picture that can be read: send a PNG, JPEG or WebP.") from None
    return _encoded(pixels, "WEBP" if pixels.mode == "RGBA" else opaque)


def _check(image: Image.Image) -> None:
    """Refuse by what the head says, before a pixel is unpacked."""
    width, height = image.size
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        most = MOST_PIXELS // 1_000_000
        raise BadPicture(f"A picture may have at most {most} million pixels; make it smaller.")


def _encoded(pixels: Image.Image, form: str) -> Drawn:
    pixels.info.clear()
    out = BytesIO()
    pixels.save(out, form, quality=86)
    return Drawn(out.getvalue(), Image.MIME[form], pixels.width, pixels.height)


def newest(*, keep: int | None) -> QuerySet[Picture]:
    """Return what a form offers: the newest pictures, and the one that is chosen already."""
    offered = Picture.objects.order_by("-pk").values("pk")[:MOST_OFFERED]
    return Picture.objects.filter(Q(pk__in=offered) | Q(pk=keep)).order_by("-pk")


def read(file: UploadedFile[Any]) -> Drawn:
    """Return a picture that an author sends, drawn anew; raises BadPicture."""
    if (file.size or 0) > settings.UPLOAD_LIMIT:
        most = settings.UPLOAD_LIMIT // 1_000_000
        raise BadPicture(f"A picture may have at most {most} MB.")
    return drawn(file.read(), longest=OF_AUTHORS)


def fill(picture: Picture, new: Drawn, *, name: str | None) -> Picture:
    """Give a picture that is not kept yet what was drawn."""
    picture.name = (name or "picture")[-NAME_LENGTH:]
    picture.type, picture.data = new.type, new.data
    picture.width, picture.height = new.width, new.height
    return picture


def add(file: UploadedFile[Any], *, alt: str) -> Picture:
    """Keep a picture for quizzes to show, with what it shows in words; raises BadPicture."""
    picture = fill(Picture(alt=alt), read(file), name=file.name)
    picture.save()
    return picture
