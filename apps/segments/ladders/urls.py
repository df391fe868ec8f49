from django.urls import path

from apps.segments.ladders import views

urlpatterns = [
    path("", views.ladders, name="ladders"),
    path("<slug:slug>/", views.ladder, name="ladder"),
    path("<slug:slug>/arrange/", views.arrange, name="ladder-arrange"),
    path("<slug:slug>/name/", views.rename, name="ladder-name"),
    path("<slug:slug>/default/", views.default, name="ladder-default"),
    path("<slug:slug>/delete/", views.delete, name="ladder-delete"),
]
