"""Which of our kinds an element becomes."""

import html
import re

from apps.quizzes.importing.piping import defused
from apps.quizzes.importing.report import Report
from apps.quizzes.importing.surveyjs.asked import Asked, Option, Survey, words
from apps.quizzes.importing.values import cut, items, mapping, number, one_line, text, whole
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
PLAIN = {"boolean": "yes_no", "comment": "long_text", "html": "statement", "image": "statement"}
REFUSED = {
    "expression": "A value that is computed is not shown; where it sums up answers, it is a scale.",
    "file": "Files are asked for by a question of the kind “File upload”: add one by hand.",
    "paneldynamic": "Panels that repeat are not asked here.",
    "matrixdynamic": "Matrices with rows of one's own are not asked here.",
    "matrixdropdown": "Matrices with several kinds of cells are not asked here.",
    "signaturepad": "Signatures are not taken here.",
    "imagemap": "Maps to click on are not shown here.",
}
TAGS = re.compile(r"<[^>]*>")
READ = frozenset(
    {"type", "name", "title", "description", "isRequired", "visibleIf", "choices", "rows"}
    | {"columns", "inputType", "min", "max", "minValueExpression", "rateMin", "rateMax"}
    | {"rateStep", "rateValues", "rateCount", "minRateDescription", "maxRateDescription"}
    | {"maxLength", "html", "choicesFromQuestion", "choicesOrder", "hasOther", "showOtherItem"}
    | {"otherText", "hasNone", "showNoneItem", "noneText", "multiSelect", "validators", "step"}
    | {"minSelectedChoices", "maxSelectedChoices", "correctAnswer", "labelTrue", "labelFalse"}
    | {"valueTrue", "valueFalse", "minSelected", "maxSelected", "expression", "imageLink"}
)
MOST_STEPS = 11


class Kinds:
    def __init__(self, report: Report, survey: Survey) -> None:
        self.report = report
        self.survey = survey
        self.taken: set[str] = set()
        self.emails = 0

    def settle(self, one: Asked) -> None:
        """Give the element its kind, key, choices and limits; report it."""
        shown = words(one.source.get("title")) or words(one.source.get("html")) or one.name
        bare = html.unescape(TAGS.sub(" ", shown))
        one.title = self._fit(bare, f"{one.at}.title", 300) or one.name or "…"
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
            self._common(one, bare if shown != bare else "")

    def _fit(self, value: str, at: str, limit: int) -> str:
        source = one_line(value)
        short = cut(source, limit)
        if short != source:
            lost = source[len(short) - 1 :]
            self.report.approximated(at, f"Cut to {limit} characters; left out: {lost}")
        if "{" in short and re.search(r"\{[^{}]+\}", short):
            self.report.approximated(at, "Earlier answers are not put into this text.")
        return cut(defused(short), limit)

    def _told(self, one: Asked, kind: str, why: str = "") -> None:
        one.kind = kind
        if why:
            self.report.approximated(one.at, f"“{one.title}”: {why}")
        else:
            self.report.imported(one.at, f"“{one.title}”, under the key {one.key}.")

    def _common(self, one: Asked, bare: str) -> None:
        if bare:
            self.report.approximated(f"{one.at}.title", "Shown as plain text, without its markup.")
        about = self._fit(
            words(one.source.get("description")), f"{one.at}.description", HELP_LENGTH
        )
        required = one.kind == "statement" or one.source.get("isRequired") is True
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
            kind = text(mapping(item).get("type"))
            self.report.refused(at, f"A check of the type “{kind}” is not made here.")
        self.report.rest(one.at, one.source, READ, "There is no such setting here.")

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
            if any(one.source.get(name) for name in names) and one.type != "ranking":
                self._add(one, words(one.source.get(words_of)) or value.capitalize(), value)
        if not one.options:
            self.report.refused(one.at, f"“{one.title}”: It has no choices of its own.")
            return
        self._kind_of_choice(one)

    def _add(self, one: Asked, label: str, value: str) -> None:
        key = free_key(value, taken={option.key for option in one.options}, fallback=value)
        shown = self._fit(label, f"{one.at}.{value}Text", 200)
        one.options.append(Option(one.at, value, shown, key, other=value == "other"))

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
            self._selections(one)
        order = {"random": "random", "asc": "alphabetical"}.get(
            text(one.source.get("choicesOrder"))
        )
        if order:
            one.spec["order"] = order
        elif text(one.source.get("choicesOrder")) not in {"", "none"}:
            self.report.refused(f"{one.at}.choicesOrder", "There is no such order here.")

    def _selections(self, one: Asked) -> None:
        for theirs, ours in (("minSelectedChoices", "least"), ("maxSelectedChoices", "most")):
            value = whole(one.source.get(theirs), len(one.options))
            if value and value >= one.spec.get("least", 0):
                one.spec[ours] = value
                self.report.imported(f"{one.at}.{theirs}")
            elif one.source.get(theirs):
                self.report.refused(f"{one.at}.{theirs}", "It does not fit the choices.")

    def _text(self, one: Asked) -> None:
        given = text(one.source.get("inputType")) or "text"
        kind = INPUTS.get(given, "text")
        why = "" if given in {"text", *INPUTS} else f"any text is taken, not only “{given}”."
        if kind == "email":
            self.emails += 1
            if self.emails > 1:
                kind, why = "text", "the email is asked for already, so here it is a text."
        self._told(one, kind, why)
        if kind == "number":
            self._limits(one)
        longest = whole(one.source.get("maxLength"), 5_000)
        if longest and kind == "text":
            one.spec["longest"] = longest

    def _limits(self, one: Asked) -> None:
        for theirs, ours in (("min", "minimum"), ("max", "maximum")):
            value = number(one.source.get(theirs))
            if value is not None and value > one.spec.get("minimum", value - 1):
                one.spec[ours] = value
                self.report.imported(f"{one.at}.{theirs}")
            elif one.source.get(theirs) is not None:
                self.report.refused(f"{one.at}.{theirs}", "This is no limit that can be kept.")
        if one.source.get("step") not in (None, 1):
            self.report.refused(f"{one.at}.step", "Any number within the limits is taken.")

    def _plain(self, one: Asked) -> None:
        kind = PLAIN[one.type]
        why = "shown as plain text." if one.type == "html" else ""
        if one.type == "image":
            why = "the picture does not come along: add it to the statement."
        self._told(one, kind, why)
        for name in ("labelTrue", "labelFalse"):
            if one.source.get(name):
                self.report.approximated(f"{one.at}.{name}", "The answers are “Yes” and “No” here.")
        longest = whole(one.source.get("maxLength"), 5_000)
        if longest and kind == "long_text":
            one.spec["longest"] = longest

    def _rating(self, one: Asked) -> None:
        if isinstance(one.source.get("rateValues"), list):
            one.options = self._options(one.source["rateValues"], f"{one.at}.rateValues")
            if one.options:
                self._told(one, "single")
            else:
                self.report.refused(one.at, f"“{one.title}”: It has no values.")
            return
        low = number(one.source.get("rateMin", 1))
        high = number(one.source.get("rateMax", one.source.get("rateCount", 5)))
        step = number(one.source.get("rateStep", 1)) or 1
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
