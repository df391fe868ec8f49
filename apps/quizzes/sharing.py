"""Sharing a result: a link of its own, made and taken back by the respondent."""

from datetime import datetime

from apps.quizzes import definition
from apps.quizzes.models import Response, Share
from apps.quizzes.taking import UnknownToken


def share(response: Response, *, now: datetime) -> Share:
    """Make a finished response's link, or return the one there is; raises UnknownToken."""
    if not response.is_finished or not definition.of(response).shareable:
        raise UnknownToken("This result cannot be shared.")
    made, _ = Share.objects.get_or_create(response=response, defaults={"made_at": now})
    return made


def take_back(response: Response) -> None:
    """Forget the link: its address never leads anywhere again."""
    Share.objects.filter(response=response).delete()


def link_of(response: Response) -> Share | None:
    return Share.objects.filter(response=response).first()


def find(token: str) -> Response:
    """Return the response that is shared under a token; raises UnknownToken."""
    shared = Response.objects.with_version().select_related("version__quiz")
    response = shared.filter(share__token=token).first()
    if response is None:
        raise UnknownToken("There is no such page, or its link was taken back.")
    return response
