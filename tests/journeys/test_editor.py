"""The segment editor for people without a mouse, and for browsers without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.demo.company import PASSWORD
from tests.journeys.conftest import Site
from tests.journeys.visiting import Visitor

pytestmark = pytest.mark.browser
SENTENCE = "Email ends with '.example' and bought at least 2 times in the last 90 days"


@pytest.fixture
def marketer(demo: Site, browser: Browser) -> Iterator[Visitor]:
    visitor = Visitor(browser, demo.url)
    visitor.sign_in("marketer@northlight.example", PASSWORD)
    yield visitor
    visitor.context.close()


def focused(page: Page, name: str) -> None:
    """Expect the keyboard at this field: nothing that changed the page may lose the place."""
    expect(page.locator(f"[name={name}]")).to_be_focused()


def test_a_segment_is_written_by_keyboard_alone(marketer: Visitor) -> None:
    page = marketer.page
    page.goto("/admin/segments/new/")
    page.locator("[name=name]").focus()
    page.keyboard.type("Keen buyers")
    for _ in range(4):  # static, JSON, the match, the first condition
        page.keyboard.press("Tab")
    focused(page, "subject-0")
    page.keyboard.type("Email")
    expect(page.locator("[name=op-0]")).to_be_enabled()
    focused(page, "subject-0")
    page.keyboard.press("Tab")
    page.keyboard.type("ends")
    expect(page.locator("[name=op-0]")).to_have_value("ends_with")
    expect(page.locator("[name=value-0]")).to_be_enabled()
    focused(page, "op-0")
    page.keyboard.press("Tab")
    page.keyboard.type(".example")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Add a condition
    focused(page, "subject-1")
    page.keyboard.type("order_c")
    expect(page.locator("[name=number-1]")).to_be_enabled()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    page.keyboard.type("90")
    expect(page.locator("#preview .sentence")).to_have_text(f"{SENTENCE}.")
    with page.expect_response("**/segments/new/"):
        page.keyboard.press("Enter")  # looks, does not save
    focused(page, "number-1")
    page.locator("#save").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Keen buyers", level=1)).to_be_visible()


def test_removing_a_condition_keeps_the_place(marketer: Visitor) -> None:
    page = marketer.page
    page.goto("/admin/segments/new/")
    marketer.press("Add a condition")  # before there is a name
    focused(page, "subject-1")
    page.locator("#remove-0").press("Enter")
    expect(page.locator(".condition")).to_have_count(1)
    expect(page.locator("#remove-0")).to_be_focused()
    page.locator("#remove-0").press("Enter")
    expect(page.locator(".condition")).to_have_count(0)
    expect(page.get_by_role("button", name="Add a condition")).to_be_focused()
    assert marketer.complaints == []


def test_a_segment_is_written_without_javascript(demo: Site, browser: Browser) -> None:
    visitor = Visitor(browser, demo.url, java_script_enabled=False)
    visitor.sign_in("marketer@northlight.example", PASSWORD)
    page = visitor.page
    page.goto("/admin/segments/new/")
    page.locator("[name=name]").fill("Plain buyers")
    page.locator("[name=subject-0]").select_option("trait:contact.email")
    visitor.press("Preview")
    page.locator("[name=op-0]").select_option("ends_with")
    page.locator("[name=value-0]").fill(".example")
    visitor.press("Add a condition")
    page.locator("[name=subject-1]").select_option("event:order_completed")
    visitor.press("Preview")
    page.locator("[name=value-1]").fill("2")
    page.locator("[name=number-1]").fill("90")
    visitor.press("Preview")
    expect(page.locator("#preview .sentence")).to_have_text(f"{SENTENCE}.")
    expect(page.locator("[name=name]")).to_have_value("Plain buyers")
    visitor.press("Show as JSON")
    expect(page.locator("[name=json]")).to_contain_text("order_completed")
    visitor.press("Show as conditions")
    visitor.press("Save segment")
    expect(page.get_by_role("heading", name="Plain buyers", level=1)).to_be_visible()
    visitor.context.close()
