"""A result as a PDF to keep: A4, plain text in the font that comes along."""

from datetime import datetime
from io import BytesIO

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from apps.core import richtext
from apps.quizzes.charts import Chart
from apps.quizzes.lettering import BOLD, REGULAR, written
from apps.quizzes.models import Picture
from apps.quizzes.results import Result
from apps.quizzes.theming import Palette, channels, mixed

MARGIN = 22  # millimetres, as all lengths below
PICTURE_HEIGHT = 70
MOST_TEXT = 20_000  # characters of the body
LONGEST_BLOCK = 6_000
SIZES = {"heading": (15, 7.5), "paragraph": (11, 6.2), "item": (11, 6.2)}  # points, line height


class Paper(FPDF):
    """A page with its number in the foot."""

    foot = ""

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("text", size=8)
        self.set_text_color(110)
        self.cell(0, 5, f"{self.foot}  ·  {self.page_no()}", align="C")


def pdf(result: Result, *, finished: datetime) -> bytes:
    """Return the document of a result; the same result always gives the same bytes."""
    own = result.theme.light
    paper = Paper(format="A4")
    paper.foot = written(result.quiz.title, longest=90)
    paper.set_creation_date(finished)
    paper.set_title(paper.foot)
    paper.set_margin(MARGIN)
    paper.set_auto_page_break(auto=True, margin=MARGIN)
    paper.add_font("text", "", REGULAR)
    paper.add_font("text", "B", BOLD)
    paper.add_page()
    _line(paper, paper.foot, 11, 7, _ink(own.accent), bold=True)
    _line(paper, written(result.page.headline, longest=300), 24, 11, (20, 20, 20), bold=True)
    paper.ln(4)
    _picture(paper, result.page.picture)
    if result.chart:
        _scores(paper, result.chart, own)
    _body(paper, result.page.body)
    if result.page.button_url:
        _button(paper, result)
    return bytes(paper.output())


def _line(
    paper: FPDF,
    text: str,
    size: float,
    height: float,
    colour: tuple[int, int, int],
    *,
    bold: bool = False,
) -> None:
    paper.set_font("text", "B" if bold else "", size)
    paper.set_text_color(*colour)
    paper.multi_cell(0, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _ink(colour: str) -> tuple[int, int, int]:
    return channels(colour)


def _picture(paper: FPDF, token: str) -> None:
    found = Picture.objects.defer(None).filter(token=token).first() if token else None
    if found is not None:
        room = (paper.epw, PICTURE_HEIGHT)
        paper.image(BytesIO(bytes(found.data)), w=room[0], h=room[1], keep_aspect_ratio=True)
        paper.ln(5)


def _scores(paper: FPDF, chart: Chart, own: Palette) -> None:
    """Draw a bar for each scale, under its name and numbers."""
    for one in chart.readings:
        text = f"{one.label}: {one.score:g} of {one.maximum:g} ({one.percent} %)"
        _line(paper, written(text, longest=160), 11, 6, (40, 40, 40))
        if paper.will_page_break(8):
            paper.add_page()
        top = paper.get_y() + 1
        paper.set_fill_color(*_ink(mixed("#ffffff", own.text, 0.12)))
        paper.rect(MARGIN, top, paper.epw, 3, style="F")
        paper.set_fill_color(*_ink(own.accent))
        paper.rect(MARGIN, top, paper.epw * one.share, 3, style="F")
        paper.ln(7)
    paper.ln(3)


def _body(paper: FPDF, markdown: str) -> None:
    for block in richtext.blocks(markdown[:MOST_TEXT]):
        size, height = SIZES[block.kind]
        text = written(block.text, longest=LONGEST_BLOCK)
        mark = "•  " if block.kind == "item" else ""
        _line(paper, mark + text, size, height, (30, 30, 30), bold=block.kind == "heading")
        paper.ln(1 if block.kind == "item" else 3)


def _button(paper: FPDF, result: Result) -> None:
    label = written(result.page.button_label, longest=60) or "Go on"
    paper.ln(4)
    paper.set_font("text", "B", 11)
    paper.set_text_color(*_ink(result.theme.light.accent))
    paper.multi_cell(0, 6, label, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.set_font("text", "", 9)
    paper.multi_cell(0, 5, written(result.page.button_url, longest=500), align="L")
