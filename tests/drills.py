"""Slow and deadly pages and jobs, for the tests of the processes. Not part of the product."""

import os
import signal
import time
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from apps.core.jobs import ring
from apps.core.models import DeadTask
from config.urls import handler500 as handler500  # Django looks for it here
from config.urls import urlpatterns as real


def leave_a_trace(number: int) -> None:
    with (Path(settings.DATA_DIR) / f"trace-{number}").open("a") as file:
        file.write("x")


def take_long(number: int) -> None:
    """Work for a second and a half, then leave a trace."""
    time.sleep(1.5)
    leave_a_trace(number)


def kill_the_worker(number: int) -> None:
    leave_a_trace(number)
    os.kill(os.getpid(), signal.SIGKILL)


def fail(number: int) -> None:
    leave_a_trace(number)
    raise ValueError("a drill")


def slow(request: HttpRequest) -> HttpResponse:
    time.sleep(1.5)
    return HttpResponse("finished")


def ring_for(request: HttpRequest, job: str, number: int) -> HttpResponse:
    ring(f"tests.drills.{job}", number)
    return HttpResponse("rung")


def graves(request: HttpRequest) -> JsonResponse:
    return JsonResponse({dead.job: dead.attempts for dead in DeadTask.objects.all()})


urlpatterns = [
    path("q/drill/slow", slow),
    path("q/drill/ring/<str:job>/<int:number>", ring_for),
    path("q/drill/graves", graves),
    *real,
]
