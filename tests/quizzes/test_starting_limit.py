import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from apps.quizzes.models import Response
from tests.quizzes.drafts import published


@pytest.mark.django_db
def test_one_address_cannot_start_quizzes_without_end(client: Client, settings: Settings) -> None:
    cache.clear()
    settings.STARTS_PER_MINUTE = 2
    address = f"/q/{published().slug}/"
    codes = [client.post(address).status_code for _ in range(3)]
    cache.clear()
    assert codes[2] == 429
    assert 429 not in codes[:2]
    assert Response.objects.count() == 2
