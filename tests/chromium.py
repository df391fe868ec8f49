"""The browser of the browser tests: found, or installed by whoever can.

`python -m tests.chromium` sees to it that there is one.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Return the path of this machine's own Chromium; None leaves the choice to Playwright."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def ensure() -> None:
    if find() is None and not _installed_by_apt():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def _installed_by_apt() -> bool:
    """Install Debian's Chromium where we are root there; tell whether one is found now."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-qq", "-y", "chromium"]):
        if subprocess.run(["apt-get", *words], check=False, env=environment).returncode:
            return False
    return find() is not None


if __name__ == "__main__":
    ensure()
