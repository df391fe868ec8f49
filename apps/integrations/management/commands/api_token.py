"""Make a token for the API."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.integrations import tokens


class Command(BaseCommand):
    help = (
        "Make a token for the API and print it, once: only its hash is kept. The admin lists"
        " the tokens and revokes them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "email",
            help="the admin or marketer who answers for it; where there is no such user,"
            " one is made who cannot sign in",
        )
        parser.add_argument("--scopes", default="read", help="read, write or read,write")

    def handle(self, *, email: str, scopes: str, **options: Any) -> None:
        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        try:
            with transaction.atomic():
                user, made = _owner(email.strip().lower())
                _, secret = tokens.issue(user, scopes=wanted, now=timezone.now())
        except tokens.TokenError as error:
            raise CommandError(str(error)) from None
        if made:
            self.stderr.write(
                f"There was no user {user.email}: made a marketer who cannot sign in."
                f" To let them, run: manage.py changepassword {user.email}"
            )
        self.stdout.write(secret)
        self.stderr.write("This is the only time it is shown.")


def _owner(email: str) -> tuple[User, bool]:
    """Return the user, and whether it was made: of the least role that may have a token."""
    found = User.objects.filter(email=email).first()
    if found is not None:
        return found, False
    user = User(email=email, role=User.Role.MARKETER)
    user.set_unusable_password()
    try:
        user.full_clean()
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    user.save()
    return user, True
