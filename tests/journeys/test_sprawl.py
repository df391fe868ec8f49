"""The sprawl report in a browser, with JavaScript and without: from the order to the mend."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from apps.demo.company import PASSWORD
from tests.journeys.conftest import Site
from tests.journeys.test_pages import findings
from tests.journeys.visiting import Visitor

pytestmark = pytest.mark.browser
REPORT = "/admin/segments/report/"


@pytest.fixture(params=[True, False], ids=["JavaScript", "no JavaScript"])
def marketer(
    demo: Site, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[tuple[Visitor, bool]]:
    visitor = Visitor(browser, demo.url, java_script_enabled=request.param, reduced_motion="reduce")
    visitor.sign_in("marketer@northlight.example", PASSWORD)
    yield visitor, request.param
    visitor.context.close()


def test_a_report_is_worked_out_and_a_finding_leads_to_its_mend(
    marketer: tuple[Visitor, bool],
) -> None:
    visitor, has_scripts = marketer
    page = visitor.page
    page.goto("/admin/segments/")
    page.get_by_role("link", name="Sprawl report").click()
    page.get_by_role("button", name=re.compile("Work it out")).click()
    again = page.get_by_role("button", name="Work it out again")
    for _ in range(60):
        page.wait_for_timeout(500)
        if has_scripts or (page.goto(REPORT) and again.count()):  # as "How far now?" does
            break
    page.wait_for_load_state("networkidle")  # an older report may stand there until it is done
    expect(page.locator("#progress")).to_have_count(0, timeout=60_000)
    expect(again).to_be_visible()
    expect(page.get_by_role("link", name="sequences can run at once")).to_be_visible()
    expect(page.get_by_role("img", name="The table below has the numbers")).to_have_count(2)
    baskets = page.locator("#inside li", has_text="Lapsed big baskets")
    inside = baskets.filter(has_text="already in 'Lapsed'")
    expect(inside).to_contain_text("in “Lapsed” alone: a contact with 1 purchase (")
    page.locator(".twin summary").first.click()
    twin = page.locator(".twin").first.locator("tr", has_text="Lapsed big baskets")
    expect(twin.filter(has_text="100 %").first).to_be_attached()
    if has_scripts:
        assert findings(visitor) == []
    if page.locator("#inside details").count():  # where many are inside others
        page.locator("#inside summary").click()
    inside.get_by_role("link", name="Edit Lapsed big baskets").click()
    page.wait_for_url(re.compile(r"/admin/segments/\d+/edit/"))
    expect(page.get_by_role("heading", name="Edit Lapsed big baskets")).to_be_visible()
    assert visitor.complaints == []
