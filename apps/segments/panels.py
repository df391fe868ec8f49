"""What the page of a contact shows of segments."""

from apps.contacts.models import Contact
from apps.contacts.panels import Panel, register


@register
def standing(contact: Contact) -> Panel:
    memberships = contact.memberships.select_related("segment").order_by("segment__name")
    return Panel("Segments", "segments/_contact_panel.html", {"memberships": list(memberships)})
