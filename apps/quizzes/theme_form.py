"""The part of a quiz's form in which its look is chosen: typed tokens, checked for contrast."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.core.forms import PlainLabels
from apps.quizzes.models import Quiz
from apps.quizzes.theming import (
    COLOURS,
    FONT_NAMES,
    HEX,
    LARGEST_RADIUS,
    SCHEMES,
    USUAL,
    check_theme,
)

LABELS = {
    "background": "background",
    "surface": "cards",
    "text": "text",
    "muted": "quiet text",
    "accent": "accent",
    "accent_text": "text on accent",
}


class ThemeForm(PlainLabels, forms.ModelForm[Quiz]):
    """Without the tick a quiz has Tidemark's own look, whatever the colours say."""

    themed = forms.BooleanField(
        label="Colours and font of its own",
        required=False,
        help_text="Every pair of colours that lie upon another must be readable: 4.5:1 for text,"
        " 3:1 for marks (WCAG 2.2 AA). Respondents see it from the next version on.",
    )
    theme_font = forms.ChoiceField(label="Font", required=False, choices=list(FONT_NAMES.items()))
    theme_radius = forms.IntegerField(
        label="Round corners, in pixels",
        required=False,
        min_value=0,
        max_value=LARGEST_RADIUS,
        widget=forms.NumberInput({"class": "vSmallField", "size": 6}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["themed"] = bool(self.instance.theme)
        self.initial.update(_flat(self.instance.theme or USUAL))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        self.instance.theme = {}
        if self.cleaned_data.get("themed") and not self.errors:
            theme = _nested(self.cleaned_data)
            try:
                check_theme(theme)
            except ValidationError as error:
                self.add_error("themed", error)
            else:
                self.instance.theme = theme
        return cleaned


def name_of(scheme: str, colour: str) -> str:
    return f"theme_{scheme}_{colour}"


def _flat(theme: dict[str, Any]) -> dict[str, Any]:
    """Return a theme as what its form begins with."""
    colours = {name_of(one, name): theme[one][name] for one in SCHEMES for name in COLOURS}
    return {"theme_font": theme["font"], "theme_radius": theme["radius"], **colours}


def _nested(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Return a theme as it is kept; what was not sent is as in Tidemark's own look."""
    usual = _flat(USUAL)
    sent = {name: cleaned.get(name) for name in usual}
    found = {name: usual[name] if one is None or one == "" else one for name, one in sent.items()}
    colours = {one: {name: found[name_of(one, name)] for name in COLOURS} for one in SCHEMES}
    return {"font": found["theme_font"], "radius": found["theme_radius"], **colours}


def _colour(scheme: str, colour: str) -> forms.CharField:
    return forms.RegexField(
        HEX,
        label=f"{scheme.title()}: {LABELS[colour]}",
        required=False,
        max_length=7,
        widget=forms.TextInput({"type": "color"}),
        error_messages={"invalid": "A colour is written like #1a2b3c."},
    )


# what a class body would declare line by line; forms that inherit from this one have them too
ThemeForm.declared_fields |= {
    name_of(one, name): _colour(one, name) for one in SCHEMES for name in COLOURS
}
FIELDSET = (
    "Theme",
    {
        "classes": ("collapse",),
        "fields": (
            "themed",
            ("theme_font", "theme_radius"),
            *(tuple(name_of(one, name) for name in COLOURS) for one in SCHEMES),
        ),
    },
)
