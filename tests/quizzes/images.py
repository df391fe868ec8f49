"""Pictures that tests send."""

from io import BytesIO
from typing import Any

from PIL import Image


def picture(form: str = "PNG", *, size=(8, 6), mode="RGB", colour: Any = "teal", **more) -> bytes:
    out = BytesIO()
    Image.new(mode, size, colour).save(out, form, **more)
    return out.getvalue()


def png(**more) -> bytes:
    return picture("PNG", **more)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))
