"""Make the README's pictures from the demonstration company: `make screenshots`.

python -m tests.journeys.screenshots [path/to/CDNOW_master.txt]
"""

import os
import sys
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from playwright.sync_api import Browser, sync_playwright  # noqa: E402 - settings come first

from apps.demo.company import PASSWORD, VENUES  # noqa: E402
from tests import chromium  # noqa: E402
from tests.journeys.visiting import Visitor  # noqa: E402
from tests.running import installation  # noqa: E402

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
PHONE = {"width": 390, "height": 660}
DESK = {"width": 1280, "height": 860}
MAX_BYTES = 150_000


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, installation(Path(directory)) as site:
        site.manage("demo", *sys.argv[1:])
        site.manage("collectstatic", "--no-input", "-v0")
        site.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium.find(), args=["--no-sandbox"]
            )
            take_all(browser, f"http://127.0.0.1:{site.port}")
            browser.close()


def take_all(browser: Browser, url: str) -> None:
    respondent = Visitor(browser, url, viewport=PHONE, device_scale_factor=2)
    respondent.page.goto(f"/q/{VENUES}/")
    respondent.press("Start")
    respondent.page.get_by_label("In a café or restaurant").check()
    respondent.press("Continue")
    respondent.page.get_by_label("2 to 5").check()
    take(respondent, "quiz")

    marketer = Visitor(browser, url, viewport=DESK)
    marketer.sign_in("marketer@northlight.example", PASSWORD)
    marketer.page.goto("/admin/segments/")
    marketer.page.get_by_role("link", name="Hot venue leads").click()
    marketer.page.get_by_role("link", name="Edit").click()
    take(marketer, "segment-editor")

    sales = Visitor(browser, url, viewport=DESK)
    sales.sign_in("sales@northlight.example", PASSWORD)
    sales.page.goto("/leads/")
    take(sales, "leads")


def take(visitor: Visitor, name: str) -> None:
    path = FOLDER / f"{name}.png"
    visitor.page.wait_for_load_state("networkidle")
    visitor.page.screenshot(path=path, animations="disabled")
    if path.stat().st_size > MAX_BYTES:
        raise SystemExit(f"{path.name} is too large for the README")


if __name__ == "__main__":
    main()
