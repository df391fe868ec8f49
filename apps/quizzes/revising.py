"""Revisions of a draft: each save is kept, any can be returned to, and none is lost unseen.

Whoever saves says what they had seen of the part they edit, by its stamp. Another stamp means
that somebody, or some other way of writing, has changed that part since.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.quizzes import drafting, exchanging
from apps.quizzes.models import DraftRevision, Picture, Quiz
from apps.quizzes.publishing import digest

KEPT = 200  # revisions of a quiz
STAYS = frozenset({exchanging.MARK, "slug"})  # the address is not part of what is undone
Draft = Mapping[str, Any]
Part = Callable[[Draft], Any]


class EditedMeanwhile(Exception):
    """What was to be saved has been edited by somebody else; nothing was saved."""


def whole(draft: Draft) -> Any:
    return draft


def part(name: str) -> Part:
    """Return what takes one list, or one column, out of a draft."""
    return lambda draft: draft.get(name)


def of_question(key: str) -> Part:
    """Return what takes a question out of a draft, with the scales it may count on."""
    return lambda draft: [
        *(one for one in draft["questions"] if one["key"] == key),
        draft["scales"],
    ]


def about(draft: Draft) -> Any:
    """Return what a draft says of the quiz itself."""
    lists = drafting.PARTS - {"scales"}
    return {name: value for name, value in draft.items() if name not in lists}


def stamp(of: Any) -> str:
    """Return what tells whether a part of a draft is still the same."""
    return digest({"of": of})[:20]


@contextmanager
def edited(
    quiz: Quiz,
    *,
    by: User,
    now: datetime,
    what: str,
    seen: str | None = None,
    of: Part = whole,
) -> Iterator[None]:
    """Keep what is done to a draft inside as its next revision; all of it or nothing.

    With `seen`, raises EditedMeanwhile where that part of the draft has another stamp now.
    """
    with transaction.atomic():
        before = exchanging.written(Quiz.objects.select_for_update().get(pk=quiz.pk))
        if seen is not None and seen != stamp(of(before)):
            raise EditedMeanwhile(_meanwhile(quiz))
        number = _keep(quiz, before, by=None, now=now, what="Edited elsewhere")
        yield
        after = exchanging.written(Quiz.objects.get(pk=quiz.pk))
        if after != before:
            Quiz.objects.filter(pk=quiz.pk).update(updated_at=now)
            number = _keep(quiz, after, by=by, now=now, what=what)
        quiz.draft_revisions.filter(number__lte=number - KEPT).delete()


def _keep(quiz: Quiz, draft: Draft, *, by: User | None, now: datetime, what: str) -> int:
    """Keep a draft unless it is what the last revision says; return the last one's number."""
    last = quiz.draft_revisions.first()
    if last is not None and last.draft == draft:
        return last.number
    kept = DraftRevision.objects.create(
        quiz=quiz,
        number=last.number + 1 if last else 1,
        draft=draft,
        what=what if last else "As it stood before" if by is None else what,
        saved_at=now,
        by=by,
    )
    return kept.number


def _meanwhile(quiz: Quiz) -> str:
    last = quiz.draft_revisions.select_related("by").first()
    who = str(last.by) if last and last.by else "Somebody"
    return (
        f"{who} has edited this meanwhile, so nothing was saved. What you typed still stands"
        " here: save again to put it over theirs, or load the page again to see theirs."
    )


def return_to(revision: DraftRevision, *, by: User, now: datetime) -> None:
    """Let the draft be what it was; that is a revision of its own. The address stays."""
    quiz = Quiz.objects.get(pk=revision.quiz_id)
    with edited(quiz, by=by, now=now, what=f"Returned to revision {revision.number}"):
        drafting.rewrite(quiz, _spec(quiz, revision.draft))


def _spec(quiz: Quiz, draft: Draft) -> dict[str, Any]:
    """Return a kept draft as drafting.py takes it: what is still there keeps its ids."""
    ids = {name: dict(getattr(quiz, name).values_list("key", "pk")) for name in drafting.PARTS}
    found = Picture.objects.filter(token__in=_tokens(draft))
    pictures = {picture.token: picture for picture in found}
    parts: dict[str, Any] = {
        name: [_with_id(item, ids[name]) for item in draft.get(name, ())] for name in drafting.PARTS
    }
    parts["questions"] = [_with_pictures(item, pictures) for item in parts["questions"]]
    own = {key: value for key, value in draft.items() if key not in STAYS}
    return {"bands": Quiz.Bands.POINTS, "hidden": [], **own, **parts}


def _with_id(item: Draft, ids: Mapping[str, int]) -> dict[str, Any]:
    return {**item, "id": ids[item["key"]]} if item["key"] in ids else dict(item)


def _tokens(draft: Draft) -> set[str]:
    shown = [one for item in draft["questions"] for one in (item, *item.get("choices", ()))]
    return {one["picture"] for one in shown if one.get("picture")}


def _with_pictures(item: Draft, pictures: Mapping[str, Picture]) -> dict[str, Any]:
    choices = [
        {**choice, "picture": pictures.get(choice.get("picture", ""))}
        for choice in item.get("choices", ())
    ]
    return {**item, "picture": pictures.get(item.get("picture", "")), "choices": choices}
