from django.urls import path

from apps.integrations.imports import views

app_name = "imports"
urlpatterns = [
    path("", views.imports, name="list"),
    path("<int:pk>/", views.one_import, name="import"),
    path("<int:pk>/confirm/", views.confirm, name="confirm"),
    path("<int:pk>/stop/", views.stop, name="stop"),
    path("<int:pk>/refused.csv", views.refused, name="refused"),
]
