from django.urls import path

from apps.segments.dry_run import views

urlpatterns = [
    path("new/dry-run/", views.propose, name="dry_run_new"),
    path("<int:pk>/dry-run/", views.propose, name="dry_run"),
    path("dry-runs/<int:pk>/", views.proposal, name="proposal"),
    path("dry-runs/<int:pk>/save/", views.save, name="proposal_save"),
    path(
        "dry-runs/<int:pk>/<slug:slug>/entering/",
        views.moves,
        {"way": "entering"},
        name="proposal_entering",
    ),
    path(
        "dry-runs/<int:pk>/<slug:slug>/leaving/",
        views.moves,
        {"way": "leaving"},
        name="proposal_leaving",
    ),
]
