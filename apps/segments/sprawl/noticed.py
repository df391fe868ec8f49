"""What the last report found of each segment, in a word or two: for the list of segments."""

from dataclasses import dataclass

from apps.segments.models import SprawlReport
from apps.segments.sprawl.kinds import Kind

WORDS = {
    Kind.NEVER_TRUE: "never true",
    Kind.NEVER_REACHED: "never reached",
    Kind.ALWAYS_TRUE: "always true",
    Kind.COLLIDING: "sequences can collide",
    Kind.SAME_AS: "same as another",
    Kind.NEAR_DUPLICATE: "nearly another",
    Kind.INSIDE: "inside another",
    Kind.CHANGES_NOTHING: "idle condition",
    Kind.UNUSED: "used nowhere",
    Kind.UNDECIDED: "undecided",
}
OF_BOTH = (Kind.COLLIDING, Kind.SAME_AS, Kind.NEAR_DUPLICATE, Kind.UNDECIDED)


@dataclass(frozen=True, slots=True)
class Noticed:
    """`kind` is also the place in the report that says more."""

    kind: Kind
    words: str


def warnings() -> dict[int, list[Noticed]] | None:
    """Return what was found of segments, by their keys, the worst first; None without a report."""
    found = SprawlReport.objects.done().order_by("-pk").values_list("found", flat=True).first()
    if found is None:
        return None
    kinds: dict[int, list[Kind]] = {}
    for finding in found["findings"]:
        kind = Kind(finding["kind"])
        about = finding["segments"] if kind in OF_BOTH else finding["segments"][:1]
        for _, pk in about:
            kinds.setdefault(pk, []).append(kind)
    return {
        pk: [Noticed(kind, WORDS[kind]) for kind in dict.fromkeys(listed)]
        for pk, listed in kinds.items()
    }
