"""The picture of a shared result that other sites show beside its link (OpenGraph)."""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from apps.quizzes.lettering import BOLD, REGULAR, written
from apps.quizzes.theming import Palette, mixed

WIDTH, HEIGHT = 1200, 630
MARGIN = 80
GAUGE = (840, 210, 1120, 490)  # left, top, right, bottom of the ring
SIZES = (66, 58, 50, 44)  # of the headline: the largest that fits is taken
MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Card:
    """All that the picture depends on."""

    title: str
    headline: str
    percent: int | None
    palette: Palette


@lru_cache(maxsize=64)
def png(card: Card) -> bytes:
    """Return the picture, 1200 by 630 pixels; the same card is drawn once a process."""
    own = card.palette
    image = Image.new("RGB", (WIDTH, HEIGHT), own.background)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, 14), fill=own.accent)
    title = written(card.title, longest=60)
    draw.text((MARGIN, MARGIN), title, font=_font(30, bold=True), fill=own.accent)
    room = (GAUGE[0] if card.percent is not None else WIDTH) - 2 * MARGIN
    lines, font = _headline(draw, written(card.headline, longest=140), room)
    draw.multiline_text((MARGIN, 190), "\n".join(lines), font=font, fill=own.text, spacing=18)
    if card.percent is not None:
        _ring(draw, card.percent, own)
    out = BytesIO()
    image.quantize(128).save(out, "PNG", optimize=True)
    return out.getvalue()


def _ring(draw: ImageDraw.ImageDraw, percent: int, own: Palette) -> None:
    draw.arc(GAUGE, 0, 360, fill=mixed(own.background, own.text, 0.14), width=28)
    if percent:
        draw.arc(GAUGE, -90, -90 + 3.6 * percent, fill=own.accent, width=28)
    middle = ((GAUGE[0] + GAUGE[2]) / 2, (GAUGE[1] + GAUGE[3]) / 2)
    draw.text(middle, f"{percent} %", font=_font(52, bold=True), fill=own.text, anchor="mm")


def _headline(
    draw: ImageDraw.ImageDraw, text: str, room: float
) -> tuple[list[str], ImageFont.FreeTypeFont]:
    for size in SIZES:
        font = _font(size, bold=True)
        lines = _wrapped(draw, text, font, room)
        if len(lines) <= MOST_LINES:
            return lines, font
    return [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1][:-1]}…"], font


def _wrapped(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, room: float
) -> list[str]:
    """Return the lines of a text; a word that is wider than a line is broken."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if draw.textlength(joined, font=font) <= room:
            lines[-1] = joined
            continue
        lines.append("")
        for letter in word:
            if draw.textlength(lines[-1] + letter, font=font) > room:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line]


@lru_cache(maxsize=16)
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    engine = ImageFont.Layout.BASIC  # the same picture on every machine
    return ImageFont.truetype(BOLD if bold else REGULAR, size, layout_engine=engine)
