"""Which of our kinds an element becomes."""

import re
from decimal import Decimal
from typing import Any

from apps.quizzes.importing.report import Report
from apps.quizzes.importing.surveyjs.asked import Asked, Option, Survey, words
from apps.quizzes.importing.surveyjs.texts import bare_lines, filled
from apps.quizzes.importing.values import (
    items,
    mapping,
    number,
    one_line,
    parted,
    text,
    whole,
)
from apps.quizzes.models.question import HELP_LENGTH
from apps.quizzes.naming import free_key

MOST_OPTIONS = 200
CHOSEN = {
    "radiogroup": "single",
    "buttongroup": "single",
    "dropdown": "dropdown",
    "checkbox": "several",
    "tagbox": "several",
    "imagepicker": "picture",
    "ranking": "ranking",
}
INPUTS = {"email": "email", "tel": "phone", "date": "date", "number": "number", "range": "number"}
PLAIN = {
    "boolean": "yes_no",
    "comment": "long_text",
    "file": "file",
    "html": "statement",
    "image": "statement",
}
REFUSED = {
    "expression": "A value that is computed is not shown; where it sums up answers, it is a scale.",
    "paneldynamic": "Panels that repeat are not asked here.",
    "matrixdynamic": "Matrices with rows of one's own are not asked here.",
    "matrixdropdown": "Matrices with several kinds of cells are not asked here.",
    "signaturepad": "Signatures are not taken here.",
    "imagemap": "Maps to click on are not shown here.",
}
OF_ALL = {"type", "name", "title", "description", "isRequired", "visibleIf", "visible"}
OF_ALL |= {"validators", "valueName", "correctAnswer"}
OF_CHOICES = {"choices", "choicesFromQuestion", "choicesOrder"} | {
    *("hasOther", "showOtherItem", "otherText", "hasNone", "showNoneItem", "noneText")
}
OF_SEVERAL = {"minSelectedChoices", "maxSelectedChoices"}
READ = {
    "boolean": {"labelTrue", "labelFalse", "valueTrue", "valueFalse"},
    "buttongroup": OF_CHOICES,
    "checkbox": OF_CHOICES | OF_SEVERAL,
    "comment": {"maxLength"},
    "dropdown": OF_CHOICES,
    "html": {"html"},
    "image": {"imageLink"},
    "imagepicker": OF_CHOICES | OF_SEVERAL | {"multiSelect"},
    "matrix": {"rows", "columns", "isAllRowRequired", "eachRowRequired"},
    "radiogroup": OF_CHOICES,
    "ranking": {"choices", "choicesFromQuestion", "choicesOrder"},
    "rating": {"rateMin", "rateMax", "rateStep", "rateValues", "rateCount"}
    | {"minRateDescription", "maxRateDescription"},
    "tagbox": OF_CHOICES | OF_SEVERAL,
    "text": {"inputType"},
}
OF_INPUTS = {"number": {"min", "max", "step"}, "text": {"maxLength"}}  # by our kind
INPUT_OF = {"email": "email", "numeric": "number"}
MOST_STEPS = 11
NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,4})?")


def told(value: object) -> Decimal | None:
    """Return a limit, which may be written as a text; a date is none."""
    given = text(value) if isinstance(value, str) else value
    if isinstance(given, str) and NUMBER.fullmatch(given):
        given = Decimal(given)
    return number(given)


class Kinds:
    def __init__(self, report: Report, survey: Survey) -> None:
        self.report = report
        self.survey = survey
        self.taken: set[str] = set()
        self.emails = 0

    def settle(self, one: Asked) -> None:
        """Give the element its kind, key, choices and limits; report it."""
        shown = words(one.source.get("title")) or words(one.source.get("html")) or one.name
        lines = bare_lines(shown)
        one.title, more = self._headed(lines, f"{one.at}.title")
        one.title = one.title or one.name or "…"
        one.key = free_key(one.name or one.title, taken=self.taken, fallback="question")
        self.taken.add(one.key)
        if one.type in CHOSEN:
            self._chosen(one)
        elif one.type == "text":
            self._text(one)
        elif one.type in PLAIN:
            self._plain(one)
        elif one.type == "rating":
            self._rating(one)
        elif one.type == "matrix":
            self._matrix(one)
        else:
            why = REFUSED.get(one.type, f"An element of type “{one.type}” is not known here.")
            self.report.refused(one.at, f"“{one.title}”: {why}")
            return
        if one.kind:
            self._common(one, more, marked=" ".join(lines) != one_line(shown))

    def _headed(self, lines: list[str], at: str) -> tuple[str, str]:
        """Return a title, and what of a long text goes on under it."""
        source = self._filled(" ".join(lines), at)
        title, more = parted(source, 300)
        if more and len(lines) > 1:
            title, more = parted(self._filled(lines[0], at), 300)
            more = "\n".join([more, *(self._filled(line, at) for line in lines[1:])]).strip()
        if more:
            self.report.approximated(at, "Longer than a title: it goes on under the question.")
        return title, more

    def _fit(self, value: str, at: str, limit: int) -> str:
        short, lost = parted(self._filled(one_line(value), at), limit)
        if lost:
            self.report.approximated(at, f"Cut to {limit} characters; left out: {lost}")
        return short

    def _filled(self, value: str, at: str) -> str:
        """Return a text with the earlier answers that it speaks of."""
        found, unknown = filled(value, self.survey)
        for name in unknown:
            why = f"It speaks of “{name}”, which is no earlier answer: it stays as written."
            self.report.approximated(at, why)
        return found

    def _told(self, one: Asked, kind: str, why: str = "") -> None:
        one.kind = kind
        if why:
            self.report.approximated(one.at, f"“{one.title}”: {why}")
        else:
            self.report.imported(one.at, f"“{one.title}”, under the key {one.key}.")

    def _common(self, one: Asked, more: str, *, marked: bool) -> None:
        if marked:
            self.report.approximated(f"{one.at}.title", "Shown as plain text, without its markup.")
        at = f"{one.at}.description"
        about = self._fit(words(one.source.get("description")), at, HELP_LENGTH)
        about, lost = parted("\n".join(part for part in (more, about) if part), HELP_LENGTH)
        if lost:
            self.report.approximated(at, f"Cut to {HELP_LENGTH} characters; left out: {lost}")
        needed = ("isRequired", "isAllRowRequired", "eachRowRequired")
        required = one.kind == "statement" or any(one.source.get(name) is True for name in needed)
        one.spec |= {"key": one.key, "kind": one.kind, "title": one.title, "help": about}
        one.spec["required"] = required
        if one.options:
            one.spec["choices"] = [
                {"key": option.key, "label": option.label, "other": option.other}
                for option in one.options
            ]
        if one.rows:
            one.spec["rows"] = [{"key": row.key, "label": row.label} for row in one.rows]
        for name in ("title", "description"):
            if len(mapping(one.source.get(name))) > 1:
                why = "Only the text of the default language is kept."
                self.report.approximated(f"{one.at}.{name}", why)
        for at, item in items(one.source.get("validators"), f"{one.at}.validators"):
            self._check(one, at, mapping(item))
        known = frozenset(
            {*OF_ALL, *READ.get(one.type, ())}
            | (OF_INPUTS.get(one.kind, set()) if one.type == "text" else set())
        )
        self.report.rest(one.at, one.source, known, "There is no such setting here.")

    def _check(self, one: Asked, at: str, given: dict[str, Any]) -> None:
        """Take in a check where it is one that the question makes by its kind or its limits."""
        kind = text(given.get("type")).removesuffix("validator")
        if kind == "email" and one.kind == "email":
            self.report.imported(at, "An email is checked anyway.")
        elif kind == "numeric" and one.kind == "number":
            self._limits(one, at, given, ("minValue", "maxValue"))
        elif kind == "answercount" and one.kind in {"several", "pictures"}:
            self._selections(one, at, given, ("minCount", "maxCount"))
        elif kind == "text" and one.kind in {"text", "long_text"} and given.get("maxLength"):
            self._longest(one, at, given)
            if given.get("minLength"):
                self.report.refused(f"{at}.minLength", "An answer may be as short as it is.")
        else:
            self.report.refused(at, f"A check of the type “{kind}” is not made here.")

    def _options(self, given: object, at: str) -> list[Option]:
        found: list[Option] = []
        taken: set[str] = set()
        for where, item in items(given, at):
            one = mapping(item)
            raw = one.get("value") if one else item
            if isinstance(raw, bool):
                raw = str(raw).lower()
            value = text(raw)
            label = self._fit(words(one.get("text")) or value, where, 200)
            if not value or len(found) == MOST_OPTIONS:
                self.report.refused(where, f"It says nothing, or is past the first {MOST_OPTIONS}.")
                continue
            key = free_key(value if len(value) < 50 else label, taken=taken, fallback="choice")
            taken.add(key)
            found.append(Option(where, value, label or value[:200], key, source=item))
            self.report.imported(where, f"“{label}”, under the key {key}.")
            rest = frozenset({"value", "text", "score"})
            self.report.rest(where, one, rest, "Choices are always offered, and as a text only.")
        return found

    def _chosen(self, one: Asked) -> None:
        other = self.survey.named(text(one.source.get("choicesFromQuestion")) or "\0")
        at, given = f"{one.at}.choices", one.source.get("choices")
        if other is not None and other[0].source.get("choices"):
            given = other[0].source["choices"]
            at = f"{one.at}.choicesFromQuestion"
            self.report.imported(at, "The choices of that question.")
        one.options = self._options(given, at)
        for names, words_of, value in (
            (("hasNone", "showNoneItem"), "noneText", "none"),
            (("hasOther", "showOtherItem"), "otherText", "other"),
        ):
            name = next((name for name in names if one.source.get(name)), "")
            if name and one.type != "ranking":
                label = words(one.source.get(words_of)) or value.capitalize()
                self._add(one, label, value, f"{one.at}.{name}")
        if not one.options:
            self.report.refused(one.at, f"“{one.title}”: It has no choices of its own.")
            return
        self._kind_of_choice(one)

    def _add(self, one: Asked, label: str, value: str, at: str) -> None:
        key = free_key(value, taken={option.key for option in one.options}, fallback=value)
        shown = self._fit(label, f"{one.at}.{value}Text", 200)
        one.options.append(Option(at, value, shown, key, other=value == "other"))
        self.report.imported(at, f"“{shown}”, under the key {key}.")

    def _kind_of_choice(self, one: Asked) -> None:
        kind = CHOSEN[one.type]
        if kind == "picture":
            kind = "pictures" if one.source.get("multiSelect") else kind
            self._told(one, kind, "the pictures do not come along: add them to the choices.")
        elif kind == "dropdown" and len({o.label.casefold() for o in one.options}) < len(
            one.options
        ):
            self._told(one, "single", "two choices read alike, so they are listed openly.")
        else:
            self._told(one, kind)
        if kind in {"several", "pictures"}:
            self._selections(one, one.at, one.source, ("minSelectedChoices", "maxSelectedChoices"))
        order = {"random": "random", "asc": "alphabetical"}.get(
            text(one.source.get("choicesOrder"))
        )
        if order:
            one.spec["order"] = order
        elif text(one.source.get("choicesOrder")) not in {"", "none"}:
            self.report.refused(f"{one.at}.choicesOrder", "There is no such order here.")

    def _selections(
        self, one: Asked, at: str, given: dict[str, Any], names: tuple[str, str]
    ) -> None:
        for theirs, ours in zip(names, ("least", "most"), strict=True):
            value = whole(given.get(theirs), len(one.options))
            if value and value >= one.spec.get("least", 0):
                one.spec[ours] = value
                self.report.imported(f"{at}.{theirs}")
            elif given.get(theirs):
                self.report.refused(f"{at}.{theirs}", "It does not fit the choices.")

    def _text(self, one: Asked) -> None:
        given = text(one.source.get("inputType")) or "text"
        checks = {
            text(mapping(item).get("type")).removesuffix("validator")
            for _, item in items(one.source.get("validators"), "")
        }
        if given == "text":  # in older surveys a check says what kind of text it is
            given = next((INPUT_OF[name] for name in INPUT_OF if name in checks), given)
        kind = INPUTS.get(given, "text")
        why = "" if given in {"text", *INPUTS} else f"any text is taken, not only “{given}”."
        if kind == "email":
            self.emails += 1
            if self.emails > 1:
                kind, why = "text", "the email is asked for already, so here it is a text."
        self._told(one, kind, why)
        if kind == "number":
            self._limits(one, one.at, one.source, ("min", "max"))
            if one.source.get("step") not in (None, 1):
                self.report.refused(f"{one.at}.step", "Any number within the limits is taken.")
        elif kind == "text":
            self._longest(one, one.at, one.source)

    def _longest(self, one: Asked, at: str, given: dict[str, Any]) -> None:
        longest = whole(given.get("maxLength"), 5_000)
        if longest:
            one.spec["longest"] = longest
            self.report.imported(f"{at}.maxLength")
        elif given.get("maxLength") not in (None, -1, 0):
            self.report.approximated(f"{at}.maxLength", "Texts have a limit of their own here.")

    def _limits(self, one: Asked, at: str, given: dict[str, Any], names: tuple[str, str]) -> None:
        for theirs, ours in zip(names, ("minimum", "maximum"), strict=True):
            value = told(given.get(theirs))
            if value is not None and value > one.spec.get("minimum", value - 1):
                one.spec[ours] = value
                self.report.imported(f"{at}.{theirs}")
            elif given.get(theirs) is not None:
                self.report.refused(f"{at}.{theirs}", "This is no limit that can be kept.")
        if all(given.get(name) is None for name in names) and at != one.at:
            self.report.imported(at, "A number is checked anyway.")

    def _plain(self, one: Asked) -> None:
        kind = PLAIN[one.type]
        why = "shown as plain text." if one.type == "html" else ""
        if one.type == "image":
            why = "the picture does not come along: add it to the statement."
        self._told(one, kind, why)
        for name in ("labelTrue", "labelFalse"):
            if one.source.get(name):
                self.report.approximated(f"{one.at}.{name}", "The answers are “Yes” and “No” here.")
        if kind == "long_text":
            self._longest(one, one.at, one.source)

    def _rating(self, one: Asked) -> None:
        if isinstance(one.source.get("rateValues"), list):
            one.options = self._options(one.source["rateValues"], f"{one.at}.rateValues")
            if one.options:
                self._told(one, "single")
            else:
                self.report.refused(one.at, f"“{one.title}”: It has no values.")
            for name in ("minRateDescription", "maxRateDescription"):
                if one.source.get(name):
                    self.report.refused(f"{one.at}.{name}", "Choices have no names at their ends.")
            return
        low = number(one.source.get("rateMin", 1))
        step = number(one.source.get("rateStep", 1)) or 1
        count = whole(one.source.get("rateCount"), 1_000) or 5
        usual = (low or 0) + (count - 1) * step if "rateCount" in one.source else 5
        high = number(one.source.get("rateMax", usual))
        if low is None or high is None or high <= low or step <= 0 or high - low < step:
            self.report.refused(one.at, f"“{one.title}”: Its values are no scale.")
            return
        one.spec |= {"minimum": low, "maximum": high, "step": step}
        many = (high - low) / step + 1 > MOST_STEPS
        why = "its steps are too many to show: one types the number." if many else ""
        self._told(one, "number" if many else "scale", why)
        for theirs, ours in (
            ("minRateDescription", "low_label"),
            ("maxRateDescription", "high_label"),
        ):
            if one.source.get(theirs):
                one.spec[ours] = self._fit(words(one.source[theirs]), f"{one.at}.{theirs}", 60)

    def _matrix(self, one: Asked) -> None:
        one.options = self._options(one.source.get("columns"), f"{one.at}.columns")
        one.rows = self._options(one.source.get("rows"), f"{one.at}.rows")
        if one.options and one.rows:
            self._told(one, "matrix")
        else:
            self.report.refused(one.at, f"“{one.title}”: It has no rows or no columns.")
