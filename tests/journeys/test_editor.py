"""The segment editor: a three-level rule by mouse, by keyboard alone, and without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from apps.demo.company import PASSWORD
from tests.journeys.conftest import Site
from tests.journeys.test_pages import findings
from tests.journeys.visiting import Visitor

pytestmark = pytest.mark.browser
NEW = "/admin/segments/new/"
SENTENCE = (
    "Email ends with '.example' and (bought at least 2 times in the last 90 days or (Country is"
    " 'DE' and Language is 'de'))."
)


@pytest.fixture
def marketer(demo: Site, browser: Browser) -> Iterator[Visitor]:
    visitor = Visitor(browser, demo.url, reduced_motion="reduce")
    visitor.sign_in("marketer@northlight.example", PASSWORD)
    visitor.page.goto(NEW)
    yield visitor
    visitor.context.close()


def about(page: Page, number: str) -> Locator:
    return page.get_by_role("combobox", name=f"Condition {number} is about", exact=True)


def value(page: Page, number: str, what: str = "value") -> Locator:
    return page.get_by_label(f"Condition {number}: {what}", exact=True)


def compares(page: Page, number: str) -> Locator:
    return page.get_by_label(f"Condition {number} compares", exact=True)


def choose(page: Page, number: str, field: str) -> None:
    about(page, number).click()
    page.get_by_role("option", name=field, exact=True).click()
    expect(about(page, number)).to_have_value(field)
    expect(compares(page, number)).to_be_enabled()


def drag(page: Page, what: Locator, onto: Locator) -> None:
    """Drag a part by its grip to just below the top of another."""
    what.locator("[data-grip]").first.hover()
    page.mouse.down()
    box = onto.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 60, steps=5)
    page.mouse.move(box["x"] + 40, box["y"] + 2, steps=5)
    expect(page.locator(".drop-here")).to_be_visible()
    page.mouse.up()


def says(page: Page, sentence: str = SENTENCE) -> None:
    expect(page.locator("#preview .sentence")).to_have_text(sentence)


def test_a_rule_of_three_levels_is_built_by_mouse(marketer: Visitor) -> None:
    page = marketer.page
    page.get_by_label("Name").fill("By mouse")
    choose(page, "1", "Email")
    compares(page, "1").select_option("ends_with")
    value(page, "1").fill(".example")
    marketer.press("Add a condition")
    choose(page, "2", "Language")
    value(page, "2").fill("de")
    marketer.press("Add a group")
    choose(page, "3.1", "order_completed")
    compares(page, "3.1").select_option("at_least")
    value(page, "3.1", "times").fill("2")
    value(page, "3.1", "in the last, or ever").fill("90")
    marketer.press("Add a group to group 3")
    choose(page, "3.2.1", "Country")
    value(page, "3.2.1").fill("DE")
    page.get_by_label("Group 3.2 asks for").select_option("all")
    about(page, "2").click()
    assert findings(marketer) == []  # with the list of fields open
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1280, "height": 1400})
    drag(page, page.locator("[data-part]", has=about(page, "2")).last, country(page))
    expect(about(page, "2.2.1")).to_have_value("Language")
    page.get_by_label("More for condition 2.2.1").click()
    assert findings(marketer) == []  # with the menu open
    page.get_by_role("button", name="Move down").click()
    expect(about(page, "2.2.2")).to_have_value("Language")
    says(page)
    marketer.press("Undo")
    expect(about(page, "2.2.1")).to_have_value("Language")
    marketer.press("Undo")
    says(page)
    assert findings(marketer) == []
    save(marketer, "By mouse")


def country(page: Page) -> Locator:
    return page.locator("[data-part]", has=about(page, "3.2.1")).last


def save(visitor: Visitor, name: str) -> None:
    visitor.press("Save segment")
    expect(visitor.page.get_by_role("heading", name=name, level=1)).to_be_visible()
    assert visitor.complaints == []


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of that id has the focus."""
    for _ in range(60):
        if page.evaluate("document.activeElement.id") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} is not reached")


def pick(page: Page, number: str, words: str) -> None:
    """Search the list of fields, which has the focus, and go on to the operators."""
    expect(about(page, number)).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(compares(page, number)).to_be_enabled()
    expect(about(page, number)).to_be_focused()
    page.keyboard.press("Tab")


def test_a_rule_of_three_levels_is_built_by_keyboard_alone(marketer: Visitor) -> None:
    page = marketer.page
    page.locator("[name=name]").focus()
    page.keyboard.type("By keyboard")
    for _ in range(4):  # static, JSON, the match, the first condition
        page.keyboard.press("Tab")
    pick(page, "1", "ema")
    page.keyboard.type("ends")
    expect(compares(page, "1")).to_have_value("ends_with")
    expect(value(page, "1")).to_be_enabled()
    page.keyboard.press("Tab")
    page.keyboard.type(".example")
    tab_to(page, "group-1")
    page.keyboard.press("Enter")
    pick(page, "2.1", "order_c")
    page.keyboard.type("a")
    expect(compares(page, "2.1")).to_have_value("at_least")
    expect(value(page, "2.1", "times")).to_be_enabled()
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    page.keyboard.type("90")
    tab_to(page, "group-3")
    page.keyboard.press("Enter")
    pick(page, "2.2.1", "countr")
    page.keyboard.press("Tab")
    page.keyboard.type("DE")
    expect(page.get_by_label("Group 2.2 asks for")).to_have_value("any")
    page.keyboard.press("Shift+Tab")
    for _ in range(2):
        page.keyboard.press("Shift+Tab")
    expect(page.locator("#remove-5")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("all")
    tab_to(page, "condition-1")
    page.keyboard.press("Enter")
    pick(page, "3", "langu")
    page.keyboard.press("Tab")
    page.keyboard.type("de")
    for there in ("2.3", "2.2.2"):  # into the group before it, and into the one at its end
        move(page, "into-7")
        expect(about(page, there)).to_have_value("Language")
    says(page)
    page.keyboard.press("Escape")
    tab_to(page, "save")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="By keyboard", level=1)).to_be_visible()
    assert marketer.complaints == []


def move(page: Page, act: str) -> None:
    """Press a button in the menu of a part; it keeps the focus where it can be pressed again."""
    if page.evaluate("document.activeElement.id") != act:
        tab_to(page, act.replace("into", "more"))
        page.keyboard.press("Enter")
        tab_to(page, act)
    with page.expect_response("**/segments/new/"):
        page.keyboard.press("Enter")


def test_removing_a_condition_keeps_the_place(marketer: Visitor) -> None:
    page = marketer.page
    marketer.press("Add a condition")  # before there is a name
    expect(about(page, "2")).to_be_focused()
    page.locator("#remove-2").press("Enter")
    expect(page.locator(".condition")).to_have_count(1)
    expect(page.locator("#remove-3")).to_be_focused()
    page.locator("#remove-3").press("Enter")
    expect(page.locator(".condition")).to_have_count(0)
    expect(page.get_by_role("button", name="Add a condition")).to_be_focused()
    assert marketer.complaints == []


def test_nothing_is_wrong_with_complaints_and_json(marketer: Visitor) -> None:
    page = marketer.page
    page.get_by_label("Name").fill("Wrong")
    marketer.press("Save segment")
    expect(page.get_by_text("Choose what this condition is about.")).to_be_visible()
    assert findings(marketer) == []
    marketer.press("Show as JSON")
    expect(page.get_by_label("The rule as JSON")).to_be_focused()
    page.get_by_label("The rule as JSON").fill('{"all": [{"trait": "gone"}]}')
    marketer.press("Save segment")
    expect(page.get_by_text("all[0].trait")).to_be_visible()
    assert findings(marketer) == []


def test_a_rule_of_three_levels_is_built_without_javascript(demo: Site, browser: Browser) -> None:
    visitor = Visitor(browser, demo.url, java_script_enabled=False)
    visitor.sign_in("marketer@northlight.example", PASSWORD)
    page = visitor.page
    page.goto(NEW)
    page.locator("[name=name]").fill("Without JavaScript")
    page.locator("[name=subject-2]").select_option("trait:contact.email")
    visitor.press("Add a group")
    page.locator("[name=op-2]").select_option("ends_with")
    page.locator("[name=value-2]").fill(".example")
    page.locator("[name=subject-4]").select_option("event:order_completed")
    visitor.press("Add a condition to group 2")
    page.locator("[name=op-4]").select_option("at_least")
    page.locator("[name=subject-5]").select_option("trait:contact.country")
    visitor.press("Preview")
    page.locator("[name=value-4]").fill("2")
    page.locator("[name=within-4]").fill("90")
    page.locator("[name=value-5]").fill("DE")
    page.get_by_label("More for condition 2.2").click()
    visitor.press("Put a group around it")
    visitor.press("Add a condition to group 2.2")
    page.locator("[name=subject-7]").select_option("trait:contact.language")
    visitor.press("Preview")
    page.locator("[name=value-7]").fill("de")
    visitor.press("Preview")
    says(page)
    visitor.press("Show as JSON")
    expect(page.locator("[name=json]")).to_contain_text("order_completed")
    visitor.press("Show as conditions")
    says(page)
    visitor.press("Save segment")
    expect(page.get_by_role("heading", name="Without JavaScript", level=1)).to_be_visible()
    visitor.context.close()


def test_a_late_answer_about_an_earlier_rule_is_not_shown_beside_a_later_one(
    marketer: Visitor,
) -> None:
    page = marketer.page
    answers: list[Route] = []
    page.route(lambda _: True, lambda route: hold(route, answers))
    choose(page, "1", "Email")
    compares(page, "1").select_option("ends_with")
    with page.expect_request(lambda request: "ask=proof" in (request.post_data or "")):
        value(page, "1").fill(".example")
    marketer.press("Show as JSON")
    expect(page.get_by_label("The rule as JSON")).to_be_visible()
    assert answers
    for late in answers:
        with page.expect_response(late.request.url):
            late.continue_()
    says(page, "Email ends with '.example'.")
    assert marketer.complaints == []


def hold(route: Route, answers: list[Route]) -> None:
    """Keep what asks for the proof; let everything else pass."""
    if "ask=proof" in (route.request.post_data or ""):
        answers.append(route)
    else:
        route.continue_()
