import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from tests.accounts.conftest import PASSWORD
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def attempt(client, email="ada@staff.example", password=PASSWORD, path="/login/"):
    return client.post(path, {"username": email, "password": password})


def made(role, **fields):
    user = UserFactory(email="ada@staff.example", role=role, **fields)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.mark.parametrize(
    ("role", "front"),
    [(User.Role.ADMIN, "/"), (User.Role.MARKETER, "/"), (User.Role.SALES, "/leads/")],
)
def test_each_role_lands_where_its_work_is(client, role, front):
    made(role)
    assert attempt(client).url == front


def test_the_email_may_be_typed_in_any_case(client):
    made(User.Role.ADMIN)
    assert attempt(client, email=" Ada@Staff.Example ").status_code == 302


def test_a_stranger_is_sent_to_sign_in_and_back(client):
    made(User.Role.SALES)
    answer = client.get("/leads/?tier=hot")
    assert answer.url == "/login/?next=/leads/%3Ftier%3Dhot"
    assert attempt(client, path=answer.url).url == "/leads/?tier=hot"


def test_signing_in_never_leads_to_another_site(client):
    made(User.Role.ADMIN)
    assert attempt(client, path="/login/?next=https://evil.example/").url == "/"


def test_the_admin_has_no_door_of_its_own(client):
    assert client.get("/admin/login/?next=/admin/all/").url == "/login/?next=/admin/all/"


def test_known_and_unknown_emails_get_the_same_answer(client):
    made(User.Role.ADMIN)
    wrong = attempt(client, password="wrong").context["form"].non_field_errors()
    unknown = attempt(client, email="nobody@staff.example").context["form"].non_field_errors()
    switched_off = made_inactive(client)
    assert wrong == unknown == switched_off
    assert "do not go together" in wrong[0]


def made_inactive(client):
    User.objects.update(is_active=False)
    return attempt(client).context["form"].non_field_errors()


def test_the_tenth_wrong_password_locks_even_the_right_one_out(client):
    made(User.Role.ADMIN)
    for _ in range(9):
        assert attempt(client, password="wrong").status_code == 200
    assert attempt(client, password="wrong").status_code == 429
    locked = attempt(client)
    assert locked.status_code == 429
    assert "locked for 60 minutes" in locked.content.decode()


def test_signing_out_takes_a_post(client, sign_in):
    sign_in()
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").url == "/login/"
    assert client.get("/").url == "/login/?next=/"


def test_a_changed_password_signs_other_devices_out(client):
    made(User.Role.SALES)
    other = Client()
    attempt(client)
    attempt(other)
    new = "another long secret"
    answer = client.post(
        reverse("password_change"),
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )
    assert answer.url == "/leads/"
    assert client.get("/leads/").status_code == 200
    assert other.get("/leads/").status_code == 302
