"""Rich text: Markdown by marketers, turned into HTML that can do no harm."""

from collections.abc import Iterator
from dataclasses import dataclass

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = frozenset(
    {"a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "hr", "img", "li", "ol"}
    | {"p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
)
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "th": {"align"},
    "td": {"align"},
}
SCHEMES = frozenset({"http", "https", "mailto", "tel"})

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).enable(
    ["table", "strikethrough"]
)


def render(markdown: str) -> SafeString:
    """Return Markdown as HTML of a small closed set of tags; raw HTML in it shows as text."""
    return mark_safe(clean(_markdown.render(markdown)))  # noqa: S308 - nh3 has just cleaned it


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph or item of a list as plain text."""

    kind: str  # "heading", "paragraph" or "item"
    text: str


def blocks(markdown: str) -> Iterator[Block]:
    """Yield Markdown as plain text, for where no HTML can be: a PDF, a description."""
    kind, depth = "paragraph", 0
    for token in _markdown.parse(markdown):
        if token.type in {"list_item_open", "list_item_close"}:
            depth += token.nesting
        elif token.type == "heading_open":
            kind = "heading"
        elif token.type == "inline":
            text = "".join(_plain(child) for child in token.children or ()).strip()
            if text:
                yield Block("item" if depth and kind != "heading" else kind, text)
            kind = "paragraph"
        elif token.type in {"fence", "code_block"} and token.content.strip():
            yield Block("paragraph", token.content.strip())


def _plain(token: Token) -> str:
    return " " if token.type in {"softbreak", "hardbreak"} else token.content


def clean(html: str) -> str:
    """Return HTML with every tag, attribute and scheme outside the closed sets removed."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer",
    )
