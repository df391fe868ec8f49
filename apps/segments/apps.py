from importlib import import_module

from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "apps.segments"
    verbose_name = "Segments"

    def ready(self) -> None:
        import_module("apps.segments.receivers")
        import_module("apps.segments.health")
        import_module("apps.segments.panels")
        import_module("apps.segments.foretold")
