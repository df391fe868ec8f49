"""How often one address may do a thing, counted in Django's cache.

A sliding window made of two counters: the minute under way, and the share of the last one that
the window still covers. Counting is one atomic increment. Without Redis each web process counts
for itself, so the true limit is up to WEB_PROCESSES times as high.
"""

import time
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

MINUTE = 60  # seconds

log = structlog.get_logger(__name__)


def allowed(request: HttpRequest, *, bucket: str, per_minute: int) -> bool:
    """Count this request and say whether its address stays within `per_minute` for `bucket`."""
    return within(_pseudonym(network(request)), bucket=bucket, per_minute=per_minute)


def within(who: str, *, bucket: str, per_minute: int) -> bool:
    """Count one more by `who` and say whether that stays within `per_minute` for `bucket`.

    A cache that is away lets everybody in: a limit must not close the quiz.
    """
    try:
        return _count(f"{bucket}:{who}") <= per_minute
    except Exception as error:  # each cache backend raises errors of its own
        log.warning("rate limits are off", error=type(error).__name__)
        return True


def _count(name: str) -> float:
    """Add one; return how many the last 60 seconds hold, this one included."""
    minute, into = divmod(time.time(), MINUTE)
    current, last = f"limit:{name}:{minute:.0f}", f"limit:{name}:{minute - 1:.0f}"
    cache.add(current, 0, timeout=2 * MINUTE)
    still = 1 - into / MINUTE
    return float(cache.incr(current)) + still * float(cache.get(last, 0))


def _pseudonym(name: str) -> str:
    """Return a key that tells addresses apart without keeping them."""
    return salted_hmac("apps.core.ratelimit", name).hexdigest()[:24]


def network(request: HttpRequest) -> str:
    """Return the address to count by: IPv4 whole, IPv6 by its /64, which one household holds."""
    try:
        address = _unwrapped(ip_address(client_address(request)))
    except ValueError:
        return "unknown"
    prefix = 32 if address.version == 4 else 64
    return str(ip_network((address, prefix), strict=False))


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return getattr(address, "ipv4_mapped", None) or address


def client_address(request: HttpRequest) -> str:
    """Return the client's address as the outermost trusted proxy saw it.

    Each of the TRUSTED_PROXIES appended the address it saw; what stands before was sent by
    the client and may be anything.
    """
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    trusted: int = settings.TRUSTED_PROXIES
    if 0 < trusted <= len(hops) and hops[-trusted]:
        return hops[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))


def sign_in_address(request: HttpRequest) -> str | None:
    """Return the address that failed sign-ins are counted by, None where it is none."""
    try:
        return str(ip_address(client_address(request)))
    except ValueError:
        return None
