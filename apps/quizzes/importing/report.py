"""The fidelity report: one or more lines for every element of the source, none left out."""

from apps.quizzes.exchanging import Line
from apps.quizzes.importing.values import printed


class Report:
    """Collects what became of each element; `at` is its path: `fields[2].properties.steps`."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def imported(self, at: str, why: str = "") -> None:
        self._add(at, "imported", why)

    def approximated(self, at: str, why: str) -> None:
        self._add(at, "approximated", why)

    def refused(self, at: str, why: str) -> None:
        self._add(at, "refused", why)

    def rest(self, at: str, given: object, known: frozenset[str], why: str) -> None:
        """Refuse every key that nothing reads; what is empty or off says nothing."""
        if not isinstance(given, dict):
            return
        for key, value in given.items():
            if key not in known and value not in (None, False, "", [], {}):
                self.refused(inside(at, key), why)

    def _add(self, at: str, outcome: str, why: str) -> None:
        self.lines.append(Line(printed(at, 500), outcome, printed(why, 1000)))


def inside(at: str, key: object) -> str:
    """Return the path of what stands in `at` under a name."""
    return f"{at}.{key}" if at else str(key)
