from importlib import import_module

from django.apps import AppConfig


class QuizzesConfig(AppConfig):
    name = "apps.quizzes"
    verbose_name = "Quizzes"

    def ready(self) -> None:
        import_module("apps.quizzes.receivers")
