"""What a text of ours speaks of, as it is written into it."""

import re

PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def spoken(root: str, *path: str) -> str:
    """Return the template of one value: `{{ answer.size }}`."""
    steps = (f".{name}" if PLAIN.fullmatch(name) else f'["{name}"]' for name in path)
    return f"{{{{ {root}{''.join(steps)} }}}}"


def defused(value: str) -> str:
    """Return a text of the source in which nothing can be read as a template."""
    return value.replace("{{", "{ {").replace("{%", "{ %")
