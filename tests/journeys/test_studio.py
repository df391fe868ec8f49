"""The studio by mouse, by keyboard and without JavaScript; nothing written there is executed."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from apps.quizzes.drafting import draft
from apps.quizzes.models import Quiz, Response, Version
from tests.journeys.visiting import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a-long-passphrase"
BLOCK = "Up to 10\t1\nMore\t4\nNo team\t-2,5"
TIERS = [
    {"key": "cold", "label": "Cold", "headline": "Not yet"},
    {"key": "hot", "label": "Hot", "headline": "Go", "starts_at": 3},
]
XSS = '"><img src=x onerror="window.hit=1"><script>window.hit=1</script>{{ 7|add:7 }}'
AXE = {"preload": False, "resultTypes": ["violations"]}


def signed_in(browser: Browser, live_server: LiveServer, **options: Any) -> Visitor:
    User.objects.create_user("marketer@example.com", PASSWORD, role="marketer")
    visitor = Visitor(browser, live_server.url, **options)
    visitor.sign_in("marketer@example.com", PASSWORD)
    return visitor


@pytest.fixture
def visitor(browser: Browser, live_server: LiveServer) -> Iterator[Visitor]:
    made = signed_in(browser, live_server, viewport={"width": 1440, "height": 1000})
    yield made
    made.context.close()


def paste(page: Page, field: str, text: str) -> None:
    page.locator(field).evaluate(
        """(input, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            input.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true,
                cancelable: true}));
        }""",
        text,
    )


def add(page: Page, kind: str) -> None:
    page.locator(".adding summary").click()
    page.locator(".adding").get_by_role("button", name=kind, exact=True).click()
    expect(page.locator("#bench #id_kind option:checked")).to_have_text(kind)


def save(page: Page) -> None:
    page.locator("#save").click()
    expect(page.locator(".messagelist")).to_contain_text("Saved.")


def titles(page: Page) -> list[str]:
    rows = page.locator(".questions .title").all_inner_texts()
    return [text.splitlines()[0].strip() for text in rows]


def test_a_quiz_is_written_tried_out_published_and_taken_by_mouse(visitor: Visitor) -> None:
    page = visitor.page
    quiz = draft({"title": "Ready?", "slug": "ready", "tiers": TIERS})
    page.goto(f"/admin/quizzes/studio/{quiz.pk}/")
    add(page, "Single choice")
    page.locator("#id_title").fill("How large is your team?")
    paste(page, "#id_choices-0-label", BLOCK)
    expect(page.locator("#id_choices-2-label")).to_have_value("No team")
    expect(page.locator("#proof")).to_contain_text("-2.5")  # proved before it is saved
    save(page)
    add(page, "Opinion scale")
    page.locator("#id_title").fill("How sure are you?")
    save(page)
    add(page, "Contact form")
    page.locator("#id_consent_wording").fill("Write to me.")
    save(page)

    first, second = page.locator(".questions > li").nth(0), page.locator(".questions > li").nth(1)
    start, end = second.locator(".grip").bounding_box(), first.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 5, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(end["x"] + 20, end["y"] + 2, steps=4)
    with page.expect_navigation():
        page.mouse.up()
    assert titles(page)[:2] == ["How sure are you?", "How large is your team?"]

    page.get_by_role("link", name="How sure are you?").click()
    preview = page.frame_locator("iframe")
    preview.get_by_role("radio", name="5").check(force=True)
    preview.get_by_role("button", name="Continue").click()
    preview.get_by_role("radio", name="More").check(force=True)
    preview.get_by_role("button", name="Continue").click()
    preview.get_by_label("Email").fill("ada@example.com")
    preview.get_by_label("First name").fill("Ada")
    preview.get_by_role("button", name="See my result").click()
    expect(preview.get_by_role("heading", name="Go")).to_be_visible()
    assert Response.objects.count() == 0

    assert Axe().run(page, options=AXE).response["violations"] == []
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.locator(".messagelist")).to_contain_text("Version 1 is published")
    page.goto("/q/ready/")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="How sure are you?")).to_be_visible()
    assert visitor.complaints == []


def test_a_question_is_added_moved_and_removed_by_keyboard(visitor: Visitor) -> None:
    page = visitor.page
    quiz = draft({"title": "Keys", "questions": [{"key": "a", "kind": "text", "title": "First"}]})
    page.goto(f"/admin/quizzes/studio/{quiz.pk}/")
    page.locator(".adding summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator("#id_title").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("Second")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert titles(page) == ["First", "Second"]
    for keys, left in ((["Tab"], ["Second", "First"]), (["Tab"] * 3, ["First"])):
        page.get_by_label("More for “Second”").focus()
        page.keyboard.press("Enter")
        for key in keys:
            page.keyboard.press(key)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert titles(page) == left
    assert visitor.complaints == []


def test_a_quiz_is_written_and_published_without_javascript(
    browser: Browser, live_server: LiveServer
) -> None:
    visitor = signed_in(browser, live_server, java_script_enabled=False)
    page = visitor.page
    quiz = draft({"title": "Plain", "slug": "plain", "tiers": TIERS})
    page.goto(f"/admin/quizzes/studio/{quiz.pk}/")
    add(page, "Single choice")
    page.get_by_label("Paste from a spreadsheet").fill(BLOCK)
    save(page)
    page.get_by_role("link", name="Show only if").click()
    page.get_by_role("button", name="Show as JSON").click()
    page.get_by_label("The rule as JSON").fill('{"all": []}')
    page.get_by_role("button", name="Save rule").click()
    expect(page.locator(".messagelist")).to_contain_text("Saved.")
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.locator(".messagelist")).to_contain_text("Version 1 is published")
    [asked] = Version.objects.get().definition["questions"]
    assert [one["points"] for one in asked["choices"][2:]] == [
        {"score": 1}, {"score": 4}, {"score": -2.5},
    ]  # fmt: skip
    assert asked["visible"] == {"all": []}
    visitor.context.close()


def test_nothing_that_is_written_is_executed_in_the_studio_or_the_preview(
    visitor: Visitor,
) -> None:
    quiz = draft(
        {
            "title": XSS, "slug": "xss", "intro": XSS, "start_label": "Start",
            "scales": [{"key": "score", "label": XSS}],
            "questions": [
                {"key": "q", "kind": "single", "title": XSS, "help": XSS,
                 "choices": [{"key": "a", "label": XSS, "points": 5},
                             {"key": "b", "label": "B", "points": 1}],
                 "jumps": [
                     {"ending": "e", "rule": {"trait": "answer.q", "op": "is", "value": "a"}}]},
                {"key": "s", "kind": "scale", "title": "S", "minimum": 1, "maximum": 5,
                 "low_label": XSS[:60], "high_label": XSS[:60], "weights": 1},
            ],
            "tiers": [{"key": "t", "label": XSS, "headline": XSS, "body": XSS}],
            "endings": [{"key": "e", "label": XSS, "headline": XSS, "body": XSS}],
        }
    )  # fmt: skip
    page = visitor.page
    pages = ["settings/", "tiers/", "endings/", "revisions/"]
    for question in quiz.questions.all():
        own = f"questions/{question.pk}/"
        pages += [own, f"{own}shown-if/", f"{own}jumps/new/"]
    for rest in pages:
        page.goto(f"/admin/quizzes/studio/{quiz.pk}/{rest}")
        page.wait_for_load_state("networkidle")
        assert len(page.frames) == 2, rest
        assert page.evaluate("window.hit") is None, rest
        assert all(frame.evaluate("window.hit") is None for frame in page.frames), rest
        assert Axe().run(page, options=AXE).response["violations"] == [], rest
    assert "onerror" in Quiz.objects.get().title
    assert [text for text in visitor.complaints if "Security" in text] == []
