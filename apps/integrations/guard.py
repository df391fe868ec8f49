"""Who may call: a token with the scope, within its rate. Never a session."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from apps.core import ratelimit
from apps.integrations import tokens
from apps.integrations.models import ApiToken
from apps.integrations.refusals import Refusal

REFUSED_PER_MINUTE = 600  # an address that shows bad tokens


class Guard(HttpBearer):
    """Let a request in whose token has the scope. Raises Refusal: 401, 403 or 429."""

    scope: str

    def __call__(self, request: HttpRequest) -> ApiToken:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        known = kind.lower() == "bearer" and secret.strip()
        return self.authenticate(request, secret.strip() if known else "")

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        found = tokens.find(token, now=timezone.now()) if token else None
        if found is None:
            raise _stranger(request)
        limit = settings.API_PER_MINUTE
        if not ratelimit.within(f"token:{found.pk}", bucket="api", per_minute=limit):
            raise _too_many()
        if self.scope not in found.scopes:
            message = f"This token lacks the scope {self.scope}."
            raise Refusal("missing_scope", message, status=403)
        return found


def _stranger(request: HttpRequest) -> Refusal:
    if not ratelimit.allowed(request, bucket="api-refused", per_minute=REFUSED_PER_MINUTE):
        return _too_many()
    message = "Show a token that works: Authorization: Bearer TOKEN."
    challenge = {"WWW-Authenticate": "Bearer"}
    return Refusal("unauthorized", message, status=401, headers=challenge)


def _too_many() -> Refusal:
    wait = {"Retry-After": str(ratelimit.MINUTE)}
    message = "Too many requests in a minute. Wait, and go on slower."
    return Refusal("too_many_requests", message, status=429, headers=wait)


class ReadToken(Guard):
    scope = ApiToken.Scope.READ


class WriteToken(Guard):
    scope = ApiToken.Scope.WRITE


READ, WRITE = ReadToken(), WriteToken()
