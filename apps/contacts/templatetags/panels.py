"""Drawing the panels of a contact's page."""

from django import template
from django.template.context import RequestContext
from django.template.loader import get_template
from django.utils.safestring import SafeString

from apps.contacts.models import Contact
from apps.contacts.panels import Panel

register = template.Library()


@register.simple_tag(takes_context=True)
def show_panel(context: RequestContext, panel: Panel, contact: Contact) -> SafeString:
    given = {**panel.context, "contact": contact}
    drawn = get_template(panel.template).render(given, context.get("request"))
    assert isinstance(drawn, SafeString)
    return drawn
