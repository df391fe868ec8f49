import pytest
from django.test import Client

from apps.accounts.models import User
from tests.factories import UserFactory

PASSWORD = "a long enough secret"


@pytest.fixture
def sign_in(client: Client):
    """Return a function that signs somebody of a role in."""

    def enter(role: str = User.Role.ADMIN) -> User:
        user = UserFactory(role=role)
        client.force_login(user, backend="apps.accounts.roles.RoleBackend")
        return user

    return enter
