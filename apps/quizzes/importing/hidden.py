"""Hidden fields under names that an address may bring here."""

import re

from apps.quizzes.importing.report import Report
from apps.quizzes.importing.values import items, text
from apps.quizzes.models.quiz import HIDDEN_NAME, MOST_HIDDEN


def hidden_names(source: object, report: Report) -> dict[str, str]:
    """Return our name for each of theirs, and report them."""
    found: dict[str, str] = {}
    for at, item in items(source, "hidden"):
        name = text(item)
        ours = re.sub(r"[^a-z0-9_]+", "_", name.casefold())[:40].strip("_")
        if not HIDDEN_NAME.fullmatch(ours) or (ours in found.values() and name not in found):
            report.refused(at, f"“{name}” is no name that an address may bring here.")
            continue
        if len(found) == MOST_HIDDEN:
            report.refused(at, f"At most {MOST_HIDDEN} hidden fields can be declared.")
            continue
        found.setdefault(name, ours)
        if ours == name:
            report.imported(at)
        else:
            report.approximated(at, f"“{name}” is named {ours} here: write it so in addresses.")
    return found
