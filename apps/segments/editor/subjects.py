"""What a condition of a segment may be about: the catalogue, in groups a marketer knows."""

from collections.abc import Iterator

from apps.contacts.event_names import names
from apps.contacts.events import WELL_KNOWN
from apps.quizzes.models import Quiz
from apps.quizzes.traits import within_its_quiz
from apps.rules.builder.showing import Subjects
from apps.rules.catalogue import Catalogue

Choice = tuple[str, str]
QUIZ = "Quiz: "  # what the groups of a quiz's traits begin with


def subjects(known: Catalogue, *, but: str) -> Subjects:
    """Return all that there is, but the segment of the slug `but`: a rule is not about itself."""
    groups = [
        (title, sorted(choices, key=lambda choice: choice[1].casefold()))
        for title, choices in _groups(known, but)
        if choices
    ]
    of = {
        value: title for title, choices in groups if title.startswith(QUIZ) for value, _ in choices
    }
    return Subjects(groups, of)


def _groups(known: Catalogue, but: str) -> Iterator[tuple[str, list[Choice]]]:
    contact: list[Choice] = []
    other: list[Choice] = []
    quizzes: dict[str, list[Choice]] = {}
    for key, spec in known.traits.items():
        if key.startswith("quiz."):
            slug, label = within_its_quiz(spec)
            quizzes.setdefault(slug, []).append((f"trait:{key}", label))
        else:
            group = contact if key.startswith("contact.") else other
            group.append((f"trait:{key}", spec.label))
    titles = dict(Quiz.objects.filter(slug__in=quizzes).values_list("slug", "title"))
    yield "Contact", contact
    yield from ((f"{QUIZ}{titles.get(slug, slug)}", found) for slug, found in quizzes.items())
    yield "Traits", other
    yield "Did", [(f"event:{name}", name) for name in {*names(), *WELL_KNOWN}]
    yield "Segments", [(f"segment:{slug}", name) for slug, name in known.segments.items()
                       if slug != but]  # fmt: skip
