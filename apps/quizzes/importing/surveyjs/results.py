"""What a survey says at its end, as tiers: each of its conditions overrides the last page."""

from collections.abc import Mapping
from typing import Any

from apps.quizzes.importing.report import Report
from apps.quizzes.importing.rules import Untranslatable, always, folded, never
from apps.quizzes.importing.surveyjs.asked import words
from apps.quizzes.importing.surveyjs.conditions import Conditions
from apps.quizzes.importing.surveyjs.texts import NAMED, bare_lines, filled
from apps.quizzes.importing.values import items, mapping, parted, url

MOST_PAGES = 50


def tiers_of(
    source: Mapping[str, Any], conditions: Conditions, report: Report
) -> list[dict[str, Any]]:
    """Return the tier of everybody, below those of conditions; `at` is where each stands."""
    found: list[dict[str, Any]] = []
    path = "completedHtmlOnCondition"
    always_told, usual = "", source.get("completedHtml")
    for at, item in items(source.get(path), path):
        given = mapping(item)
        try:
            rule = folded(conditions.rule(given.get("expression")))
        except Untranslatable as error:
            report.refused(at, f"This last page is not shown: {error}.")
            continue
        if rule == never() or always_told:
            report.refused(at, "This last page is never shown: its condition never decides.")
            continue
        if rule == always():
            report.imported(at, "The usual result page: its condition always holds.")
            always_told, usual = f"{at}.html", given.get("html")
            continue
        if len(found) == MOST_PAGES:
            report.refused(at, f"At most {MOST_PAGES} last pages are kept.")
            continue
        page = _page(
            given.get("html"), f"Result {len(found) + 1}", f"{at}.html", conditions, report
        )
        tier = {
            "at": at,
            "key": f"result-{len(found) + 1}",
            "override_only": True,
            "override": rule,
        }
        found.append({**tier, **page})
        report.approximated(at, "A tier with a rule; its text without markup.")
    page = _page(usual, "Thank you", always_told or "completedHtml", conditions, report)
    if always_told and source.get("completedHtml"):
        report.refused("completedHtml", "It is never shown: a page above it always is.")
    elif source.get("completedHtml"):
        report.approximated("completedHtml", "The usual result page; its text without markup.")
    done = {"at": always_told or "completedHtml", "key": "done", **page, "label": "Done"}
    return [*found, {**done, **_button(source, report)}]


def _page(
    source: object, otherwise: str, at: str, conditions: Conditions, report: Report
) -> dict[str, str]:
    """Return headline and text of a page of HTML."""
    lines = bare_lines(words(source))
    told = [
        filled(line, conditions.survey, conditions.scales, conditions.counts, conditions.words)
        for line in lines
    ]
    for name in [name for _, unknown in told for name in unknown]:
        report.refused(at, f"It speaks of “{name}”, which is not imported.")
    headline, more = parted(told[0][0], 200) if told else (otherwise, "")
    label, _ = parted(NAMED.sub("…", lines[0]) if lines else otherwise, 120)
    body = [more, *(line for line, _ in told[1:])]
    return {"label": label, "headline": headline, "body": "\n\n".join(one for one in body if one)}


def _button(source: Mapping[str, Any], report: Report) -> dict[str, str]:
    given = source.get("navigateToUrl")
    if not given:
        return {}
    address = url(given)
    if not address or "{" in address:
        report.refused("navigateToUrl", "This is no web address that a button could lead to.")
        return {}
    why = "Nobody is led on unasked: it is the address of a button."
    report.approximated("navigateToUrl", why)
    return {"button_label": "Continue", "button_url": address}
