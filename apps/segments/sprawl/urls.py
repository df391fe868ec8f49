"""Included from those of segments, in their namespace."""

from django.urls import path

from apps.segments.sprawl import views

urlpatterns = [
    path("", views.report, name="report"),
    path("order/", views.order, name="order-report"),
]
