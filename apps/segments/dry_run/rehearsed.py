"""That what is saved is what was rehearsed."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps.segments.dry_run.edits import Basis, Edit
from apps.segments.dry_run.outcomes import basis_of
from apps.segments.models import Segment


class EditedMeanwhile(Exception):
    """Somebody else edited what the outcome hangs on; the message names it."""

    def __init__(self, slugs: Iterable[str]) -> None:
        named = dict(Segment.objects.filter(slug__in=slugs).values_list("slug", "name"))
        names = sorted(named.get(slug, slug) for slug in slugs)
        super().__init__(", ".join(names))


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal found that binds the save."""

    starting: int
    basis: Basis

    def check(self, edit: Edit) -> None:
        """Raise EditedMeanwhile unless the edit is the one that was rehearsed."""
        now = basis_of(edit)
        slugs = now.keys() | self.basis.keys()
        other = [slug for slug in sorted(slugs) if now.get(slug) != self.basis.get(slug)]
        if other:
            raise EditedMeanwhile(other)
