"""What contacts tell the apps above. Direct saves speak through Django's own post_save."""

from django.dispatch import Signal

facts_written = Signal()  # provides args: changes: dict[int, set[str]], contact id -> keys
