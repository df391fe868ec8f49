"""The questions of a survey, flat and in order, with the conditions they stand under."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.quizzes.exchanging import Unreadable
from apps.quizzes.importing.report import Report, inside
from apps.quizzes.importing.values import items, mapping, number, one_line, text
from apps.quizzes.importing.writing import MOST_QUESTIONS

DEEPEST = 20


@dataclass(frozen=True)
class Option:
    at: str
    value: str  # as a text: 5 and "5" are alike
    label: str
    key: str
    other: bool = False
    source: Any = None


@dataclass
class Asked:
    """An element that may be asked; `kind` is ours, and empty where it is not."""

    at: str
    name: str
    type: str
    source: dict[str, Any]
    shown: tuple[tuple[str, str], ...] = ()  # (path, expression) of it and what it stands in
    key: str = ""
    kind: str = ""
    title: str = ""
    options: list[Option] = field(default_factory=list)
    rows: list[Option] = field(default_factory=list)
    spec: dict[str, Any] = field(default_factory=dict)


@dataclass
class Survey:
    asked: list[Asked] = field(default_factory=list)

    def named(self, name: str) -> tuple[Asked, str] | None:
        """Return the question of a name, and the row where it is one of a matrix."""
        wanted = name.casefold()
        for one in self.asked:
            if wanted in {one.name.casefold(), text(one.source.get("valueName")).casefold()}:
                return one, ""
        for one in self.asked:
            for row in one.rows:
                if f"{one.name}.{row.value}".casefold() == wanted:
                    return one, row.key
        stem = wanted.rpartition(".")[2]  # {panel.question}
        found = [one for one in self.asked if stem != wanted and one.name.casefold() == stem]
        return (found[0], "") if len(found) == 1 else None


def words(value: object) -> str:
    """Return a text, of one in several languages the default."""
    given = mapping(value)
    if given:
        first = given.get("default") or given.get("en") or next(iter(given.values()))
        return text(first)
    return text(value)


def survey_of(source: dict[str, Any], report: Report) -> Survey:
    """Return the elements of all pages; pages and panels are reported here."""
    survey = Survey()
    for at, page in _pages(source):
        given = mapping(page)
        if not given:
            report.refused(at, "This is no page.")
            continue
        if at and _never(at, given, report):
            continue
        if at:
            _told(at, given, report, "page")
        for name in ("elements", "questions"):
            path = inside(at, name)
            for where, item in items(given.get(name), path):
                _read(survey, where, item, _conditions(at, given, ()), 1, report)
    return survey


def _pages(source: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield from items(source.get("pages"), "pages")
    if "elements" in source or "questions" in source:
        yield "", {name: source.get(name) for name in ("elements", "questions")}


def _read(
    survey: Survey,
    at: str,
    item: object,
    shown: tuple[tuple[str, str], ...],
    level: int,
    report: Report,
) -> None:
    given = mapping(item)
    kind = text(given.get("type"))
    if not given or level > DEEPEST:
        report.refused(at, "This is no element that can be read.")
        return
    if kind != "expression" and _never(at, given, report):
        return
    conditions = _conditions(at, given, shown)
    if kind == "panel":
        _told(at, given, report, "panel")
        for name in ("elements", "questions"):
            for where, inner in items(given.get(name), inside(at, name)):
                _read(survey, where, inner, conditions, level + 1, report)
        return
    if len(survey.asked) >= MOST_QUESTIONS:
        raise Unreadable(f"At most {MOST_QUESTIONS} questions can be imported.", at=at)
    name = text(given.get("name"))
    if kind == "multipletext":
        report.approximated(at, f"“{name}”: each of its fields is a question of its own.")
        rest = frozenset({"type", "name", "items", "visibleIf", "visible", "isRequired", "title"})
        report.rest(at, given, rest, "There is no such setting here.")
        for where, part in items(given.get("items"), f"{at}.items"):
            shared = {"isRequired": given.get("isRequired"), "description": given.get("title")}
            one = {**shared, **mapping(part), "type": "text"}
            inner_name = f"{name}.{text(one.get('name'))}"
            survey.asked.append(Asked(where, inner_name, "text", one, conditions))
        return
    survey.asked.append(Asked(at, name, kind, given, conditions))


def _never(at: str, given: dict[str, Any], report: Report) -> bool:
    """Refuse what is hidden for good: with a condition it is the condition that decides."""
    if given.get("visible") is not False or given.get("visibleIf"):
        return False
    title = one_line(words(given.get("title"))) or text(given.get("name"))
    report.refused(at, f"“{title}”: it is hidden there, so nobody was asked it.")
    return True


def _conditions(
    at: str, given: dict[str, Any], outer: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    own = given.get("visibleIf")
    return (*outer, (inside(at, "visibleIf"), str(own))) if own else outer


def _told(at: str, given: dict[str, Any], report: Report, noun: str) -> None:
    title = one_line(words(given.get("title"))) or text(given.get("name"))
    why = f"“{title}”: this {noun} is not shown; its questions follow one another."
    report.approximated(at, why)
    known = frozenset({"type", "name", "title", "elements", "questions", "visibleIf", "visible"})
    report.rest(at, given, known, f"A {noun} is not shown here.")


def is_exact(option: Option) -> bool:
    """Return whether the number that a choice's value is has two decimals at most."""
    given = mapping(option.source).get("value", option.source)
    kept = worth(option)
    return kept is None or Decimal(str(given).strip()) == kept


def worth(option: Option) -> Any:
    """Return the number that a choice's value is, or None."""
    given = mapping(option.source).get("value", option.source)
    if isinstance(given, str):
        try:
            given = float(given)
        except ValueError:
            return None
    return number(given)
