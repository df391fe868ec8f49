"""One field as a question's spec, with a line for everything in it that stays behind."""

from typing import Any

from apps.quizzes.importing.typeform.asked import Asked, Option
from apps.quizzes.importing.typeform.endings import NO_PICTURE
from apps.quizzes.importing.typeform.texts import Texts
from apps.quizzes.importing.values import cut, items, mapping, parted
from apps.quizzes.models.question import HELP_LENGTH

NO_PLACE = "There is no such setting here."
OF_FIELDS = frozenset({"id", "ref", "title", "type", "properties", "validations", "attachment"})
OF_CHOICES = frozenset({"id", "ref", "label", "attachment"})
OF_ROWS = frozenset({"id", "ref", "title", "type", "properties", "validations"})
PROPERTIES = {
    "address": {"fields"},
    "contact_info": {"fields"},
    "dropdown": {"choices", "randomize", "alphabetical_order", "allow_multiple_selection"},
    "matrix": {"fields"},
    "multiple_choice": {"choices", "randomize", "allow_multiple_selection", "allow_other_choice"},
    "nps": {"labels", "steps"},
    "opinion_scale": {"labels", "steps", "start_at_one"},
    "picture_choice": {"choices", "randomize", "allow_multiple_selection", "allow_other_choice"},
    "ranking": {"choices", "randomize"},
    "rating": {"steps", "labels"},
}
VALIDATIONS = {
    "multiple_choice": {"min_selection", "max_selection"},
    "picture_choice": {"min_selection", "max_selection"},
    "dropdown": {"min_selection", "max_selection"},
    "number": {"min_value", "max_value"},
    "short_text": {"max_length"},
    "long_text": {"max_length"},
    "website": {"max_length"},
}


def question_of(one: Asked, texts: Texts) -> dict[str, Any]:
    """Return the spec of a field that is asked."""
    at, properties = one.at, one.properties
    shown, more = texts.headed(one.source.get("title"), f"{at}.title", 300)
    about = f"{at}.properties.description"
    below = texts.plain(properties.get("description"), about, HELP_LENGTH)
    below, lost = parted("\n".join(part for part in (more, below) if part), HELP_LENGTH)
    if lost:
        texts.report.approximated(about, f"Cut to {HELP_LENGTH} characters; left out: {lost}")
    found: dict[str, Any] = {
        "key": one.key,
        "kind": one.kind,
        "title": shown or "…",
        "help": below,
        "required": _required(one),
        **one.spec,
    }
    if one.kind == "consent":
        found["consent"] = texts.headed(one.source.get("title"), at, 1000)[0] or "I accept"
    if one.options and one.kind in {"matrix", "ranking", "single", "several", "dropdown"} | {
        "picture",
        "pictures",
    }:
        found["choices"] = [_choice(option, texts) for option in one.options]
    if one.rows:
        found["rows"] = [
            {"key": row.key, "label": texts.plain(row.label, f"{row.at}.title", 300)}
            for row in one.rows
        ]
    found |= _labels(one, texts)
    _report_rest(one, texts)
    return found


def _required(one: Asked) -> bool:
    if one.kind == "statement":
        return True
    rows = (mapping(row) for _, row in items(one.properties.get("fields"), ""))
    checks = [one.validations, *(mapping(row.get("validations")) for row in rows)]
    return any(bool(check.get("required")) for check in checks)


def _choice(option: Option, texts: Texts) -> dict[str, Any]:
    label = texts.plain(option.label, f"{option.at}.label", 200) or option.key
    return {"key": option.key, "label": label, **({"other": True} if option.other else {})}


def _labels(one: Asked, texts: Texts) -> dict[str, str]:
    given = mapping(one.properties.get("labels"))
    found = {}
    for theirs, ours in (("left", "low_label"), ("right", "high_label")):
        at = f"{one.at}.properties.labels.{theirs}"
        if given.get(theirs):
            found[ours] = cut(texts.plain(given[theirs], at, 60), 60)
            texts.report.imported(at)
    if given.get("center"):
        at = f"{one.at}.properties.labels.center"
        texts.report.refused(at, "Only the ends of a scale are named here.")
    return found if one.kind in {"scale", "rating", "nps", "number"} else {}


def _report_rest(one: Asked, texts: Texts) -> None:
    report = texts.report
    report.rest(one.at, one.source, OF_FIELDS, "How it is laid out is not imported.")
    if one.source.get("attachment"):
        report.refused(f"{one.at}.attachment", NO_PICTURE)
    known = frozenset({"description", *PROPERTIES.get(one.type, ())})
    report.rest(f"{one.at}.properties", one.properties, known, NO_PLACE)
    checks = frozenset({"required", *VALIDATIONS.get(one.type, ())})
    report.rest(f"{one.at}.validations", one.validations, checks, NO_PLACE)
    for at, item in items(one.properties.get("choices"), f"{one.at}.properties.choices"):
        choice = mapping(item)
        if choice.get("attachment"):
            report.refused(f"{at}.attachment", NO_PICTURE)
        report.rest(at, choice, OF_CHOICES, NO_PLACE)
    if one.type == "matrix":
        for at, item in items(one.properties.get("fields"), f"{one.at}.properties.fields"):
            report.rest(at, item, OF_ROWS, NO_PLACE)
