from django.apps import AppConfig
from django.db.backends.signals import connection_created

from apps.rules import exact, fold


class RulesConfig(AppConfig):
    name = "apps.rules"
    verbose_name = "The rule language"

    def ready(self) -> None:
        connection_created.connect(fold.register, dispatch_uid="rules.fold")
        connection_created.connect(exact.register, dispatch_uid="rules.exact")
