"""What contacts tell the apps above. Direct saves speak through Django's own post_save."""

from django.dispatch import Signal

# provides args: changes: dict[int, set[str]], contact id -> keys; quiet: bool, where it is given:
# nobody is to start a sequence by them
facts_written = Signal()

# Two of them become one, in one transaction. Before any contact is locked, so that whoever
# locks rows of its own before contacts can do so; then, under the contacts' locks, to move
# rows. A listener that finds rows it could not lock before raises merging.Interrupted.
contacts_merging = Signal()  # provides args: ids: tuple[int, int]
contacts_merged = Signal()  # provides args: into: Contact, gone: Contact, now: datetime

# Contacts are about to be erased, in that transaction, before any of them is locked: for rows
# to lock before contacts, and for what does not hang on them by a key.
contacts_erasing = Signal()  # provides args: ids: tuple[int, ...], emails: frozenset[str]
