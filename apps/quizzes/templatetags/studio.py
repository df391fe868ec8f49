"""How the studio lays out the fields of its forms."""

from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput

register = template.Library()


@register.filter
def fields(form: Any, names: str) -> list[BoundField]:
    """Return these fields of a form, those that it has."""
    return [form[name] for name in names.split() if name in form.fields]


@register.filter
def fields_but(form: Any, names: str) -> list[BoundField]:
    left_out = set(names.split())
    return [form[name] for name in form.fields if name not in left_out]


@register.filter
def is_tick(field: BoundField) -> bool:
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def kind_of_cell(name: str) -> str:
    """Return what a column of a grid is about: `points` of `points_3`."""
    return "points" if name.startswith("points_") else name.lower()
