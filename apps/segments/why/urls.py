from django.urls import path

from apps.segments.why import views

urlpatterns = [
    path("<int:contact_pk>/", views.choose, name="why-chosen"),
    path("<int:contact_pk>/<slug:slug>/", views.why, name="why"),
]
