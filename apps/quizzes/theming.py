"""How a quiz looks: a few typed tokens, never CSS text, and the check that one can read it.

    {"font": "system", "radius": 10, "light": {"background": "#ffffff", ...}, "dark": {...}}

Contrast is measured as in WCAG 2.2 (1.4.3 and 1.4.11): 4.5 for text, 3 for what one operates.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from django.core.exceptions import ValidationError

HEX = re.compile(r"#[0-9a-f]{6}")
FONTS = {
    "system": 'system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif',
    "humanist": 'Seravek, "Gill Sans Nova", Ubuntu, Calibri, "DejaVu Sans", sans-serif',
    "serif": 'Charter, "Bitstream Charter", Georgia, Cambria, "Times New Roman", serif',
    "rounded": 'ui-rounded, "Hiragino Maru Gothic ProN", Quicksand, Nunito, system-ui, sans-serif',
    "mono": 'ui-monospace, "SF Mono", Menlo, Consolas, monospace',
}
FONT_NAMES = {
    "system": "The system's own",
    "humanist": "Humanist sans",
    "serif": "Serif",
    "rounded": "Rounded",
    "mono": "Typewriter",
}
LARGEST_RADIUS = 24  # pixels
SCHEMES = ("light", "dark")
COLOURS = ("background", "surface", "text", "muted", "accent", "accent_text")
TEXT, CONTROL = 4.5, 3.0
DANGER = {"light": "#b32a29", "dark": "#ff8d84"}  # as in tokens.css; messages of errors


@dataclass(frozen=True, slots=True)
class Palette:
    """Six colours as #rrggbb, and those that follow from them."""

    background: str
    surface: str
    text: str
    muted: str
    accent: str
    accent_text: str

    @property
    def wash(self) -> str:
        """Return what lies behind a chosen card."""
        return mixed(self.surface, self.accent, 0.12)

    @property
    def hovered(self) -> str:
        """Return the button's colour under the pointer: further away from its text."""
        lighter = luminance(self.accent_text) > luminance(self.accent)
        return mixed(self.accent, "#000000" if lighter else "#ffffff", 0.15)


@dataclass(frozen=True, slots=True)
class Theme:
    font: str
    radius: int  # pixels
    light: Palette
    dark: Palette

    @classmethod
    def of(cls, tokens: Mapping[str, Any]) -> Self:
        """Return the theme of typed tokens; raises ValidationError for what is none."""
        if not isinstance(tokens, Mapping) or set(tokens) != {"font", "radius", *SCHEMES}:
            raise ValidationError("A theme has a font, a radius, light and dark colours.")
        if tokens["font"] not in list(FONTS):
            raise ValidationError(f"The font is one of {', '.join(FONTS)}.")
        radius = tokens["radius"]
        if type(radius) is not int or not 0 <= radius <= LARGEST_RADIUS:
            raise ValidationError(f"The radius is a whole number from 0 to {LARGEST_RADIUS}.")
        return cls(tokens["font"], radius, _palette(tokens["light"]), _palette(tokens["dark"]))

    @property
    def address(self) -> str:
        """Return its content as a part of an address: another theme has another one."""
        colours = [getattr(getattr(self, one), name) for one in SCHEMES for name in COLOURS]
        return "-".join([self.font, str(self.radius), *(one[1:] for one in colours)])


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours that lie upon another, what they must have between them and what they have."""

    scheme: str
    upper: str  # in words
    lower: str
    least: float
    ratio: float

    @property
    def fails(self) -> bool:
        return self.ratio < self.least

    def __str__(self) -> str:
        shown = int(self.ratio * 100) / 100  # never rounded up to what it does not reach
        return f"{self.scheme}: {self.upper} on {self.lower} is {shown:g}:1, needs {self.least:g}:1"


def _palette(colours: Any) -> Palette:
    if not isinstance(colours, Mapping) or set(colours) != set(COLOURS):
        raise ValidationError(f"The colours are {', '.join(COLOURS)}.")
    for name, colour in colours.items():
        if not isinstance(colour, str) or not HEX.fullmatch(colour):
            raise ValidationError(f"The colour {name} is written like #1a2b3c.")
    return Palette(**colours)


def check_theme(tokens: Any) -> None:
    """Raise ValidationError unless this is a theme that one can read; an empty one is none."""
    if tokens in ({}, None):
        return
    failing = [str(pair) for pair in pairs(Theme.of(tokens)) if pair.fails]
    if failing:
        raise ValidationError([f"Too little contrast in {pair}." for pair in failing])


def pairs(theme: Theme) -> Iterator[Pair]:
    """Yield every pair of colours that lie upon another on some page."""
    for scheme in SCHEMES:
        own: Palette = getattr(theme, scheme)
        wanted = [
            ("text", own.text, "background", own.background, TEXT),
            ("text", own.text, "surface", own.surface, TEXT),
            ("text", own.text, "a chosen card", own.wash, TEXT),
            ("muted", own.muted, "background", own.background, TEXT),
            ("muted", own.muted, "surface", own.surface, TEXT),
            ("accent (links)", own.accent, "background", own.background, TEXT),
            ("accent (marks)", own.accent, "surface", own.surface, CONTROL),
            ("accent (marks)", own.accent, "a chosen card", own.wash, CONTROL),
            ("accent text", own.accent_text, "accent", own.accent, TEXT),
            ("accent text", own.accent_text, "accent under the pointer", own.hovered, TEXT),
            ("an error message", DANGER[scheme], "background", own.background, TEXT),
        ]
        for upper, above, lower, below, least in wanted:
            yield Pair(scheme, upper, lower, least, contrast(above, below))


@dataclass(frozen=True, slots=True)
class Preview:
    """One scheme of a theme in small, with the pair that is nearest to its least."""

    scheme: str
    own: Palette
    radius: int
    least: float
    which: str


def previews(theme: Theme) -> list[Preview]:
    found = []
    for scheme in SCHEMES:
        own = (pair for pair in pairs(theme) if pair.scheme == scheme)
        nearest = min(own, key=lambda pair: pair.ratio / pair.least)
        which = f"{nearest.upper} on {nearest.lower}"
        shown = int(nearest.ratio * 10) / 10
        palette: Palette = getattr(theme, scheme)
        found.append(Preview(scheme, palette, min(theme.radius, 12), shown, which))
    return found


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 to 1 (WCAG 2.2)."""
    red, green, blue = (_linear(channel / 255) for channel in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mixed(one: str, other: str, share: float) -> str:
    """Return a colour with this share of the other."""
    both = zip(channels(one), channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in both)


@lru_cache(maxsize=256)
def at(address: str) -> Theme:
    """Return the theme of an address; raises ValidationError where none has it."""
    font, _, rest = address.partition("-")
    radius, _, colours = rest.partition("-")
    found = [f"#{one}" for one in colours.split("-")]
    if len(found) != 2 * len(COLOURS) or not (radius.isascii() and radius.isdigit()):
        raise ValidationError("There is no such theme.")
    light, dark = found[: len(COLOURS)], found[len(COLOURS) :]
    theme = Theme.of(
        {
            "font": font,
            "radius": int(radius[:3]),
            "light": dict(zip(COLOURS, light, strict=True)),
            "dark": dict(zip(COLOURS, dark, strict=True)),
        }
    )
    if theme.address != address:
        raise ValidationError("There is no such theme.")
    return theme


def css(theme: Theme) -> str:
    """Return the stylesheet: the names of tokens.css with the theme's values."""
    shape = {
        "font": FONTS[theme.font],
        "radius-card": f"{theme.radius}px",
        "radius-control": f"{max(theme.radius - 2, 0)}px",
    }
    dark = _rule(_colours(theme.dark))
    return (
        f"{_rule(shape | _colours(theme.light))}\n"
        f"@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
    )


def _rule(values: Mapping[str, str]) -> str:
    lines = "".join(f"  --{name}: {value};\n" for name, value in values.items())
    return f":root {{\n{lines}}}"


def _colours(own: Palette) -> dict[str, str]:
    return {
        "page": own.background,
        "surface": own.surface,
        "sunken": mixed(own.background, own.text, 0.06),
        "line": mixed(own.background, own.text, 0.14),
        "line-strong": own.muted,
        "ink": own.text,
        "ink-soft": own.muted,
        "ink-faint": own.muted,
        "accent": own.accent,
        "accent-strong": own.hovered,
        "accent-wash": own.wash,
        "on-accent": own.accent_text,
        "focus": own.accent,
    }


# What the form begins with: Tidemark's own look in these tokens.
USUAL = {
    "font": "system",
    "radius": 10,
    "light": {
        "background": "#f8fbfb",
        "surface": "#ffffff",
        "text": "#16211f",
        "muted": "#4d5b5b",
        "accent": "#00696b",
        "accent_text": "#ffffff",
    },
    "dark": {
        "background": "#0e1415",
        "surface": "#171f20",
        "text": "#e9efef",
        "muted": "#a9b8b8",
        "accent": "#55c2c0",
        "accent_text": "#071313",
    },
}
