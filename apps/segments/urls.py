from django.urls import include, path

from apps.segments import views
from apps.segments.archiving.views import archive
from apps.segments.flows.views import flow

app_name = "segments"
urlpatterns = [
    path("", views.segments, name="list"),
    path("report/", include("apps.segments.sprawl.urls")),
    path("new/", views.edit, name="new"),
    path("ladders/", include("apps.segments.ladders.urls")),
    path("", include("apps.segments.dry_run.urls")),
    path("<int:pk>/", views.segment, name="segment"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/pin/", views.pin, name="pin"),
    path("<int:pk>/archive/", archive, name="archive"),
    path("<int:pk>/flow/", flow, name="flow"),
    path("<int:pk>/revisions/", include("apps.segments.revisions.urls")),
    path("<int:pk>/exports/", include("apps.segments.exports.urls")),
    path("why/", include("apps.segments.why.urls")),
]
