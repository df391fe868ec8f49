import pytest

from apps.accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NEW = {"email": "Sal@Staff.Example", "name": "Sal", "role": "sales"}


def test_an_admin_adds_somebody_with_a_password_and_a_role(client, sign_in):
    sign_in()
    secret = {"password1": "quite a long secret", "password2": "quite a long secret"}
    client.post("/admin/accounts/user/add/", {**NEW, **secret})
    user = User.objects.get(email="sal@staff.example")
    assert (user.role, user.is_staff) == ("sales", False)
    assert user.check_password("quite a long secret")


def test_a_weak_password_is_refused(client, sign_in):
    sign_in()
    page = client.post(
        "/admin/accounts/user/add/", {**NEW, "password1": "short", "password2": "short"}
    )
    assert "at least 10 characters" in page.content.decode()
    assert not User.objects.filter(email="sal@staff.example").exists()


def test_an_admin_switches_somebody_off(client, sign_in):
    sign_in()
    leaver = UserFactory(email="leaver@staff.example", role="marketer")
    form = {"email": leaver.email, "name": "", "role": "marketer"}
    client.post(f"/admin/accounts/user/{leaver.pk}/change/", form)
    leaver.refresh_from_db()
    assert not leaver.is_active


def test_nobody_takes_their_own_access_away(client, sign_in):
    user = sign_in()
    form = {"email": user.email, "name": "Me", "role": "sales"}
    client.post(f"/admin/accounts/user/{user.pk}/change/", form)
    user.refresh_from_db()
    assert (user.name, user.role, user.is_active) == ("Me", "admin", True)
