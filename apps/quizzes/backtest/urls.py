from django.urls import path

from apps.quizzes.backtest import views

app_name = "backtest"
urlpatterns = [
    path("quiz/<int:pk>/backtest/", views.order, name="order"),
    path("backtests/<int:pk>/", views.backtest, name="backtest"),
    path("backtests/<int:pk>/publish/", views.publish, name="publish"),
    path("backtests/<int:pk>/tiers/<slug:former>/<slug:tier>/", views.tier_moves, name="tiers"),
    path(
        "backtests/<int:pk>/segments/<slug:slug>/entering/",
        views.segment_moves,
        {"way": "entering"},
        name="entering",
    ),
    path(
        "backtests/<int:pk>/segments/<slug:slug>/leaving/",
        views.segment_moves,
        {"way": "leaving"},
        name="leaving",
    ),
    path("rescorings/<int:pk>/", views.rescoring, name="rescoring"),
    path("rescorings/<int:pk>/undo/", views.undo, name="undo"),
]
