"""Tokens of the API: made and shown once, found by their hash, revoked for good."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from apps.accounts.models import User
from apps.integrations.models import ApiToken

PREFIX = "tm_"  # so that a scanner of leaked secrets can know one
HINT = 8  # characters that stay readable
LAST_USED_EVERY = timedelta(minutes=1)


class TokenError(ValueError):
    """A token that cannot be made; the message says why."""


def issue(user: User, *, scopes: Collection[str], now: datetime) -> tuple[ApiToken, str]:
    """Make a token; return its row and the secret, which nobody can read again.

    Raises TokenError for an unknown scope, none, or somebody whose role has no part in this.
    """
    unknown = sorted(set(scopes) - set(ApiToken.Scope.values))
    if unknown or not scopes:
        raise TokenError(f"Scopes are {', '.join(ApiToken.Scope.values)}: one or more of them.")
    if not may_have_one(user):
        raise TokenError(f"{user.email} is not an active admin or marketer.")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        token_hash=hashed(secret),
        hint=secret[:HINT],
        scopes=sorted(set(scopes)),
        created_at=now,
    )
    return token, secret


def may_have_one(user: User) -> bool:
    return user.is_staff


def find(secret: str, *, now: datetime) -> ApiToken | None:
    """Return the valid token of this secret, its last use noted to the minute."""
    found = ApiToken.objects.valid().select_related("user").filter(token_hash=hashed(secret))
    token = found.first()
    if token is None or not may_have_one(token.user):
        return None
    if token.last_used_at is None or token.last_used_at <= now - LAST_USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - LAST_USED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token


def revoke(token: ApiToken, *, now: datetime) -> bool:
    """End a token for good; return whether it still worked."""
    return ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now) == 1


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
