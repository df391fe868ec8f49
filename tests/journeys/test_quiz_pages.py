"""The pages around a quiz in a real browser: beginning, look, result, trying and re-scoring."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.demo.company import VENUES
from tests.journeys.test_pages import MARKETER, NOBODY, findings, visitors  # noqa: F401
from tests.journeys.visiting import Visitor
from tests.quizzes.importing.forms import small

pytestmark = pytest.mark.browser


def bring(visitor: Visitor, content: bytes) -> None:
    visitor.page.goto("/admin/quizzes/import/")
    file = {"name": "form.json", "mimeType": "application/json", "buffer": content}
    visitor.page.get_by_label("JSON file").set_input_files([file])  # type: ignore[list-item]
    visitor.press("Import it as a draft")


def open_quiz(page: Page, slug: str) -> None:
    """Open the plain form of a quiz."""
    page.goto(f"/admin/quizzes/quiz/?q={slug}")
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("link", name="Settings and scales").click()
    page.get_by_role("link", name="the plain form").click()


def test_nothing_is_wrong_with_importing_a_form(
    visitors: dict[str, Visitor],  # noqa: F811
) -> None:
    visitor = visitors[MARKETER]
    visitor.page.goto("/admin/quizzes/import/")
    assert findings(visitor) == []
    bring(visitor, b"{}")
    expect(visitor.page.get_by_role("alert")).to_contain_text("no form of Typeform")
    visitor.complaints.clear()  # the console names the status
    assert findings(visitor) == []
    bring(visitor, json.dumps(small()).encode())
    visitor.page.wait_for_url(re.compile("/report/"))
    assert findings(visitor) == []


def test_nothing_is_wrong_with_a_template_and_its_theme(
    visitors: dict[str, Visitor],  # noqa: F811
) -> None:
    visitor = visitors[MARKETER]
    page = visitor.page
    page.goto("/admin/quizzes/templates/")
    assert findings(visitor) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name=re.compile("^Use this")).nth(2).click()
    page.get_by_role("button", name="Publish version 1").click()
    page.get_by_role("link", name="Settings and scales").click()
    studio = page.url
    page.get_by_role("link", name="the plain form").click()
    page.wait_for_url(re.compile("/change/"))
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert findings(visitor) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_label("Colours and font of its own").check()
    page.locator("#id_theme_light_text").fill("#dddddd")
    page.locator("[name=_continue]").click()
    expect(page.locator(".errorlist").first).to_contain_text("Too little contrast")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.locator("#id_theme_light_text").fill("#101010")
    page.locator("#id_theme_light_accent").fill("#7a2048")
    page.locator("#id_chart").select_option("gauge")
    page.locator("#id_shareable").check()
    page.locator("#id_downloadable").check()
    page.locator("[name=_continue]").click()
    expect(page.locator(".messagelist")).to_contain_text("changed successfully")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert findings(visitor) == []
    page.goto(studio)
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.get_by_text("The draft is the same as version 2.")).to_be_visible()
    address = page.locator(".page-head a").get_attribute("href")
    look_at_the_result(visitors[NOBODY], str(address))


def look_at_the_result(visitor: Visitor, address: str) -> None:
    """Take a quiz with colours of its own; keep its result as PDF, share it, take that back."""
    page = visitor.page
    page.emulate_media(color_scheme="light")
    page.goto(address)
    accent = "getComputedStyle(document.documentElement).getPropertyValue('--accent')"
    assert page.evaluate(accent) == "#7a2048"
    assert findings(visitor) == []
    visitor.take_quiz(email="ada@theme.example")
    assert findings(visitor) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Keep as PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    visitor.press("Make a link to share")
    shared = page.get_by_label("Your link to show").input_value()
    assert findings(visitor) == []
    page.get_by_role("link", name="See it as others do").click()
    page.wait_for_url(shared)
    picture = page.locator("meta[property='og:image']").get_attribute("content")
    assert picture
    answer = page.request.get(picture)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert findings(visitor) == []
    page.go_back()
    visitor.press("Take the link back")
    expect(page.get_by_role("button", name="Make a link to share")).to_be_visible()
    assert page.request.get(shared).status == 404


def test_nothing_is_wrong_with_a_back_test_and_its_undo(
    visitors: dict[str, Visitor],  # noqa: F811
) -> None:
    visitor = visitors[MARKETER]
    page = visitor.page
    page.set_viewport_size({"width": 1280, "height": 900})
    open_quiz(page, VENUES)
    start = page.locator("#id_tiers-2-starts_at")
    start.fill(str(float(start.input_value()) - 2))
    page.locator("[name=_continue]").click()
    page.get_by_role("button", name=re.compile("^Back-test")).click()
    page.get_by_role("heading", name="Publish it?").wait_for(timeout=60_000)
    assert findings(visitor) == []
    tried = page.url
    page.locator("#backtest a[href*='/tiers/']").first.click()
    assert findings(visitor) == []
    page.goto(tried)
    page.locator("#backtest a[href*='/segments/']").first.click()
    assert findings(visitor) == []
    page.goto(tried)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_label("Re-score them by the new version").check()
    visitor.press("Publish it")
    page.get_by_role("button", name="Undo the re-scoring").wait_for(timeout=60_000)
    assert findings(visitor) == []
    visitor.press("Undo the re-scoring")
    expect(page.get_by_text("result again that they had before")).to_be_visible(timeout=60_000)
    assert findings(visitor) == []
