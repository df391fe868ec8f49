"""The rules of a quiz in the rule builder: shown if, jumps, overrides of tiers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse

from apps.accounts.models import User
from apps.quizzes import conditions, revising
from apps.quizzes.definition import Definition, load
from apps.quizzes.exchanging import written
from apps.quizzes.freezing import freeze
from apps.quizzes.models import Jump, Question, Quiz, Tier
from apps.quizzes.revising import Part
from apps.rules import prose
from apps.rules.builder import draft as drafts
from apps.rules.builder import offering
from apps.rules.builder.draft import BEGUN, Draft
from apps.rules.builder.showing import Subjects, shown
from apps.rules.builder.tree import MATCHES, Condition, walk
from apps.rules.catalogue import Catalogue
from apps.rules.codec import dumps
from apps.rules.errors import RuleError

MOST_JUMPS = 50
END, ENDING = "end", "ending-"


@dataclass
class Target:
    """What a rule belongs to. `before` says how many questions its answers may come from."""

    quiz: Quiz
    row: Question | Jump | Tier
    title: str
    lead: str  # how the builder begins
    back: str
    part: Part
    before: int | None = None

    @property
    def rule(self) -> Any:
        match self.row:
            case Question():
                return self.row.visible
            case Jump():
                return self.row.rule
            case Tier():
                return self.row.override

    @property
    def is_jump(self) -> bool:
        return isinstance(self.row, Jump)

    def put(self, rule: Any) -> None:
        match self.row:
            case Question():
                self.row.visible = rule
            case Jump():
                self.row.rule = rule
            case Tier():
                self.row.override = rule
        self.row.save()


def shown_if(question: Question) -> Target:
    place = list(question.quiz.questions.values_list("pk", flat=True)).index(question.pk)
    return Target(
        question.quiz,
        question,
        title=f"When “{question.title}” is shown",
        lead="It is shown if",
        back=reverse("studio:question", args=[question.quiz_id, question.pk]),
        part=revising.of_question(question.key),
        before=place,
    )


def of_jump(jump: Jump) -> Target:
    question = jump.question
    place = list(question.quiz.questions.values_list("pk", flat=True)).index(question.pk)
    return Target(
        question.quiz,
        jump,
        title=f"A jump from “{question.title}”",
        lead="It jumps if",
        back=reverse("studio:question", args=[question.quiz_id, question.pk]),
        part=revising.of_question(question.key),
        before=place + 1,
    )


def override(tier: Tier) -> Target:
    return Target(
        tier.quiz,
        tier,
        title=f"When “{tier.label}” is the result whatever the score",
        lead="It is the result if",
        back=reverse("studio:tiers", args=[tier.quiz_id]),
        part=revising.part("tiers"),
    )


@dataclass
class RuleEditor:
    """One request's rule as it is written, read from the whole posted form."""

    target: Target
    posted: QueryDict | None
    address: str
    refusal: str = ""
    stale: bool = False
    definition: Definition = field(init=False)
    known: Catalogue = field(init=False)
    draft: Draft = field(init=False)

    def __post_init__(self) -> None:
        self.definition = load(freeze(Quiz.objects.get(pk=self.target.quiz.pk)))
        self.known = conditions.catalogue(self.definition)
        if self.posted is None:
            self.draft = drafts.opened(self.target.rule, self.known, UTC)
            return
        draft = drafts.read(dict(self.posted.lists()), self.act, self.known, UTC)
        self.draft = draft if self.asks_to_save else draft.settled(self.known)

    @property
    def act(self) -> str:
        return self.posted.get("do", "") if self.posted else ""

    @property
    def asks_to_save(self) -> bool:
        return self.act in {"save", "clear"}

    @property
    def leads_to(self) -> str:
        """What the jump leads to, as the form says it: a question's id, ending-3, or end."""
        if self.posted is not None:
            return self.posted.get("to", "")
        jump = self.target.row
        assert isinstance(jump, Jump)
        if jump.ending_id:
            return f"{ENDING}{jump.ending_id}"
        return str(jump.to_id) if jump.to_id else END if jump.pk else ""

    @cached_property
    def targets(self) -> list[tuple[str, str]]:
        """What a jump may lead to: later questions, endings, the end."""
        later = list(self.target.quiz.questions.all())[self.target.before :]
        endings = self.target.quiz.endings.all()
        return [
            *((str(one.pk), one.title) for one in later),
            *((f"{ENDING}{one.pk}", f"Ending: {one.label}") for one in endings),
            (END, "The end, and the result"),
        ]

    @cached_property
    def problems(self) -> dict[str, RuleError]:
        return self.draft.complaints(self.known)

    @cached_property
    def always(self) -> bool:
        """Whether the jump is always taken: so says the form, or a stored jump without a rule."""
        if not self.target.is_jump:
            return False
        if self.posted is not None:
            return "always" in self.posted
        return self.target.row.pk is not None and self.target.rule is None

    def parsed(self) -> Any:
        """Return the rule as it is stored. Raises RuleError."""
        for error in self.problems.values():
            raise error
        return dumps(conditions.parse(self.draft.rule(self.known), self.definition))

    @property
    def sentence(self) -> str:
        if self.always:
            return ""
        try:
            rule = conditions.parse(self.parsed(), self.definition)
        except RuleError:
            return ""
        return prose.sentence(rule, self.known)

    def save(self, *, by: User, now: datetime) -> bool:
        """Save; return whether that was done. Otherwise the reasons stand on the page."""
        assert self.posted is not None
        try:
            rule = None if self.act == "clear" or self.always else self.parsed()
            self._lead()
            with revising.edited(
                self.target.quiz,
                by=by,
                now=now,
                what=self.target.title[:200],
                seen=self.posted.get("seen", ""),
                of=self.target.part,
            ):
                self.target.put(rule)
        except RuleError as error:
            self.refusal = "" if self.problems else str(error)
            return False
        except (revising.EditedMeanwhile, NoTarget) as error:
            self.stale = isinstance(error, revising.EditedMeanwhile)
            self.refusal = str(error)
            return False
        return True

    def _lead(self) -> None:
        """Let the jump lead where the form says. Raises NoTarget."""
        jump = self.target.row
        if not isinstance(jump, Jump):
            return
        if self.leads_to not in dict(self.targets):
            raise NoTarget("Choose where the jump leads.")
        kind, _, number = self.leads_to.rpartition("-")
        jump.to_id = int(number) if not kind and number != END else None
        jump.ending_id = int(number) if kind else None

    def context(self) -> dict[str, Any]:
        """Return what the page of the rule shows."""
        offered = subjects(self)
        told = {
            name: error.message
            for name, error in self.problems.items()
            if self.asks_to_save or error.message not in BEGUN
        }
        draft = self.draft
        return {
            "rule": self,
            "address": self.address,
            "draft": draft,
            "builder_lead": self.target.lead,
            "root": shown(draft.tree, self.known, offered, problems=told, focus=draft.focus),
            "matches": MATCHES.items(),
            "units": offering.UNITS,
            "subject_options": render_to_string("rules/_subjects.html", {"groups": offered.groups}),
            "events": offered.events,
            "whole_problem": self.problems.get(""),
            "stamp": self.stamp,
        }

    @property
    def stamp(self) -> str:
        if self.posted is not None and not self.stale:
            return self.posted.get("seen", "")
        return revising.stamp(self.target.part(written(Quiz.objects.get(pk=self.target.quiz.pk))))


class NoTarget(ValueError):
    """A jump without a place it leads to."""


def subjects(editor: RuleEditor) -> Subjects:
    """Return what the rule may be about: the answers before it, the score, hidden fields."""
    groups = list(_groups(editor))
    offered = {value for _, choices in groups for value, _ in choices}
    read = {part.subject for part in walk(editor.draft.tree) if isinstance(part, Condition)}
    later = [
        (f"trait:{key}", spec.label)
        for key, spec in editor.known.traits.items()
        if f"trait:{key}" in read - offered
    ]
    if later:
        groups.append(("Asked only later", later))
    return Subjects(groups, {})


def _groups(editor: RuleEditor) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    before = editor.definition.questions[: editor.target.before]
    answers = [
        (f"trait:{spec.key}", spec.label)
        for question in before
        for spec in conditions.readable(question)
    ]
    if answers:
        yield "Answers", answers
    traits = editor.known.traits
    for title, beginning in (("Score", ("score", "percent")), ("Came with the address", "hidden.")):
        found = [(f"trait:{key}", traits[key].label) for key in traits if key.startswith(beginning)]
        yield title, found


def of_question(question: Question) -> dict[str, Any]:
    """Return the rules of a question as sentences, for its page."""
    definition = load(freeze(question.quiz))
    jumps = question.jumps.select_related("to", "ending")
    return {
        "visible_sentence": _sentence(question.visible, definition),
        "jumps": [(jump, _sentence(jump.rule, definition)) for jump in jumps],
    }


def of_tiers(quiz: Quiz) -> dict[str, Any]:
    definition = load(freeze(quiz))
    return {
        "overrides": [(tier, _sentence(tier.override, definition)) for tier in quiz.tiers.all()]
    }


def _sentence(rule: Mapping[str, Any] | None, definition: Definition) -> str:
    if rule is None:
        return ""
    try:
        parsed = conditions.parse(rule, definition)
    except RuleError:
        return "a rule that cannot be read"
    return prose.sentence(parsed, conditions.catalogue(definition))
