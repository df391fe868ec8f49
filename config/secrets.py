"""Secrets: from the environment, as themselves or as a file; the key, made once if absent."""

import os
import secrets
from pathlib import Path


def secret(name: str) -> str:
    """Return $NAME, or what the file named by $NAME_FILE holds, or an empty string.

    Raises OSError when the file is named and cannot be read: a missing secret must stop
    the start, not silently fall back to a default.
    """
    path = os.environ.get(f"{name}_FILE", "")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, "")


def load_or_make_key(path: Path) -> str:
    """Return the key kept at `path`; the first caller makes it, readable by its owner alone.

    Several processes may start at once: each writes its own candidate, one link wins.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    candidate = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(candidate, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(candidate, path)
    except FileExistsError:
        pass
    finally:
        candidate.unlink()
    return path.read_text(encoding="ascii").strip()
