"""`{{ text|richtext }}`: Markdown as safe HTML."""

from django import template

from apps.core import richtext as core

register = template.Library()
register.filter("richtext", core.render)
