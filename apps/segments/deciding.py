"""Which segments a rebuild decides, who must move by it, and who else must learn of that."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from apps.rules.query import Sql
from apps.segments.difference import differences, fits
from apps.segments.models import Change, Membership, Rebuild, Segment
from apps.segments.plan import Plan, Planned
from apps.segments.population import difference_of
from apps.segments.scope import Scope


def differences_of(rebuild: Rebuild, plan: Plan, scope: Scope, *, now: datetime) -> list[Sql]:
    """Return what finds who must move of these contacts, as the rules are now."""
    if rebuild.segment is None or rebuild.beside:
        decided = _decided(rebuild, plan)
        return [*_leaving(rebuild, plan, scope), *differences(decided, plan, now, scope)]
    planned = plan.by_slug.get(rebuild.segment.slug)
    if planned is not None:
        return [difference_of(planned, plan=plan, now=now, scope=scope)]
    return _leaving(rebuild, plan, scope)


def _decided(rebuild: Rebuild, plan: Plan) -> Sequence[Planned]:
    """Return the segments that are decided together: all, a ladder's, or the rungs of an edit.

    A rung that was edited meanwhile is left to its own rebuild.
    """
    if rebuild.ladder_id is not None:
        return _rungs(rebuild.ladder_id, plan)
    if rebuild.segment is None:
        return plan.segments
    rungs = Segment.objects.filter(slug__in=rebuild.beside).values_list("slug", "revision")
    same = {slug for slug, revision in rungs if rebuild.beside[slug] == revision}
    return plan.above(same | {rebuild.segment.slug})


def _rungs(ladder_id: int, plan: Plan) -> list[Planned]:
    """Return the rungs of a ladder, but for those with a rebuild of their own.

    That may have another wish for the members there are.
    """
    waiting = Rebuild.objects.filter(state=Rebuild.State.WAITING, segment__ladder=ladder_id)
    wanted = waiting.filter(revision=F("segment__revision"))
    apart = set(wanted.values_list("segment_id", flat=True))
    return [one for one in plan.segments if one.ladder_id == ladder_id and one.pk not in apart]


def _leaving(rebuild: Rebuild, plan: Plan, scope: Scope) -> list[Sql]:
    """Return who is stored in a segment that is not live any more: all leave."""
    segment = rebuild.segment
    if segment is None or segment.slug in plan.by_slug or segment.slug in plan.broken:
        return []
    rows = scope.of(Membership.objects.filter(segment=segment), "contact")
    sql, params = rows.values("contact_id", "segment_id").query.sql_with_params()
    return [(f"SELECT leaving.*, FALSE AS due FROM ({sql}) AS leaving", tuple(params))]


def read_by_others(rebuild: Rebuild, plan: Plan) -> str:
    """Return the mark by which segments that were not decided together learn of the moves."""
    if rebuild.segment is None or rebuild.beside:
        decided = _decided(rebuild, plan)
        slugs = {planned.slug for planned in decided}
        others = [planned for planned in plan.segments if planned.slug not in slugs]
        is_read = any(planned.refers_to & slugs for planned in others)
        return "" if fits(decided) and not is_read else Change.EVERYTHING
    slug = rebuild.segment.slug
    return f"segment:{slug}" if any(slug in p.refers_to for p in plan.segments) else ""
