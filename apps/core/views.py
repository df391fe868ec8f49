"""Health, for load balancers and for people who look."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core import health


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that this process is alive. Asks nothing of anybody else."""
    return JsonResponse({"status": "alive"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer whether work gets done: 200, or 503 and which probe says no."""
    asked = health.probes()
    ready = all(probe.ok for probe in asked)
    body = {
        "status": "ready" if ready else "not ready",
        "probes": {probe.name: {"ok": probe.ok, "detail": probe.detail} for probe in asked},
    }
    return JsonResponse(body, status=200 if ready else 503)
