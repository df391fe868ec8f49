"""Ladders by mouse, by keyboard and without JavaScript; a segment's list, page and export."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.demo.company import PASSWORD
from tests.journeys.conftest import Site
from tests.journeys.test_pages import accessibility
from tests.journeys.visiting import Visitor

pytestmark = pytest.mark.browser
LADDER = "/admin/segments/ladders/lifecycle/"
ORDER = ["Champions", "Active customers", "Cooling down", "Lapsed"]


@pytest.fixture
def marketer(demo: Site, browser: Browser) -> Iterator[Visitor]:
    visitor = Visitor(browser, demo.url)
    visitor.sign_in("marketer@northlight.example", PASSWORD)
    yield visitor
    visitor.context.close()


def expect_order(page: Page, *names: str) -> None:
    expect(page.locator(".rungs .what > a")).to_have_text(list(names))


def effects(page: Page) -> dict[str, list[int]]:
    """Return what the page says of each segment: who would enter, leave, be in it then."""
    page.locator("#effects table").wait_for()
    rows = page.locator("#effects tbody tr")
    return {
        row.locator("th").inner_text(): [int(text) for text in row.locator("td").all_inner_texts()]
        for row in rows.all()
    }


def counts(page: Page) -> dict[str, int]:
    return {
        rung.locator(".what > a").inner_text(): int(rung.locator(".count").inner_text().split()[0])
        for rung in page.locator(".rung-card").all()
    }


def test_a_rung_is_dragged_and_what_was_foreseen_is_what_happens(marketer: Visitor) -> None:
    page = marketer.page
    page.goto(LADDER)
    expect_order(page, *ORDER)
    before = counts(page)
    page.locator(".rung-card").nth(2).locator(".grip").drag_to(
        page.locator(".rung-card").nth(0), target_position={"x": 30, "y": 4}
    )
    dragged = ["Cooling down", "Champions", "Active customers", "Lapsed"]
    expect_order(page, *dragged)
    expect(page).to_have_url(re.compile("order="))
    foreseen = effects(page)
    for name, (entering, leaving, then) in foreseen.items():
        if name in before:
            assert then == before[name] + entering - leaving
    assert foreseen["Cooling down"][0] > 0
    assert accessibility(page) == []
    marketer.press("Apply")
    expect(page.get_by_text("Lifecycle is arranged anew")).to_be_visible()
    expect_order(page, *dragged)
    for name, (_, _, then) in foreseen.items():
        if name in before:
            card = page.locator(".rung-card", has_text=name).first
            expect(card.locator(".count")).to_contain_text(f"{then:,}")
    expect(page.get_by_text("What would change")).not_to_be_visible()
    _put_back(page, marketer)
    assert marketer.complaints == []


def _put_back(page: Page, marketer: Visitor) -> None:
    """By keyboard alone: the place is kept while a rung moves."""
    for expected in (["Champions", "Cooling down", "Active customers", "Lapsed"], ORDER):
        down = page.get_by_role("link", name="Move Cooling down down")
        down.focus()
        page.keyboard.press("Enter")
        expect_order(page, *expected)
        expect(page.get_by_role("link", name="Move Cooling down down")).to_be_focused()
    page.get_by_role("button", name="Apply").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Lifecycle is arranged anew")).to_be_visible()
    expect_order(page, *ORDER)


def test_a_key_pressed_at_once_after_a_rung_moved_moves_it_again(marketer: Visitor) -> None:
    page = marketer.page
    page.goto(LADDER)
    up = page.get_by_role("link", name="Move Cooling down up")
    press_again = """pressed => {
        window.stayed = true;
        const press = () => document.getElementById(pressed).click();
        document.addEventListener("htmx:afterSwap", () => setTimeout(press), { once: true });
    }"""
    page.evaluate(press_again, up.get_attribute("id"))
    up.click()
    expect_order(page, "Cooling down", "Champions", "Active customers", "Lapsed")
    assert page.evaluate("window.stayed"), "the page was loaded anew: the focus is lost"
    assert marketer.complaints == []


def test_a_ladder_is_arranged_without_javascript(demo: Site, browser: Browser) -> None:
    visitor = Visitor(browser, demo.url, java_script_enabled=False)
    visitor.sign_in("marketer@northlight.example", PASSWORD)
    page = visitor.page
    page.goto("/admin/segments/ladders/")
    page.get_by_label("Name of the ladder").fill("Venues")
    visitor.press("Begin")
    for name in ("Warm venue leads", "Hot venue leads"):
        page.get_by_label("Segment to add").select_option(label=name)
        visitor.press("Add")
    expect_order(page, "Warm venue leads", "Hot venue leads")
    page.get_by_role("link", name="Move Hot venue leads up").click()
    expect_order(page, "Hot venue leads", "Warm venue leads")
    page.get_by_role("link", name="Count who would move").click()
    assert set(effects(page)) >= {"Hot venue leads", "Warm venue leads"}
    page.get_by_role("link", name="Take off Warm venue leads").click()
    page.get_by_role("link", name="Take off Hot venue leads").click()
    expect_order(page)
    visitor.press("Delete the empty ladder")
    expect(page.get_by_text("The ladder Venues is deleted.")).to_be_visible()
    visitor.context.close()


def test_a_segment_is_found_looked_at_and_exported(marketer: Visitor, tmp_path: Path) -> None:
    page = marketer.page
    page.goto("/admin/segments/")
    page.get_by_label("Words of the name or the rule").press_sequentially("champ")
    expect(page.locator("#segments a.row-link")).to_have_count(1)
    page.get_by_role("link", name="Champions").click()
    members = int(page.locator(".figure-number").inner_text().replace(",", ""))
    expect(page.locator("#members tbody tr")).to_have_count(min(members, 50))
    page.get_by_role("link", name="Older contacts").click()
    expect(page.get_by_role("link", name="Newer contacts")).to_be_visible()
    expect(page.locator("#members tbody tr")).to_have_count(members - 50)
    page.get_by_role("link", name="Newer contacts").click()
    expect(page.locator("#members tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Export").click()
    page.get_by_label("Country").check()
    assert accessibility(page) == []
    marketer.press("Make the file")
    download = page.get_by_role("link", name="Download")
    expect(download).to_be_visible(timeout=30_000)  # without a reload
    assert accessibility(page) == []
    with page.expect_download() as taken:
        download.click()
    taken.value.save_as(tmp_path / "members.csv")
    with (tmp_path / "members.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head[-1] == "Country"
    assert len(rows) == members
    marketer.press("Drop it")
    assert marketer.complaints == []
