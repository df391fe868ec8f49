"""SurveyJS expressions read into a tree: `{plan} = 'pro' and {age} >= 18`."""

import re
from dataclasses import dataclass
from typing import Any

from apps.quizzes.importing.rules import Untranslatable

LONGEST = 10_000  # characters
TOKEN = re.compile(
    r"""\s*(?:
    (?P<name>\{[^{}]{1,300}\})
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<number>\d{1,15}(?:\.\d{1,6})?)
    |(?P<sign><>|!=|==|<=|>=|&&|\|\||[-+*/%()\[\],=<>!])
    |(?P<word>[^\W\d]\w*)
    )""",
    re.VERBOSE,
)
SAME = {
    "&&": "and",
    "||": "or",
    "==": "=",
    "equal": "=",
    "notequal": "<>",
    "!=": "<>",
    "greater": ">",
    "less": "<",
    "greaterorequal": ">=",
    "lessorequal": "<=",
    "contain": "contains",
    "notcontain": "notcontains",
    "negate": "!",
}
COMPARING = frozenset(
    {"=", "<>", "<", ">", "<=", ">=", "contains", "notcontains", "anyof", "noneof", "allof"}
)
RESERVED = COMPARING | {"and", "or", "empty", "notempty"}


@dataclass(frozen=True)
class Name:
    """A question, a row, an item or a calculated value."""

    name: str


@dataclass(frozen=True)
class Constant:
    value: str | float | bool | tuple[Any, ...]


@dataclass(frozen=True)
class Call:
    """An operator, or a function under its name with brackets: `sum()`."""

    op: str
    parts: tuple["Node", ...]


Node = Name | Constant | Call


def parsed(source: object) -> Node:
    """Return the tree. Raises Untranslatable for what is no expression."""
    if not isinstance(source, str) or not source.strip() or len(source) > LONGEST:
        raise Untranslatable("it is no expression that can be read")
    return _Parser(_tokens(source.strip())).whole()


def _tokens(source: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    while place < len(source):
        match = TOKEN.match(source, place)
        if match is None:
            raise Untranslatable(f"“{source[place : place + 20]}” in it cannot be read")
        kind = str(match.lastgroup)
        word = match[kind]
        lowered = SAME.get(word.casefold(), word.casefold())
        found.append((kind, lowered if kind in {"sign", "word"} else word))
        place = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.place = 0

    def whole(self) -> Node:
        found = self._chain("or", lambda: self._chain("and", self._comparison))
        if self.place < len(self.tokens):
            raise Untranslatable(f"“{self.tokens[self.place][1]}” in it stands where it cannot")
        return found

    def _peek(self) -> str:
        kind, word = self.tokens[self.place] if self.place < len(self.tokens) else ("", "")
        return word if kind in {"sign", "word"} else ""

    def _took(self, *words: str) -> str:
        word = self._peek()
        if word and word in words:
            self.place += 1
            return word
        return ""

    def _chain(self, op: str, part: Any) -> Node:
        parts = [part()]
        while self._took(op):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Call(op, tuple(parts))

    def _comparison(self) -> Node:
        left = self._arithmetic()
        while True:
            if word := self._took("empty", "notempty"):
                left = Call(word, (left,))
            elif word := self._took(*COMPARING):
                left = Call(word, (left, self._arithmetic()))
            else:
                return left

    def _arithmetic(self) -> Node:
        left = self._product()
        while word := self._took("+", "-"):
            left = Call(word, (left, self._product()))
        return left

    def _product(self) -> Node:
        left = self._unary()
        while word := self._took("*", "/", "%"):
            left = Call(word, (left, self._unary()))
        return left

    def _unary(self) -> Node:
        if self._took("!"):
            return Call("!", (self._unary(),))
        if self._took("-"):
            part = self._unary()
            if isinstance(part, Constant) and isinstance(part.value, float):
                return Constant(-part.value)
            return Call("-", (Constant(0.0), part))
        return self._atom()

    def _atom(self) -> Node:
        if self._took("("):
            found = self._inner()
            self._close(")")
            return found
        if self._took("["):
            parts = self._list("]")
            if not all(isinstance(one, Constant) for one in parts):
                raise Untranslatable("a list in it holds more than plain values")
            return Constant(tuple(one.value for one in parts if isinstance(one, Constant)))
        if self.place >= len(self.tokens):
            raise Untranslatable("it breaks off")
        kind, word = self.tokens[self.place]
        self.place += 1
        match kind:
            case "name":
                return Name(word[1:-1].strip().removeprefix("$"))
            case "text":
                return Constant(re.sub(r"\\(.)", r"\1", word[1:-1]))
            case "number":
                return Constant(float(word))
            case "word":
                return self._word(word)
            case _:
                raise Untranslatable(f"“{word}” in it stands where it cannot")

    def _word(self, word: str) -> Node:
        if self._took("("):
            return Call(f"{word}()", tuple(self._list(")")))
        if word in RESERVED:
            raise Untranslatable(f"“{word}” in it stands where it cannot")
        if word in {"true", "false"}:
            return Constant(word == "true")
        return Constant(word)

    def _inner(self) -> Node:
        return self._chain("or", lambda: self._chain("and", self._comparison))

    def _list(self, end: str) -> list[Node]:
        found: list[Node] = []
        while not self._took(end):
            found.append(self._inner())
            if not self._took(","):
                self._close(end)
                break
        return found

    def _close(self, end: str) -> None:
        if not self._took(end):
            raise Untranslatable(f"“{end}” is missing in it")


def names_in(node: Node) -> set[str]:
    match node:
        case Name(name):
            return {name}
        case Call(_, parts):
            return set().union(*(names_in(part) for part in parts))
        case _:
            return set()
