"""Make the README's pictures from the demonstration company: `make screenshots`.

python -m tests.journeys.screenshots [path/to/CDNOW_master.txt]
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from playwright.sync_api import Browser, sync_playwright  # noqa: E402 - settings come first

from apps.demo.company import LISTENERS, PASSWORD, VENUES  # noqa: E402
from tests import chromium  # noqa: E402
from tests.journeys.visiting import Visitor  # noqa: E402
from tests.quizzes.importing.forms import small  # noqa: E402
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
    take_report(marketer)
    dry_run(marketer)
    take_why(marketer)
    take_editor(marketer)
    take_segment_pages(marketer)

    sales = Visitor(browser, url, viewport=DESK)
    sales.sign_in("sales@northlight.example", PASSWORD)
    sales.page.goto("/leads/")
    take(sales, "leads")
    take_studio(marketer)
    take_import(marketer)
    take_backtest(marketer)
    take_result(respondent)


def take_report(marketer: Visitor) -> None:
    """Have the sprawl report worked out; take its findings and its two charts."""
    page = marketer.page
    page.goto("/admin/segments/report/")
    marketer.press("Work it out")
    page.get_by_role("button", name="Work it out again").wait_for()
    take(marketer, "sprawl-report")
    page.evaluate("scrollTo(0, document.querySelector('figure.chart').offsetTop - 72)")
    take(marketer, "sprawl-charts")


def take_segment_pages(marketer: Visitor) -> None:
    """The list, a ladder that is arranged anew, and what that did to one rung."""
    page = marketer.page
    page.goto("/admin/segments/")
    take(marketer, "segments")
    page.goto("/admin/segments/ladders/lifecycle/")
    for place in (2, 1):
        page.get_by_role("link", name="Move Cooling down up").click()
        page.locator(f".rungs li:nth-child({place})", has_text="Cooling down").wait_for()
    page.locator("#effects table").wait_for()
    take(marketer, "ladder")
    marketer.press("Apply")
    page.locator("#ladder .note.warning").wait_for(state="detached")
    page.goto("/admin/segments/")
    page.get_by_role("link", name="Cooling down", exact=True).click()
    page.get_by_role("link", name="Where members came from").click()
    take(marketer, "segment-flow")


def dry_run(marketer: Visitor) -> None:
    """Rehearse that customers stay active for half a year."""
    marketer.page.goto("/admin/segments/")
    marketer.page.get_by_role("link", name="Active customers").click()
    marketer.page.get_by_role("link", name="Edit").click()
    marketer.press("Show as JSON")
    source = marketer.page.get_by_label("The rule as JSON")
    source.fill(source.input_value().replace("90d", "180d"))
    marketer.press("See what this would do")
    marketer.page.get_by_role("heading", name="What saving Active customers would do").wait_for()
    marketer.page.locator("#entering").wait_for(timeout=60_000)
    take(marketer, "dry-run")


def take_why(marketer: Visitor) -> None:
    marketer.page.goto("/admin/segments/")
    marketer.page.get_by_role("link", name="Active customers").click()
    marketer.page.locator("#members td.num a").first.click()
    take(marketer, "segment-why")


NESTED = {
    "all": [
        {"trait": "contact.email", "op": "ends_with", "value": ".example"},
        {
            "any": [
                {
                    "event": "order_completed",
                    "where": [{"property": "total", "op": "at_least", "value": 50}],
                    "count": {"op": "at_least", "value": 2},
                    "within": "90d",
                },
                {
                    "all": [
                        {"trait": "contact.country", "op": "one_of", "value": ["DE", "AT"]},
                        {"event": "page_viewed", "last": {"op": "in_last", "value": "14d"}},
                    ]
                },
            ]
        },
    ]
}
DOUBTFUL = {
    "all": [
        {"segment": "active-customers"},
        {"event": "order_completed", "count": {"op": "at_least", "value": 2}, "within": "30d"},
        {"any": [{"event": "order_completed"}, {"event": "deal_won"}]},
    ]
}


def take_editor(marketer: Visitor) -> None:
    """Take the guide's pictures of the editor: groups, the search, and what is proved."""
    page = marketer.page
    page.set_viewport_size({**DESK, "height": 1_000})
    write(marketer, NESTED)
    page.get_by_label("Name").fill("Worth a call")
    page.get_by_label("More for condition 2.1").click()
    take(marketer, "editor-nested")
    page.set_viewport_size(DESK)
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Condition 1 is about").click()
    page.keyboard.type("tier")
    take(marketer, "editor-search")
    page.keyboard.press("Escape")
    write(marketer, DOUBTFUL)
    page.get_by_label("Name").fill("Busy customers")
    page.locator("#proof .remark").wait_for()
    take(marketer, "editor-proved")


def take_studio(marketer: Visitor) -> None:
    """Take a question with its grid and preview, the tiers, and what is proved of a mistake."""
    page = marketer.page
    page.set_viewport_size({"width": 1360, "height": 780})
    page.goto(f"/admin/quizzes/quiz/?q={VENUES}")
    page.locator("#result_list tbody a").first.click()
    page.frame_locator("iframe").locator("h1").wait_for()
    take(marketer, "studio")
    page.get_by_role("link", name="Tiers", exact=True).click()
    take(marketer, "studio-tiers")
    start = page.locator("#id_tiers-2-starts_at")
    start.fill("400")
    page.locator("#proof").get_by_text("cannot be reached").first.wait_for()
    page.locator("#proof").evaluate("proof => scrollTo(0, proof.offsetTop - 72)")
    take(marketer, "studio-proof")


def take_import(marketer: Visitor) -> None:
    page = marketer.page
    page.set_viewport_size(DESK)
    page.goto("/admin/quizzes/import/")
    content = json.dumps(small()).encode()
    page.get_by_label("JSON file").set_input_files(
        [{"name": "form.json", "mimeType": "application/json", "buffer": content}]
    )
    marketer.press("Import it as a draft")
    page.get_by_role("link", name="Open the quiz").wait_for()
    take(marketer, "import-report")


def take_backtest(marketer: Visitor) -> None:
    """Let the highest tier begin two points lower, and try that."""
    page = marketer.page
    page.goto(f"/admin/quizzes/quiz/?q={VENUES}")
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("link", name="Tiers", exact=True).click()
    start = page.locator("#id_tiers-2-starts_at")
    start.fill(str(float(start.input_value()) - 2))
    page.locator("#save").click()
    page.locator(".messagelist").wait_for()
    page.get_by_role("link", name="Settings and scales").click()
    page.get_by_role("link", name="the plain form").click()
    page.get_by_role("button", name=re.compile("^Back-test")).click()
    page.get_by_role("heading", name="Publish it?").wait_for(timeout=60_000)
    take(marketer, "backtest")


def take_result(respondent: Visitor) -> None:
    """Take the other quiz to its result."""
    respondent.page.goto(f"/q/{LISTENERS}/")
    respondent.take_quiz(email="ada@screenshots.example")
    take(respondent, "result")


def write(marketer: Visitor, rule: object) -> None:
    marketer.page.goto("/admin/segments/new/")
    marketer.press("Show as JSON")
    marketer.page.get_by_label("The rule as JSON").fill(json.dumps(rule))
    marketer.press("Show as conditions")
    marketer.page.locator(".builder").wait_for()


def take(visitor: Visitor, name: str) -> None:
    path = FOLDER / f"{name}.png"
    visitor.page.wait_for_load_state("networkidle")
    visitor.page.screenshot(path=path, animations="disabled")
    if path.stat().st_size > MAX_BYTES:
        raise SystemExit(f"{path.name} is too large for the README")


if __name__ == "__main__":
    main()
