from django.urls import path

from apps.segments.revisions import views

urlpatterns = [
    path("", views.revisions, name="revisions"),
    path("<int:number>/", views.revision, name="revision"),
    path("<int:number>/return/", views.return_to, name="return"),
]
