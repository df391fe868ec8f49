"""Typeform's texts as ours: *bold*, _italic_ and recalled answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.quizzes.importing.piping import defused, spoken
from apps.quizzes.importing.report import Report
from apps.quizzes.importing.typeform.asked import Asked
from apps.quizzes.importing.values import one_line, parted, text

RECALL = re.compile(r"\{\{\s*(field|hidden|var)\s*:\s*([^{}\s][^{}]{0,200}?)\s*\}\}")
BOLD = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
JOINED = re.compile(r"(?<![\w*])\*(?=[^\s*])[^*\n]*(?:\*\*[^*\n]+)+\*(?![\w*])")
STRONG = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*")
ITALIC = re.compile(r"(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)")


@dataclass
class Texts:
    """Turns texts into ours, and reports what of them does not come along."""

    report: Report
    asked: Mapping[str, Asked]  # by ref
    hidden: Mapping[str, str] = field(default_factory=dict)  # our name by theirs
    scales: Mapping[str, str] = field(default_factory=dict)  # key by variable
    constants: Mapping[str, str] = field(default_factory=dict)  # variables that never change
    deciding: str = ""  # the variable whose value is the name of the tier

    def plain(self, value: object, at: str, limit: int) -> str:
        """Return a line of plain text, with what it speaks of."""
        return self._fit(self._line(value, at), at, limit)

    def headed(self, value: object, at: str, limit: int) -> tuple[str, str]:
        """Return a title, and what of a long text goes on under it."""
        title, more = parted(self._line(value, at), limit)
        if more:
            self.report.approximated(at, "Longer than a title: it goes on under the question.")
        return title, more

    def _line(self, value: object, at: str) -> str:
        source = text(value)
        bare = ITALIC.sub(r"\1", STRONG.sub(r"\1", BOLD.sub(r"\1", _joined(source))))
        if bare != source:
            self.report.approximated(at, "Bold and italic are shown as plain text here.")
        if "\n" in bare:
            self.report.approximated(at, "Its lines stand in one.")
        return one_line(self._filled(bare, at))

    def markdown(self, value: object, at: str, limit: int = 20_000) -> str:
        source = _joined(text(value))
        return self._fit(
            self._filled(ITALIC.sub(r"*\1*", BOLD.sub(r"**\1**", source)), at), at, limit
        )

    def _filled(self, value: str, at: str) -> str:
        found, end = "", 0
        for match in RECALL.finditer(value):
            found += defused(value[end : match.start()]) + self._recalled(match, at)
            end = match.end()
        rest = found + defused(value[end:])
        if "{ {" in rest and "{ {" not in value:
            self.report.approximated(at, "“{{” is written “{ {”: it would be read as a template.")
        return rest

    def _recalled(self, match: re.Match[str], at: str) -> str:
        name = match[2]
        if match[1] == "var" and name in self.constants:
            return defused(self.constants[name])
        path = self._path(match[1], name)
        if path is None:
            self.report.refused(at, f"It speaks of {match[1]} {name}, which is not imported.")
            return ""
        return spoken(*path)

    def _path(self, root: str, name: str) -> tuple[str, ...] | None:
        if root == "hidden":
            return ("hidden", self.hidden[name]) if name in self.hidden else None
        if root == "var" and name == self.deciding:
            return ("tier",)
        if root == "var":
            return ("scores", self.scales[name]) if name in self.scales else None
        one = self.asked.get(name)
        if one is not None:
            return ("answer", one.key) if one.kind and one.kind != "statement" else None
        for other in self.asked.values():
            if name in other.parts:
                return ("answer", other.key, other.parts[name])
            row = next((row for row in other.rows if row.ref == name), None)
            if row is not None and other.kind == "matrix":
                return ("answer", other.key, row.key)
        return None

    def _fit(self, value: str, at: str, limit: int) -> str:
        short, lost = parted(value, limit)
        if lost:
            self.report.approximated(at, f"Cut to {limit} characters; left out: {lost}")
        return short


def _joined(source: str) -> str:
    """Return a text in which bold goes on over what it speaks of: *Hi **{{…}}**, you*."""
    return JOINED.sub(lambda match: match[0].replace("**", ""), source)
