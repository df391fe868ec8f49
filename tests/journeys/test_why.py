"""From a member to the reasons, back in its history and on to another segment."""

import re

import pytest
from playwright.sync_api import Browser, expect

from apps.demo.company import PASSWORD
from tests.journeys.conftest import Site
from tests.journeys.test_pages import accessibility
from tests.journeys.visiting import Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripted", [True, False], ids=["with scripts", "without scripts"])
def test_why_is_asked_of_another_moment_and_of_another_segment(
    demo: Site, browser: Browser, scripted: bool
) -> None:
    visitor = Visitor(browser, demo.url, java_script_enabled=scripted)
    visitor.sign_in("marketer@northlight.example", PASSWORD)
    page, heading = visitor.page, visitor.page.locator("h1")
    page.goto("/admin/segments/")
    page.get_by_role("link", name="Champions").click()
    page.locator("#members td.num a").first.click()
    expect(heading).to_have_text(re.compile(r"^\w+ \w+ is in Champions$"))
    expect(page.locator(".answer")).to_contain_text("because they bought")
    page.get_by_role("link", name="Just before").last.click()  # before the first time
    expect(heading).to_contain_text("was not in Champions on")
    expect(page).to_have_url(re.compile(r"\?at=.*Z$"))
    expect(page.locator(".answer")).to_have_text("Because the segment had yet to follow.")
    if scripted:
        assert accessibility(page) == []
    page.get_by_label("At", exact=True).fill("2040-02-29T12:30")
    visitor.press("Show")
    expect(heading).to_contain_text("will not be in Champions on 29 February 2040 at 12:30")
    page.get_by_role("link", name="Now").click()
    expect(heading).to_contain_text("is in Champions")
    page.get_by_label("Segment").select_option("active-customers")
    visitor.press("Explain")
    expect(heading).to_contain_text("is not in Active customers")
    expect(page.locator(".answer")).to_contain_text("a higher rung won: 'Champions'")
    assert visitor.complaints == []
    visitor.context.close()
