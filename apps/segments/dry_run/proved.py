"""Which warnings of the solver an edit brings, and which it ends."""

from datetime import datetime

from apps.rules.catalogue import Catalogue
from apps.segments import proving
from apps.segments.dry_run.edits import Edit
from apps.segments.plan import Plan

Told = dict[str, str]  # slug, name, message
Found = dict[tuple[str, str, str], Told]  # by slug, code and what it is about


def warnings(edit: Edit, *, known: Catalogue, now: datetime) -> tuple[list[Told], list[Told]]:
    """Return what is warned of with the edit alone, and what without it alone.

    Of the edited segment beside every other, and of those that change with it by themselves.
    """
    before = _of(edit, edit.before, known=known, now=now)
    after = _of(edit, edit.after, known=known, now=now)
    return _but(after, before), _but(before, after)


def _of(edit: Edit, plan: Plan, *, known: Catalogue, now: datetime) -> Found:
    seen = proving.survey(plan, now=now)
    slugs = {edit.slug, *(planned.slug for planned in edit.changing)}
    found: Found = {}
    for planned in plan.segments:
        if planned.slug in slugs:
            pairs = planned.slug == edit.slug
            for one in proving.of_segment(planned, plan=plan, seen=seen, known=known, pairs=pairs):
                key = (planned.slug, one.code, one.other or one.message)
                found[key] = {"slug": planned.slug, "name": planned.name, "message": one.message}
    return found


def _but(these: Found, those: Found) -> list[Told]:
    return [told for key, told in these.items() if key not in those]
