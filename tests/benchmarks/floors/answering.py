"""Answering by a bare view: one indexed read and one upsert, no middleware, the same server."""

import hashlib
from datetime import UTC, datetime

from django.conf import settings

from config import settings as product

BARE = {"MIDDLEWARE": [], "ROOT_URLCONF": __name__}
settings.configure(
    **{name: getattr(product, name) for name in dir(product) if name.isupper()} | BARE
)

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()

from django.db import transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

from apps.quizzes.models import Answer, Response  # noqa: E402


def answer(request: HttpRequest, token: str, key: str) -> HttpResponse:
    with transaction.atomic():
        response = Response.objects.get(token_hash=hashlib.sha256(token.encode()).hexdigest())
        Answer.objects.bulk_create(
            [
                Answer(
                    response=response,
                    question_key=key,
                    value=request.POST["answer"],
                    answered_at=datetime.now(UTC),
                )
            ],
            update_conflicts=True,
            unique_fields=["response", "question_key"],
            update_fields=["value", "answered_at"],
        )
    return HttpResponse("kept", headers={"Content-Length": "4"})


urlpatterns = [path("q/r/<str:token>/<slug:key>/", answer)]
