from importlib import import_module

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "apps.integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        import_module("apps.integrations.api")
        import_module("apps.integrations.receivers")
