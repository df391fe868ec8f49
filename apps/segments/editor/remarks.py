"""The solver's warnings about a rule in the editor: at which condition, and with an example."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from apps.rules.builder.writing import Written
from apps.rules.catalogue import Catalogue
from apps.rules.keys import keys
from apps.rules.nodes import All, Rule
from apps.rules.wording import quoted
from apps.segments.foreseeing import warnings
from apps.segments.models import Segment
from apps.segments.plan import Plan, catalogue, live_plan
from apps.segments.witnesses import contact_words

if TYPE_CHECKING:
    from apps.segments.proving import Warning  # noqa: A004  loads z3

EXAMPLES = {
    "inside": "In {name} but not in here: {contact}.",
    "contains": "In here but not in {name}: {contact}.",
    "colliding": "They could both run for {contact}.",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """`part` is the id of the group or condition it is about; "" is the whole rule."""

    message: str
    part: str = ""
    example: str = ""
    other: int | None = None  # the segment it is compared with
    other_name: str = ""


def remarks(
    rule: Rule, written: Written | None, *, segment: Segment | None, now: datetime
) -> list[Remark]:
    """Return what is proved of a rule; `written` says which part stands where in it."""
    known, plan = catalogue(), live_plan()
    return [
        _remark(warning, rule, written, known, plan)
        for warning in warnings(rule, segment=segment, now=now)
    ]


def by_part(found: list[Remark]) -> Mapping[str, list[Remark]]:
    """Return them by the part they are about."""
    gathered: dict[str, list[Remark]] = {}
    for remark in found:
        gathered.setdefault(remark.part, []).append(remark)
    return gathered


def _remark(
    warning: "Warning", rule: Rule, written: Written | None, known: Catalogue, plan: Plan
) -> Remark:
    other = plan.by_slug.get(warning.other)
    part = written.part_at(warning.at) if written and warning.at else ""
    return Remark(
        message=warning.message,
        part=part,
        example=_example(warning, rule, known, plan),
        other=other.pk if other else None,
        other_name=other.name if other else "",
    )


def _example(warning: "Warning", rule: Rule, known: Catalogue, plan: Plan) -> str:
    """Show the contact that is in one but not in the other."""
    other = plan.by_slug.get(warning.other)
    if not isinstance(warning.witness, dict) or other is None:
        return ""
    reads = keys(All((rule, other.unpinned)))
    contact = contact_words(warning.witness, known, reads, but=other.slug)
    return EXAMPLES[warning.code].format(name=quoted(other.name), contact=contact)
