"""The public pages of quizzes, under /q/. The converters let no NUL or slash through."""

from django.urls import path

from apps.quizzes import result_views, views

urlpatterns = [
    path("<slug:slug>/", views.front, name="quiz"),
    path("p/<slug:token>/", views.picture, name="quiz-picture"),
    path("r/<slug:token>/", views.resume, name="quiz-resume"),
    path("r/<slug:token>/result/", views.result, name="quiz-result"),
    path("r/<slug:token>/result/share/", result_views.share, name="quiz-share"),
    path("r/<slug:token>/result/pdf/", result_views.paper, name="quiz-paper"),
    path("s/<slug:token>/", result_views.shared, name="quiz-shared"),
    path("s/<slug:token>/card.png", result_views.card, name="quiz-card"),
    path("t/<slug:tokens>.css", result_views.theme, name="quiz-theme"),
    path("r/<slug:token>/<slug:key>/", views.question, name="quiz-question"),
]
