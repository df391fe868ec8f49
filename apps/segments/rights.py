"""Who may open the pages of segments, and who may take contacts out of them."""

from django.contrib.auth.decorators import permission_required

may_view = permission_required("segments.view_segment", raise_exception=True)
may_change = permission_required("segments.change_segment", raise_exception=True)
may_export = permission_required(
    ["segments.view_segment", "contacts.view_contact"], raise_exception=True
)
