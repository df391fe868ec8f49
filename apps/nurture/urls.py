from django.contrib.auth.decorators import login_not_required
from django.urls import path

from apps.nurture import views

urlpatterns = [
    path("<str:token>/", login_not_required(views.unsubscribe), name="unsubscribe"),
]
