"""Django's admin as Tidemark's own: one sign-in, and a front page that is not a list of models."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator


class StaffSite(admin.AdminSite):
    site_header = "Tidemark"
    site_title = "Tidemark"
    index_title = "All records"
    enable_nav_sidebar = False
    _empty_value_display = "–"  # noqa: RUF001

    def get_urls(self) -> list[URLResolver | URLPattern]:
        records = path("all/", self.admin_view(self.records), name="records")
        return [records, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("home")

    def records(self, request: HttpRequest) -> HttpResponse:
        """List every kind of record: Django's own index."""
        return super().index(request)

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to the one sign-in page; whoever is signed in already may not come in here."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        wanted = request.GET.get("next") or reverse("home")
        return redirect_to_login(wanted, reverse("login"))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return redirect("password_change")
