"""What can be wrong with a draft, question by question: each check yields problems."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from apps.contacts.models import Trait
from apps.quizzes.definition import Choice, Definition, Kind, Question
from apps.quizzes.naming import check_key
from apps.quizzes.traits import answer_trait
from apps.quizzes.worth import PICKED, WEIGHED

MOST_STEPS = 11  # cards of a scale: 0 to 10 still fit one row


@dataclass(frozen=True, slots=True)
class Problem:
    message: str
    blocks: bool = True  # an error blocks publishing, a warning does not
    question: str = ""  # the key of the question it is about
    tier: str = ""


def question_problems(definition: Definition) -> Iterator[Problem]:
    if not definition.questions:
        yield Problem("There is no question yet: add one.")
    for question in definition.questions:
        for message, blocks in _faults(question):
            yield Problem(f"“{question.title}”: {message}", blocks=blocks, question=question.key)
    yield from _email_problems(definition)


def _faults(question: Question) -> Iterator[tuple[str, bool]]:
    """Yield (message, blocks) for one question by itself."""
    for key in (question.key, *(choice.key for choice in question.choices)):
        try:
            check_key(key)
        except ValidationError as error:
            yield f"the key “{key}” cannot be used. {error.messages[0]}", True
    if question.kind in PICKED:
        yield from _choice_faults(question)
    if question.kind in WEIGHED - {Kind.YES_NO}:
        yield from _number_faults(question)
    if question.kind is Kind.CONTACT:
        yield from _contact_faults(question)


def _choice_faults(question: Question) -> Iterator[tuple[str, bool]]:
    offered = len(question.choices)
    if not offered:
        yield "it has no choices.", True
    elif offered == 1:
        yield "there is only one choice.", False
    if offered > 26:
        yield f"{offered} choices are more than the letters A to Z can name.", False
    if max(question.least, question.most) > offered:
        yield f"more choices must or may be picked than the {offered} offered.", True


def _number_faults(question: Question) -> Iterator[tuple[str, bool]]:
    ends = (question.minimum, question.maximum)
    low, high = ends
    if question.kind is Kind.SCALE and None in ends:
        yield "a scale needs its lowest and its highest value.", True
    elif (any(question.weights.values()) or question.reversed) and None in ends:
        yield "a number that counts needs its lowest and its highest value.", True
    if question.kind is Kind.SCALE and low is not None and high is not None:
        steps = (high - low) / (question.step or 1) + 1
        if steps > MOST_STEPS:
            yield f"a scale has at most {MOST_STEPS} values, this one {int(steps)}.", True


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
    """Yield jumps that lead nowhere or not forward; with one of them no path can be walked."""
    for place, question in enumerate(definition.questions):
        for choice in question.choices:
            message = _jump_fault(definition, place, choice)
            if message:
                yield Problem(
                    f"“{question.title}”: “{choice.label}” {message}", question=question.key
                )


def _jump_fault(definition: Definition, place: int, choice: Choice) -> str:
    if choice.jump is None:
        return ""
    target = definition.places.get(choice.jump)
    if target is None:
        return "leads to a question that is not in this quiz."
    if target == place:
        return "leads to its own question: that would be a loop."
    if target < place:
        title = definition.questions[target].title
        return f"leads back to “{title}”: a jump must lead to a later question."
    return ""


def trait_problems(definition: Definition) -> Iterator[Problem]:
    """Yield questions whose trait exists with another kind: their answers could not be kept."""
    prefix = f"quiz.{definition.slug}.answer."
    known = dict(Trait.objects.filter(key__startswith=prefix).values_list("key", "kind"))
    for question in definition.questions:
        spec = answer_trait(question, key=prefix + question.key)
        if spec and known.get(spec.key, spec.kind) != spec.kind:
            yield Problem(
                f"“{question.title}”: answers under the key “{question.key}” were kept as"
                f" {known[spec.key]} before and would now be {spec.kind}: give it another key.",
                question=question.key,
            )
