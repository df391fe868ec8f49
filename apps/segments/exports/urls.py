from django.urls import path

from apps.segments.exports import views

urlpatterns = [
    path("", views.exports, name="exports"),
    path("<int:export_pk>/", views.export, name="export"),
    path("<int:export_pk>/stop/", views.stop, name="export-stop"),
    path("<int:export_pk>/file/", views.download, name="export-file"),
]
