from django.urls import path

from apps.segments import views

app_name = "segments"
urlpatterns = [
    path("", views.segments, name="list"),
    path("new/", views.edit, name="new"),
    path("<int:pk>/", views.segment, name="segment"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/pin/", views.pin, name="pin"),
    path("why/<int:contact_pk>/<slug:slug>/", views.why, name="why"),
]
