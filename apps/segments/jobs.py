"""What workers do for segments. Each may be rung twice, or run beside itself."""

from django.utils import timezone

from apps.core.attempts import goes_on_from
from apps.core.jobs import ring
from apps.segments import rebuilding, settling, verifying
from apps.segments.dry_run import forgetting as proposals
from apps.segments.dry_run import rehearsing
from apps.segments.exports import forgetting as kept_exports
from apps.segments.exports import running as exports
from apps.segments.marks import SETTLE_JOB
from apps.segments.sprawl import ordering

STINT = 2.0  # seconds of a task, then those behind it in the queue have theirs
JUDGED_AT_NIGHT = 25_000  # contacts, in a few seconds


def settle_waiting(mark: int | None = None) -> None:
    """Settle up to this mark, by default to the newest there is now."""
    goes_on_from(settling.oldest_mark())
    up_to = mark or settling.newest_mark()
    if settling.settle_up_to(up_to, seconds=STINT):
        ring(SETTLE_JOB, up_to)


def rebuild(part_id: int) -> None:
    rebuilding.run_part(part_id)


def verify() -> None:
    verifying.verify_and_record(judged=JUDGED_AT_NIGHT)


def order_report() -> None:
    ordering.order(now=timezone.now())


def carry_on_report(report_id: int) -> None:
    from apps.segments.sprawl import computing  # noqa: PLC0415  loads z3

    computing.work(report_id)


def carry_on_export(export_id: int) -> None:
    exports.work(export_id)


def tidy_exports() -> None:
    kept_exports.tidy(now=timezone.now())


def rehearse(proposal_id: int) -> None:
    rehearsing.rehearse(proposal_id, now=timezone.now())


def forget_proposals() -> None:
    proposals.forget(now=timezone.now())
