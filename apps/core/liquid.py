"""The marketer's templates: Liquid, cut down to what a text needs and fenced in.

Templates come from marketers, values from respondents. A value is never parsed as a template,
and where the output is Markdown its every special character becomes a character reference,
which cannot open a link, a tag or a list wherever it stands.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, TextIO

from liquid import DictLoader, Environment
from liquid.builtin.output import Output, OutputNode
from liquid.context import RenderContext
from liquid.exceptions import LiquidError
from liquid.stringify import to_liquid_string
from liquid.template import BoundTemplate

# fmt: off
TAGS: Final = frozenset((
    "#", "assign", "break", "case", "comment", "content", "continue", "for", "if", "illegal",
    "output", "raw", "unless",
))
FILTERS: Final = frozenset((
    "append", "capitalize", "date", "default", "divided_by", "downcase", "first", "join", "last",
    "minus", "plus", "prepend", "remove", "replace", "round", "size", "slice", "split", "strip",
    "times", "truncate", "truncatewords", "upcase", "url_encode",
))
# fmt: on
SPECIAL = re.compile(r"[!-/:-@\[-`{-~]")  # ASCII punctuation: all that Markdown or HTML may read
BLANK = re.compile(r"[\s\x00-\x1f\x7f]+")


class TemplateError(ValueError):
    """A template that cannot be used; the message tells its author why."""


def one_line(value: str) -> str:
    """Collapse blanks, line ends and control characters: a value cannot begin a new line."""
    return BLANK.sub(" ", value).strip()


def as_markdown(value: str) -> str:
    """Return the value so that Markdown shows it as it is."""
    return SPECIAL.sub(lambda match: f"&#{ord(match[0])};", one_line(value))


class ValueNode(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = to_liquid_string(self.expression.evaluate(context), autoescape=False)
        escape = as_markdown if isinstance(context.env, MarkdownEnvironment) else one_line
        return buffer.write(escape(value))


class ValueOutput(Output):
    node_class = ValueNode


class TextEnvironment(Environment):
    """Liquid without files, without most tags and filters, within limits."""

    block_nesting_limit = 10
    context_depth_limit = 10
    loop_iteration_limit = 1_000
    local_namespace_limit = 100_000  # bytes
    output_stream_limit = 200_000  # bytes

    def __init__(self) -> None:
        super().__init__(loader=DictLoader({}))
        self.add_tag(ValueOutput)
        self.tags = {name: tag for name, tag in self.tags.items() if name in TAGS}
        self.filters = {name: call for name, call in self.filters.items() if name in FILTERS}


class MarkdownEnvironment(TextEnvironment):
    """The same for a template whose output is Markdown: values are escaped for it."""


PLAIN: Final = TextEnvironment()
MARKDOWN: Final = MarkdownEnvironment()


def render(source: str, *, known: Mapping[str, object], markdown: bool) -> str:
    """Fill in a template; raise TemplateError where that cannot be done."""
    template = parsed(source, markdown=markdown)
    try:
        return template.render(**known)
    except (LiquidError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise TemplateError(_explain(error)) from None
    except RecursionError:
        raise TemplateError("The template is nested too deeply.") from None


@lru_cache(maxsize=256)
def parsed(source: str, *, markdown: bool) -> BoundTemplate:
    try:
        return (MARKDOWN if markdown else PLAIN).from_string(source)
    except LiquidError as error:
        raise TemplateError(_explain(error)) from None
    except RecursionError:
        raise TemplateError("The template is nested too deeply.") from None


def _explain(error: Exception) -> str:
    text = str(getattr(error, "message", None) or error).strip().splitlines()
    reason = text[0] if text else type(error).__name__
    return f"The template cannot be read: {reason[:200]}"
