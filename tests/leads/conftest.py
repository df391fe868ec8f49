"""Signing staff in, as the tests of accounts do."""

from tests.accounts.conftest import sign_in as sign_in
