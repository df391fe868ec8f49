from django.urls import path

from apps.integrations.api import api
from apps.integrations.docs import docs

urlpatterns = [
    path("docs", docs, name="api-docs"),
    path("", api.urls),
]
