from importlib import import_module

from django.apps import AppConfig


class NurtureConfig(AppConfig):
    name = "apps.nurture"
    verbose_name = "Sequences"

    def ready(self) -> None:
        import_module("apps.nurture.foretelling")
        import_module("apps.nurture.probes")
        import_module("apps.nurture.reading")
        import_module("apps.nurture.receivers")
