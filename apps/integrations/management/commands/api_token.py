"""Make a token for the API."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import User
from apps.integrations import tokens


class Command(BaseCommand):
    help = (
        "Make a token for the API and print it, once: only its hash is kept. The admin lists"
        " the tokens and revokes them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the admin or marketer who answers for it")
        parser.add_argument("--scopes", default="read", help="read, write or read,write")

    def handle(self, *, email: str, scopes: str, **options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"There is no user {email}: make one with manage.py make_user.")
        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        try:
            _, secret = tokens.issue(user, scopes=wanted, now=timezone.now())
        except tokens.TokenError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(secret)
        self.stderr.write("This is the only time it is shown.")
