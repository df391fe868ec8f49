"""What the page of a contact shows of segments."""

from django.urls import reverse

from apps.contacts.models import Contact
from apps.contacts.panels import Panel, register
from apps.segments.why.showing import choosable


@register
def standing(contact: Contact) -> Panel:
    memberships = list(contact.memberships.select_related("segment").order_by("segment__name"))
    inside = [membership.segment_id for membership in memberships]
    context = {
        "memberships": memberships,
        "others": list(choosable(live_only=False).exclude(pk__in=inside)),
        "choose": reverse("segments:why-chosen", args=[contact.pk]),
    }
    return Panel("Segments", "segments/_contact_panel.html", context)
