"""SurveyJS's texts as ours: without markup, and with the answers they speak of."""

import html
import re
from collections.abc import Mapping

from apps.quizzes.definition import Kind
from apps.quizzes.importing.piping import defused, spoken
from apps.quizzes.importing.surveyjs.asked import Survey
from apps.quizzes.importing.values import one_line

UNREAD = re.compile(r"(?is)<(style|script|head|title)\b.*?</\1\s*>|<!--.*?-->")
BREAKS = re.compile(r"(?i)</(p|h\d|div|li|tr)>|<br\s*/?>")
TAGS = re.compile(r"</?[a-zA-Z!][^<>]*>")  # not “< 18 or > 65”
NAMED = re.compile(r"\{([^{}]{1,300})\}")
UNSPOKEN = frozenset({Kind.STATEMENT, Kind.MATRIX, Kind.FILE})


def bare_lines(source: str) -> list[str]:
    """Return the lines that one reads of HTML: no markup, no style sheets, no scripts."""
    broken = BREAKS.sub("\n", UNREAD.sub(" ", source))
    bare = html.unescape(TAGS.sub("", broken))
    return [one_line(line) for line in bare.splitlines() if line.strip()]


def filled(
    source: str,
    survey: Survey,
    scales: Mapping[str, str] | None = None,
    counts: Mapping[str, int] | None = None,
    words: Mapping[str, tuple[str, str]] | None = None,
) -> tuple[str, list[str]]:
    """Return a text with what it speaks of in our words, and the names that stay as they are."""
    found, end, unknown = "", 0, []
    for name, number in (counts or {}).items():
        source = source.replace(f"{{{name}}}", str(number))
    for match in NAMED.finditer(source):
        name, otherwise = (words or {}).get(match[1].strip(), (match[1].strip(), ""))
        path = _path(name, survey, scales or {})
        if path is None:
            unknown.append(match[1])
            continue
        before = defused(source[end : match.start()])
        found += before + (" " if before.endswith("{") else "") + _or(spoken(*path), otherwise)
        end = match.end()
    return found + defused(source[end:]), unknown


def _or(template: str, otherwise: str) -> str:
    """Return the template with the words for where nothing was answered."""
    kept = re.sub(r"[\"\\{}%]", "", otherwise)
    return template.replace(" }}", f' | default: "{kept}" }}}}') if kept else template


def _path(name: str, survey: Survey, scales: Mapping[str, str]) -> tuple[str, ...] | None:
    if name in scales:
        return ("scores", scales[name])
    found = survey.named(name)
    if found is None or not found[0].kind:
        return None
    one, row = found
    if row:
        return ("answer", one.key, row)
    return None if one.kind in UNSPOKEN else ("answer", one.key)
