"""What workers do for segments. Each may be rung twice, or run beside itself."""

from apps.segments import rebuilding, settling, verifying

MANY = 5000
JUDGED_AT_NIGHT = 25_000  # contacts, in a few seconds


def settle_waiting() -> None:
    while settling.settle_waiting(limit=MANY):
        pass


def rebuild(part_id: int) -> None:
    rebuilding.run_part(part_id)


def verify() -> None:
    verifying.verify_and_record(judged=JUDGED_AT_NIGHT)
