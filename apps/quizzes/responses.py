"""Reading responses in the admin, and the files that came with them."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from apps.accounts.templatetags.staff import ago, dot
from apps.quizzes.forms import ReceiptForm
from apps.quizzes.models import Response, Upload
from apps.quizzes.panels import receipt_panel

NOTHING = "\u2013"  # a dash


@admin.register(Response)
class ResponseAdmin(admin.ModelAdmin[Response]):
    """Responses are read, never written here."""

    change_form_template = "admin/quizzes/response/change_form.html"
    list_display = ("begun", "quiz", "who", "state", "tier_label", "shown_score")
    list_filter = ("version__quiz", "tier_label", "finished_at")
    list_select_related = ("version__quiz", "contact", "scored_by")
    date_hierarchy = "started_at"
    form = ReceiptForm
    fields = (
        ("begun", "quiz", "who"),
        ("state", "tier_label", "shown_score"),
        ("came_with", "files"),
    )
    readonly_fields = (
        *("begun", "quiz", "who", "state", "tier_label", "shown_score", "came_with", "files"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Response]:
        return super().get_queryset(request).defer("version__definition", "scored_by__definition")

    @admin.display(description="started", ordering="started_at")
    def begun(self, response: Response) -> SafeString | str:
        return ago(response.started_at)

    @admin.display(description="quiz", ordering="version__quiz__title")
    def quiz(self, response: Response) -> str:
        by = response.scored_by
        return f"{response.version}" + (f", scored by version {by.number}" if by else "")

    @admin.display(description="contact")
    def who(self, response: Response) -> SafeString | str:
        if response.contact is None:
            return NOTHING
        url = reverse("admin:contacts_contact_change", args=[response.contact.pk])
        return format_html('<a href="{}">{}</a>', url, response.contact)

    @admin.display(description="status", ordering="finished_at")
    def state(self, response: Response) -> SafeString:
        return dot("Finished", "success") if response.is_finished else dot("Under way")

    @admin.display(description="came with")
    def came_with(self, response: Response) -> str:
        pairs = (f"{name}: {value}" for name, value in response.hidden.items())
        return ", ".join(pairs) or NOTHING

    @admin.display(description="files sent")
    def files(self, response: Response) -> SafeString | str:
        pairs = (
            (reverse("admin:quizzes_response_file", args=[token]), name)
            for token, name in response.uploads.values_list("token", "name")
        )
        return format_html_join(", ", '<a href="{}">{}</a>', pairs) or NOTHING

    @admin.display(description="score", ordering="score")
    def shown_score(self, response: Response) -> str:
        if response.score is None:
            return NOTHING
        return f"{response.score:g} ({response.percent:g} %)"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        response = self.get_object(request, object_id)
        panel = receipt_panel(response) if response else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **panel})

    def get_urls(self) -> list[URLPattern]:
        download = self.admin_site.admin_view(require_safe(self.file_view))
        own = [path("file/<slug:token>/", download, name="quizzes_response_file")]
        return [*own, *super().get_urls()]

    def file_view(self, request: HttpRequest, token: str) -> HttpResponse:
        """Hand over what a respondent sent: to be saved, never opened on this site."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = get_object_or_404(Upload, token=token)
        return HttpResponse(
            bytes(found.data),
            content_type=found.type,
            headers={
                "Content-Disposition": content_disposition_header(True, found.name) or "attachment",  # noqa: FBT003
                "Content-Security-Policy": "sandbox",
                "X-Content-Type-Options": "nosniff",
            },
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Response | None = None) -> bool:
        return False
