"""What segments tell the apps above, inside the transaction that settles."""

from django.dispatch import Signal

# provides args: entered and left: list[Transition], or where they may be many an unread
# QuerySet[Transition]; now: datetime, quiet: bool
# quiet: a rule was edited, and who it newly holds for must not start sequences
memberships_changed = Signal()
