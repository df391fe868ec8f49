from django.urls import path

from apps.insights import views

urlpatterns = [
    path("", views.home, name="home"),
]
