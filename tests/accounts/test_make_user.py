import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_a_user_is_made_with_the_password_of_the_environment(monkeypatch, capsys):
    monkeypatch.setenv("TIDEMARK_PASSWORD", "correct horse battery")
    call_command("make_user", "Ada@Staff.example", "--role", "marketer")
    user = User.objects.get()
    assert (user.email, user.role) == ("ada@staff.example", "marketer")
    assert user.check_password("correct horse battery")
    assert capsys.readouterr().out == "Made ada@staff.example, marketer.\n"


def test_a_weak_password_makes_nobody(monkeypatch):
    monkeypatch.setenv("TIDEMARK_PASSWORD", "short")
    with pytest.raises(CommandError, match="at least 10 characters"):
        call_command("make_user", "ada@staff.example")
    assert not User.objects.exists()


def test_a_user_who_is_there_already_is_left_alone(monkeypatch):
    UserFactory(email="ada@staff.example", role="sales")
    monkeypatch.setenv("TIDEMARK_PASSWORD", "correct horse battery")
    with pytest.raises(CommandError, match="already"):
        call_command("make_user", "ada@staff.example", "--role", "admin")
    assert User.objects.get().role == "sales"


def test_a_bad_address_makes_nobody(monkeypatch):
    monkeypatch.setenv("TIDEMARK_PASSWORD", "correct horse battery")
    with pytest.raises(CommandError, match="valid email"):
        call_command("make_user", "ada")
