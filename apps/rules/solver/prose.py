"""What the solver proved, as a marketer would say it."""

from collections.abc import Sequence

from apps.rules.catalogue import Catalogue
from apps.rules.nodes import Not, Rule, TraitCondition
from apps.rules.prose import labelled_trait, sentence
from apps.rules.wording import listed, quoted

EVERYBODY = "Everybody matches, whatever is known of them."
NEVER_REACHED = "Nobody can stand here: whoever matches stands on a higher rung."


def nobody(parts: Sequence[Rule], catalogue: Catalogue) -> str:
    """Say that these parts of a rule cannot be met together."""
    sentences = [sentence(part, catalogue) for part in parts]
    labels = {_label(part, catalogue) for part in parts}
    label = labels.pop() if len(labels) == 1 else None
    if len(parts) == 1:
        why = f"it never is so that {sentences[0]}"
    elif label and all(one.startswith(f"{label} is ") for one in sentences):
        words = [one.removeprefix(f"{label} is ") for one in sentences]
        why = f"{label} cannot be {_at_once(words)}"
    else:
        why = f"{listed([*map(quoted, sentences)], 'and')} cannot all be so"
    return f"Nobody can match: {why}."


def idle(part: Rule, catalogue: Catalogue) -> str:
    return f"{quoted(sentence(part, catalogue))} changes nothing: without it the same people match."


def same_as(name: str) -> str:
    return f"This is the same as {quoted(name)}: whoever is in one is in the other."


def inside(name: str) -> str:
    return f"Everyone in here is already in {quoted(name)}."


def contains(name: str) -> str:
    return f"Everyone in {quoted(name)} is also in here."


def _at_once(words: Sequence[str]) -> str:
    together = listed(words, "and")
    return f"both {together}" if len(words) == 2 else f"{together} at once"


def _label(part: Rule, catalogue: Catalogue) -> str | None:
    inner = part.rule if isinstance(part, Not) else part
    return labelled_trait(inner, catalogue) if isinstance(inner, TraitCondition) else None
