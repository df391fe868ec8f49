"""Each main page in a real browser: light and dark, on a phone and on a desk."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from apps.demo.company import LISTENERS, PASSWORD, VENUES
from tests.journeys.conftest import Site
from tests.journeys.visiting import Visitor
from tests.running import wait_for

pytestmark = pytest.mark.browser

WIDTHS = (390, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
AXE = {"preload": False, "resultTypes": ["violations"]}  # its preloading breaks our own policy
SHORTEN = "document.querySelectorAll('tr:nth-child(n + 9)').forEach(row => row.remove())"  # alike
MAX_WEIGHT = 30_000  # bytes over the wire for the first question, everything included
FIRST_ROW = "#result_list tbody tr:first-child a"
TO_FORM = (FIRST_ROW, ".parts-of-quiz li:first-child a", ".bench a[href$='/change/']")


@dataclass(frozen=True)
class Stop:
    """A page: who looks at it, where the way begins and which links lead on to it."""

    name: str
    role: str
    start: str
    clicks: tuple[str, ...] = ()


MARKETER, SALES, NOBODY = "marketer", "sales", ""
SEGMENT = ("table.data tbody a.row-link",)
STOPS = (
    Stop("home", MARKETER, "/"),
    Stop("quizzes", MARKETER, "/admin/quizzes/quiz/"),
    Stop("quiz studio", MARKETER, "/admin/quizzes/quiz/", (FIRST_ROW,)),
    Stop("quiz form", MARKETER, "/admin/quizzes/quiz/", TO_FORM),
    Stop("question", MARKETER, "/admin/quizzes/quiz/", (*TO_FORM, "#questions tbody th a")),
    Stop("responses", MARKETER, "/admin/quizzes/response/"),
    Stop("response", MARKETER, "/admin/quizzes/response/", (FIRST_ROW,)),
    Stop("segments", MARKETER, "/admin/segments/"),
    Stop("segment", MARKETER, "/admin/segments/", SEGMENT),
    Stop("flow", MARKETER, "/admin/segments/", (*SEGMENT, "text=Where members came from")),
    Stop("revisions", MARKETER, "/admin/segments/", (*SEGMENT, "text=All revisions")),
    Stop(
        "revision",
        MARKETER,
        "/admin/segments/",
        (*SEGMENT, "text=All revisions", ".revisions h2 a"),
    ),
    Stop("exports", MARKETER, "/admin/segments/", (*SEGMENT, ".list-head > a")),
    Stop("ladders", MARKETER, "/admin/segments/ladders/"),
    Stop("ladder", MARKETER, "/admin/segments/ladders/", ("table.data tbody a.row-link",)),
    Stop("segment editor", MARKETER, "/admin/segments/", (*SEGMENT, ".page-head a.button")),
    Stop("new segment", MARKETER, "/admin/segments/new/"),
    Stop("sprawl report", MARKETER, "/admin/segments/report/"),
    Stop("why", MARKETER, "/admin/segments/", (*SEGMENT, "#members td.num a")),
    Stop("sequences", MARKETER, "/admin/nurture/sequence/"),
    Stop("sequence", MARKETER, "/admin/nurture/sequence/", (FIRST_ROW,)),
    Stop("message log", MARKETER, "/admin/nurture/message/"),
    Stop("message", MARKETER, "/admin/nurture/message/", (FIRST_ROW,)),
    Stop("contacts", MARKETER, "/admin/contacts/contact/"),
    Stop("contact", MARKETER, "/admin/contacts/contact/", (FIRST_ROW,)),
    Stop("imports", MARKETER, "/admin/contacts/contact/", (".object-tools a",)),
    Stop("leads", SALES, "/leads/"),
    Stop("lead", SALES, "/leads/", ("table.leads tbody a",)),
    Stop("why, of a lead", SALES, "/leads/", ("table.leads tbody a", ".reasons a")),
    Stop("sign-in", NOBODY, "/login/"),
    Stop("quiz start", NOBODY, f"/q/{VENUES}/"),
    Stop("question of a quiz", NOBODY, f"/q/{VENUES}/", ("button.primary",)),
)


@pytest.fixture(scope="module")
def visitors(demo: Site, browser: Browser) -> Iterator[dict[str, Visitor]]:
    still = {"reduced_motion": "reduce"}  # no colour is half-way between two schemes
    found = {role: Visitor(browser, demo.url, **still) for role in (NOBODY, MARKETER, SALES)}
    for role in (MARKETER, SALES):
        found[role].sign_in(f"{role}@northlight.example", PASSWORD)
    yield found
    for visitor in found.values():
        visitor.context.close()


def findings(visitor: Visitor) -> list[str]:
    """Return what is wrong with the page at hand, in each width and colour scheme."""
    page = visitor.page
    page.wait_for_load_state()  # a click returns when the next page has only begun
    page.evaluate(SHORTEN)
    found = [f"console: {text}" for text in visitor.complaints]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            where = f"{width} {scheme}"
            found += [f"{where}: {text}" for text in (*accessibility(page), *overflow(page))]
    visitor.complaints.clear()
    return found


def accessibility(page: Page) -> list[str]:
    found: list[dict[str, Any]] = Axe().run(page, options=AXE).response["violations"]
    return [f"{one['id']} {[node['target'] for node in one['nodes']]}" for one in found]


def overflow(page: Page) -> list[str]:
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{wider} px wider than the window"] if wider > 0 else []


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_nothing_is_wrong_with(stop: Stop, visitors: dict[str, Visitor]) -> None:
    visitor = visitors[stop.role]
    visitor.page.set_viewport_size({"width": 1280, "height": 844})
    response = visitor.page.goto(stop.start)
    assert response is not None
    assert response.status == 200
    for click in stop.clicks:
        here = visitor.page.url
        visitor.page.locator(click).first.click()
        visitor.page.wait_for_url(_other_than(here))
        visitor.page.wait_for_load_state()
    assert findings(visitor) == []


def _other_than(here: str) -> Callable[[str], bool]:
    return lambda url: url != here


def test_nothing_is_wrong_with_the_way_to_a_result(visitors: dict[str, Visitor]) -> None:
    """By keys alone: a letter chooses, Enter goes on."""
    visitor = visitors[NOBODY]
    page = visitor.page
    page.goto(f"/q/{LISTENERS}/")
    visitor.press("Start")
    while not page.get_by_label("Email").count():
        asked = page.locator("h1").inner_text()
        if page.locator("input[data-hint]").count():
            page.keyboard.press("b")
        else:
            page.locator("input.text").fill("5")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).not_to_have_text(asked)
    assert findings(visitor) == []
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Email").fill("ada@pages.example")
    visitor.press("See my result")
    page.wait_for_url(re.compile("/result/"))
    assert findings(visitor) == []


def test_nothing_is_wrong_with_unsubscribing(demo: Site, visitors: dict[str, Visitor]) -> None:
    wait_for(lambda: demo.mail.mails)
    visitor = visitors[NOBODY]
    visitor.page.goto(demo.mail.mails[0]["List-Unsubscribe"].strip("<>"))
    assert findings(visitor) == []
    visitor.press("Unsubscribe")
    expect(visitor.page.get_by_text("No further e-mail will be sent to you.")).to_be_visible()
    assert findings(visitor) == []


def test_nothing_is_wrong_with_an_import(visitors: dict[str, Visitor]) -> None:
    visitor = visitors[MARKETER]
    page = visitor.page
    file = {"name": "calls.csv", "mimeType": "text/csv", "buffer": b"email,minutes\nnobody,5\n"}
    page.goto("/imports/")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_label("What the file holds").select_option("events")
    visitor.press("Look at it")
    assert findings(visitor) == []
    expect(page.get_by_role("alert")).to_contain_text("There is no column name")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_label("Name of the events").fill("called")
    visitor.press("Look at it")
    page.wait_for_url(re.compile("/imports/[0-9]"))
    assert findings(visitor) == []
    visitor.press("Import 1 row")
    expect(page.get_by_text("There is no such contact.")).to_be_visible(timeout=60_000)
    assert findings(visitor) == []


@pytest.mark.parametrize("path", ["/q/nowhere/", "/u/cut-off/", "/q/r/no-such-token/result/"])
def test_nothing_is_wrong_with_the_page_of_an_error(
    path: str, visitors: dict[str, Visitor]
) -> None:
    visitor = visitors[NOBODY]
    response = visitor.page.goto(path)
    assert response is not None
    assert response.status == 404
    visitor.complaints.clear()  # the console names the status
    assert findings(visitor) == []


def test_the_first_question_weighs_at_most_30_kb_over_the_wire(
    demo: Site, browser: Browser, visitors: dict[str, Visitor]
) -> None:
    page = visitors[NOBODY].page
    page.goto(f"/q/{VENUES}/")
    visitors[NOBODY].press("Start")
    page.wait_for_url(re.compile("/q/r/"))
    newcomer = Visitor(browser, demo.url)
    session = newcomer.context.new_cdp_session(newcomer.page)
    session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    newcomer.page.goto(page.url, wait_until="networkidle")
    assert len(sizes) >= 5  # the page, two sheets, two scripts
    assert sum(sizes) <= MAX_WEIGHT
    newcomer.context.close()
