"""What can be wrong with a draft, question by question: each check yields problems."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from apps.contacts.models import Trait
from apps.quizzes import conditions
from apps.quizzes.definition import (
    MANY,
    NUMBERS,
    OFFERING,
    ONE,
    STEPPED,
    Definition,
    Jump,
    Kind,
    Question,
)
from apps.quizzes.naming import check_key
from apps.quizzes.traits import answer_traits
from apps.rules.errors import RuleError
from apps.rules.keys import keys

MOST_STEPS = 11  # cards of a scale: 0 to 10 still fit one row


@dataclass(frozen=True, slots=True)
class Problem:
    message: str
    blocks: bool = True  # an error blocks publishing, a warning does not
    question: str = ""  # the key of the question it is about
    tier: str = ""
    code: str = "unsound"


def question_problems(definition: Definition) -> Iterator[Problem]:
    if not definition.questions:
        yield Problem("There is no question yet: add one.")
    for question in definition.questions:
        for message, blocks in _faults(question):
            yield Problem(f"“{question.title}”: {message}", blocks=blocks, question=question.key)
    yield from _email_problems(definition)


def _faults(question: Question) -> Iterator[tuple[str, bool]]:
    """Yield (message, blocks) for one question by itself."""
    own = [choice.key for choice in question.choices] + [row.key for row in question.rows]
    for key in (question.key, *own):
        try:
            check_key(key)
        except ValidationError as error:
            yield f"the key “{key}” cannot be used. {error.messages[0]}", True
    if question.kind in OFFERING:
        yield from _choice_faults(question)
    if question.kind in NUMBERS:
        yield from _number_faults(question)
    if question.kind is Kind.MATRIX and not question.rows:
        yield "the matrix has no rows.", True
    if question.kind is Kind.CONTACT:
        yield from _contact_faults(question)
    if question.kind is Kind.CONSENT and not question.consent:
        yield "there is no wording to accept.", True


def _choice_faults(question: Question) -> Iterator[tuple[str, bool]]:
    offered = len(question.choices)
    if not offered:
        yield "it has no choices.", True
    elif offered == 1:
        yield "there is only one choice.", False
    if offered > 26 and question.kind in MANY | ONE - {Kind.DROPDOWN}:
        yield f"{offered} choices are more than the letters A to Z can name.", False
    if max(question.least, question.most) > offered:
        yield f"more choices must or may be picked than the {offered} offered.", True
    if (
        question.kind is Kind.DROPDOWN
        and len({_told(one.label) for one in question.choices}) < offered
    ):
        yield "two choices of the list read alike.", True
    if question.kind in {Kind.PICTURE, Kind.PICTURES} and not all(
        choice.picture for choice in question.choices
    ):
        yield "a choice has no picture.", False


def _told(label: str) -> str:
    return label.strip().casefold()


def _number_faults(question: Question) -> Iterator[tuple[str, bool]]:
    low, high = question.minimum, question.maximum
    ends = low is not None and high is not None
    counted = any(question.weights.values()) and not question.mapping
    if question.kind is Kind.SCALE and not ends:
        yield "a scale needs its lowest and its highest value.", True
    elif (counted or question.reversed) and not ends:
        yield "a number that counts needs its lowest and its highest value.", True
    if question.kind in STEPPED and low is not None and high is not None:
        steps = (high - low) / (question.step or 1) + 1
        if steps > MOST_STEPS:
            yield f"a scale has at most {MOST_STEPS} values, this one {int(steps)}.", True
        elif steps < 2:
            yield "a scale needs at least two values.", True


def _contact_faults(question: Question) -> Iterator[tuple[str, bool]]:
    if not question.fields:
        yield "the contact form asks for nothing: tick a field.", True
    if question.consent_required and not question.consent:
        yield "consent is required, but there is no wording to agree to.", True
    if "email" in question.fields and not question.consent:
        yield "without a consent wording no mail may be sent to who fills it in.", False


def _email_problems(definition: Definition) -> Iterator[Problem]:
    asking = [question for question in definition.questions if asks_email(question)]
    for question in asking[1:]:
        yield Problem(
            f"“{question.title}”: the email is asked for already, in “{asking[0].title}”.",
            question=question.key,
        )
    if not asking:
        yield Problem(
            "No question asks for an email: every respondent stays anonymous.", blocks=False
        )


def asks_email(question: Question) -> bool:
    return question.kind is Kind.EMAIL or "email" in question.fields


def jump_problems(definition: Definition) -> Iterator[Problem]:
    """Yield what is wrong with the ways on; with one of these no path can be walked."""
    for place, question in enumerate(definition.questions):
        for choice in question.choices:
            lead = Jump(to=choice.jump) if choice.jump is not None else Jump()
            yield from _lead_problems(definition, place, lead, f"“{choice.label}”")
        for number, jump in enumerate(question.jumps, start=1):
            yield from _lead_problems(definition, place, jump, f"jump {number}")
            yield from _rule_problems(definition, place, jump.rule, f"the rule of jump {number}")
        yield from _rule_problems(definition, place, question.visible, "its rule “shown if”")
        yield from _shadowed(question)


def _lead_problems(definition: Definition, place: int, jump: Jump, name: str) -> Iterator[Problem]:
    question = definition.questions[place]
    message = _jump_fault(definition, place, jump)
    if message:
        yield Problem(
            f"“{question.title}”: {name} {message}", question=question.key, code="bad_jump"
        )


def _jump_fault(definition: Definition, place: int, jump: Jump) -> str:
    if jump.ending is not None and definition.ending(jump.ending) is None:
        return "leads to an ending that is not in this quiz."
    if jump.to is None:
        return ""
    target = definition.places.get(jump.to)
    if target is None:
        return "leads to a question that is not in this quiz."
    if target == place:
        return "leads to its own question: that would be a loop."
    if target < place:
        title = definition.questions[target].title
        return f"leads back to “{title}”: a jump must lead to a later question."
    return ""


def _rule_problems(
    definition: Definition, place: int, source: object, name: str
) -> Iterator[Problem]:
    """Yield a rule that cannot be read, or that reads what is not known yet at its place."""
    question = definition.questions[place]
    if source is None:
        return
    try:
        read = keys(conditions.parse(source, definition)).traits
    except RuleError as error:
        yield Problem(f"“{question.title}”: {name} cannot be read. {error}", question=question.key)
        return
    visible = source is question.visible
    later = definition.questions[place if visible else place + 1 :]
    for one in later:
        if any(spec.key in read for spec in conditions.readable(one)):
            yield Problem(
                f"“{question.title}”: {name} reads “{one.title}”, which is asked only later: there"
                " it counts as not answered.",
                blocks=False,
                question=question.key,
            )


def _shadowed(question: Question) -> Iterator[Problem]:
    """Yield jumps that stand below one that always leads away."""
    rules = [jump.rule for jump in question.jumps]
    always = next((place for place, rule in enumerate(rules) if rule is None), None)
    if always is not None and always + 1 < len(rules):
        yield Problem(
            f"“{question.title}”: the jumps below jump {always + 1} are never looked at: it"
            " always leads away.",
            blocks=False,
            question=question.key,
        )


def trait_problems(definition: Definition) -> Iterator[Problem]:
    """Yield questions whose trait exists with another kind: their answers could not be kept."""
    prefix = f"quiz.{definition.slug}.answer."
    known = dict(Trait.objects.filter(key__startswith=prefix).values_list("key", "kind"))
    for question in definition.questions:
        for spec in answer_traits(question, key=prefix + question.key):
            if known.get(spec.key, spec.kind) == spec.kind:
                continue
            yield Problem(
                f"“{question.title}”: answers under the key “{question.key}” were kept as"
                f" {known[spec.key]} before and would now be {spec.kind}: give it another key.",
                question=question.key,
            )
