"""Every address of Tidemark: the public ones first (settings.PUBLIC_PATHS), then staff."""

from django.contrib import admin
from django.urls import include, path

handler400 = "apps.core.failures.bad_request"
handler403 = "apps.core.failures.forbidden"
handler404 = "apps.core.failures.not_found"
handler500 = "apps.core.failures.failed"

urlpatterns = [
    path("", include("apps.core.urls")),
    path("q/", include("apps.quizzes.urls")),
    path("u/", include("apps.nurture.urls")),
    path("api/v1/", include("apps.integrations.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.insights.urls")),
    path("imports/", include("apps.integrations.imports.urls")),
    path("leads/", include("apps.leads.urls")),
    path("admin/segments/", include("apps.segments.urls")),
    path("admin/quizzes/studio/", include("apps.quizzes.studio.urls")),
    path("admin/quizzes/", include("apps.quizzes.backtest.urls")),
    path("admin/quizzes/", include("apps.quizzes.gallery.urls")),
    path("admin/", admin.site.urls),
]
