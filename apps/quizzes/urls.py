"""The public pages of quizzes, under /q/. The converters let no NUL or slash through."""

from django.urls import path

from apps.quizzes import views

urlpatterns = [
    path("<slug:slug>/", views.front, name="quiz"),
    path("r/<slug:token>/", views.resume, name="quiz-resume"),
    path("r/<slug:token>/result/", views.result, name="quiz-result"),
    path("r/<slug:token>/<slug:key>/", views.question, name="quiz-question"),
]
