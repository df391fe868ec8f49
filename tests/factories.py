"""Rows that a test does not care about. A test sets every value it asserts on."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from apps.accounts.models import User
from apps.contacts.models import Contact

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"user{number}@staff.example")
    role = User.Role.MARKETER


class ContactFactory(DjangoModelFactory):
    class Meta:
        model = Contact

    email = factory.Sequence(lambda number: f"contact{number}@people.example")
    created_at = NOW
