"""What is likely a mistake though nothing is broken: answers that nothing reads, and texts."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from django.core.exceptions import ValidationError

from apps.quizzes import overrides, piping
from apps.quizzes.branching import rules_on_the_way
from apps.quizzes.charts import FEWEST_AXES
from apps.quizzes.conditions import readable
from apps.quizzes.definition import PICKED, WEIGHED, Definition, Kind, Question, Tier
from apps.quizzes.problems import Problem
from apps.quizzes.theming import check_theme
from apps.quizzes.worth import ZERO, counts
from apps.rules.keys import keys

Ranges = Mapping[str, tuple[Decimal, Decimal]]


def text_problems(definition: Definition) -> Iterator[Problem]:
    """Yield texts that speak of what does not exist."""
    for text in (definition.intro, definition.start_label):
        for fault in piping.faults(definition, text, roots={"hidden"}):
            yield Problem(f"First page, before anything is answered: {fault}", code="bad_text")
    for text, owner in piping.all_texts(definition):
        for fault in piping.faults(definition, text):
            asked = isinstance(owner, Question)
            yield Problem(
                f"“{owner.title if isinstance(owner, Question) else owner.label}”: {fault}",
                question=owner.key if asked else "",
                tier=owner.key if isinstance(owner, Tier) else "",
                code="bad_text",
            )


def look_problems(definition: Definition) -> Iterator[Problem]:
    """Yield what is wrong with the theme, and a chart that cannot be drawn."""
    try:
        check_theme(definition.theme)
    except ValidationError as error:
        for message in error.messages:
            yield Problem(f"Theme: {message}", code="theme")
    if definition.chart == "radar" and len(definition.scales) < FEWEST_AXES:
        yield Problem(
            f"A radar needs {FEWEST_AXES} scales: the result page shows a gauge.",
            blocks=False,
            code="radar",
        )


def answer_problems(definition: Definition, ranges: Ranges) -> Iterator[Problem]:
    """Yield answers that no score and no rule reads, and a maximum that nobody reaches."""
    read = _read(definition)
    for question in definition.questions:
        if question.kind in PICKED | WEIGHED:
            yield from _unread(definition, question, read)
    main = definition.scales[0]
    highest = ranges[main.key][1] if main.key in ranges else None
    if highest is not None and highest <= ZERO and definition.scoring == "tiers":
        yield Problem(
            f"100 % cannot be reached: no answers give more than 0 points on “{main.label}”.",
            blocks=False,
            code="maximum",
        )


def _unread(definition: Definition, question: Question, read: set[str]) -> Iterator[Problem]:
    ruled = any(spec.key in read for spec in readable(question))
    scored = any(counts(question, scale.key) for scale in definition.scales)
    leads = any(choice.ends or choice.jump for choice in question.choices)
    title = question.title
    if not (ruled or scored or leads or question.kind is Kind.CONSENT):
        yield Problem(
            f"“{title}”: no score and no rule reads the answer. It is only kept.",
            blocks=False,
            code="unread",
            question=question.key,
        )
    elif scored and not ruled and question.kind in PICKED:
        for choice in question.choices:
            if not choice.points and not (choice.ends or choice.jump):
                yield Problem(
                    f"“{title}”: “{choice.label}” has no points, though other answers have. If"
                    " it counts nothing, write 0.",
                    blocks=False,
                    code="no_points",
                    question=question.key,
                )


def _read(definition: Definition) -> set[str]:
    """Return the traits that any rule of the quiz reads."""
    written = [tier for tier in definition.tiers if tier.override is not None]
    rules = [*rules_on_the_way(definition), *(overrides.read(tier, definition) for tier in written)]
    return {trait for rule in rules for trait in keys(rule).traits}
