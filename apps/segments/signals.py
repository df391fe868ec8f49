"""What segments tell the apps above, inside the transaction that settles."""

from django.dispatch import Signal

# provides args: entered: list[Transition], left: list[Transition], now: datetime, quiet: bool
# quiet: a rule was edited, and who it newly holds for must not start sequences
memberships_changed = Signal()
