"""Make a staff user."""

import getpass
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User


class Command(BaseCommand):
    help = (
        "Make a staff user. The password is read from TIDEMARK_PASSWORD, else from the terminal "
        "or standard input, never from an argument."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--role", choices=User.Role.values, default=User.Role.ADMIN.value)
        parser.add_argument("--name", default="")

    def handle(self, *, email: str, role: str, name: str, **options: Any) -> None:
        if User.objects.filter(email=email.strip().lower()).exists():
            raise CommandError(f"There is a user {email} already: change them in the admin.")
        user = User(email=email.strip().lower(), role=role, name=name)
        password = _read_password()
        user.set_password(password)
        try:
            validate_password(password, user)
            user.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        user.save()
        self.stdout.write(f"Made {user.email}, {user.get_role_display().lower()}.")


def _read_password() -> str:
    given = os.environ.get("TIDEMARK_PASSWORD")
    if given:
        return given
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")
