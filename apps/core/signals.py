"""What the process itself tells the apps above."""

from django.dispatch import Signal

second_passed = Signal()  # provides args: now: datetime
