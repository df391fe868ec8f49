from importlib import import_module

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    verbose_name = "HTTP, jobs, health"

    def ready(self) -> None:
        import_module("apps.core.checks")
        import_module("apps.core.receivers")
