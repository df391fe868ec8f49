"""What a survey says at its end, as tiers: each of its conditions overrides the last page."""

import html
import re
from collections.abc import Mapping
from typing import Any

from apps.quizzes.importing.piping import defused
from apps.quizzes.importing.report import Report
from apps.quizzes.importing.rules import Untranslatable
from apps.quizzes.importing.surveyjs.asked import words
from apps.quizzes.importing.surveyjs.conditions import Conditions
from apps.quizzes.importing.values import cut, items, mapping, one_line, url

TAGS = re.compile(r"<[^>]*>")
MOST_PAGES = 50


def tiers_of(
    source: Mapping[str, Any], conditions: Conditions, report: Report
) -> list[dict[str, Any]]:
    """Return the tier of everybody, below those of conditions."""
    found: list[dict[str, Any]] = []
    path = "completedHtmlOnCondition"
    for at, item in items(source.get(path), path):
        given = mapping(item)
        try:
            rule = conditions.rule(given.get("expression"))
        except Untranslatable as error:
            report.refused(at, f"This last page is not shown: {error}.")
            continue
        if len(found) == MOST_PAGES:
            report.refused(at, f"At most {MOST_PAGES} last pages are kept.")
            continue
        page = _page(given.get("html"), f"Result {len(found) + 1}")
        tier = {"key": f"result-{len(found) + 1}", "override_only": True, "override": rule}
        found.append({**tier, **page})
        report.approximated(at, "A tier with a rule; its text without markup.")
    usual = {"key": "done", **_page(source.get("completedHtml"), "Thank you"), "label": "Done"}
    if source.get("completedHtml"):
        report.approximated("completedHtml", "The usual result page; its text without markup.")
    return [*found, {**usual, **_button(source, report)}]


def _page(source: object, otherwise: str) -> dict[str, str]:
    """Return headline and text of a page of HTML."""
    broken = re.sub(r"(?i)</(p|h\d|div|li)>|<br\s*/?>", "\n", words(source))
    bare = defused(html.unescape(TAGS.sub("", broken)))
    lines = [one_line(line) for line in bare.splitlines() if line.strip()]
    headline = cut(lines[0], 200) if lines else otherwise
    rest = lines[1:] if lines and headline == lines[0] else lines
    return {"label": cut(headline, 120), "headline": headline, "body": "\n\n".join(rest)}


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
