"""The whole product in a real browser: from an empty installation to a lead that sales opens."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PASSWORD, Site
from tests.journeys.visiting import Visitor
from tests.running import wait_for

pytestmark = pytest.mark.browser


def write_quiz(page: Page) -> None:
    page.goto("/admin/quizzes/quiz/add/")
    page.locator("[name=title]").fill("Is your team ready?")
    page.locator("[name=_continue]").click()
    page.get_by_role("link", name="the plain form").click()
    write_tiers(page)
    quiz = page.url
    write_choice_question(page, "How large is your team?", {"Up to 10": 1, "More than 10": 5})
    page.goto(quiz)
    write_choice_question(page, "When do you want to begin?", {"Some day": 0, "This month": 5})
    page.goto(quiz)
    write_contact_form(page)
    page.goto(quiz)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 1", exact=True)).to_be_visible()


def write_tiers(page: Page) -> None:
    """Fill the tiers that stand there, adding rows with the form's own link."""
    tiers = [("Cold", "", "Take your time"), ("Hot", "6", "You are ready")]
    for number, (label, starts_at, headline) in enumerate(tiers):
        if not page.locator(f"[name=tiers-{number}-label]").count():
            page.get_by_text(re.compile("Add another Tier")).click()
        page.locator(f"[name=tiers-{number}-label]").fill(label)
        page.locator(f"[name=tiers-{number}-starts_at]").fill(starts_at)
        page.locator(f"[name=tiers-{number}-headline]").fill(headline)
        page.locator(f"[name=tiers-{number}-body]").fill(f"Your tier is **{label}**.")
    page.locator("[name=_continue]").click()


def write_choice_question(page: Page, title: str, choices: dict[str, int]) -> None:
    page.get_by_role("link", name="Add a question").first.click()
    page.locator("[name=title]").fill(title)
    page.locator("[name=_continue]").click()
    for number, (label, points) in enumerate(choices.items()):
        if not page.locator(f"[name=choices-{number}-label]").count():
            page.get_by_text(re.compile("Add another Choice")).click()
        page.locator(f"[name=choices-{number}-label]").fill(label)
        page.locator(f"[name^=choices-{number}-points]").fill(str(points))
    page.locator("[name=_save]").click()


def write_contact_form(page: Page) -> None:
    page.get_by_role("link", name="Add a question").first.click()
    page.locator("[name=title]").fill("Where may we write to you?")
    page.locator("[name=kind]").select_option(label="Contact form")
    page.locator("[name=_continue]").click()
    page.locator("[name=ask_first_name]").check()
    page.locator("[name=ask_email]").check()
    page.locator("[name=consent_wording]").fill("Yes, write to me about getting ready.")
    page.locator("[name=_save]").click()


def write_segment(
    visitor: Visitor, name: str, conditions: list[tuple[str, str, str | None]]
) -> None:
    """Choose each condition's subject, operator and value as a marketer does, by HTMX."""
    page = visitor.page
    page.goto("/admin/segments/new/")
    page.locator("[name=name]").fill(name)
    for number, (subject, operator, value) in enumerate(conditions, start=2):  # the group is 1
        if number > 2:
            visitor.press("Add a condition")
        # The select behind the list that is searched by typing (test_editor.py does that).
        page.locator(f"[name=subject-{number}]").select_option(subject, force=True)
        page.locator(f"[name=op-{number}]").select_option(operator)
        if value is not None:
            field = page.locator(f"[name=value-{number}]")
            tag = field.evaluate("field => field.tagName")
            field.select_option(value) if tag == "SELECT" else field.fill(value)
    expect(page.locator("#preview .sentence")).to_be_visible()
    visitor.press("Save segment")
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def write_sequence(page: Page, segment: str) -> None:
    page.goto("/admin/nurture/sequence/add/")
    page.locator("[name=name]").fill("Getting ready")
    page.locator("[name=status]").select_option("live")
    page.locator("[name=segment]").select_option(label=segment)
    page.locator("[name=on_leave]").select_option("stop")
    steps = [
        {"kind": "email", "subject": "Welcome, {{ contact.first_name }}", "body": "**Hello.**"},
        {"kind": "wait", "wait_0": "1"},
        {"kind": "email", "subject": "One more thing", "body": "Still here."},
    ]
    for number, step in enumerate(steps):
        if not page.locator(f"[name=steps-{number}-kind]").count():
            page.get_by_text(re.compile("Add another Step")).click()
        page.locator(f"[name=steps-{number}-kind]").select_option(step.pop("kind"))
        for name, value in step.items():
            page.locator(f"[name=steps-{number}-{name}]").fill(value)
    page.locator("[name=_save]").click()
    expect(page.get_by_text("was added successfully")).to_be_visible()


def take_quiz(page: Page, email: str) -> None:
    """Answer one question a screen, go back once, leave an email, read the result."""
    page.goto("/q/is-your-team-ready/")
    page.get_by_role("button", name="Start").click()
    page.get_by_label("Up to 10").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("When do you want to begin?")
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_label("Up to 10")).to_be_checked()
    page.get_by_label("More than 10").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("When do you want to begin?")
    page.get_by_label("This month").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Yes, write to me").check()
    page.get_by_role("button", name="See my result").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are ready")


def open_contact(page: Page, email: str) -> None:
    page.goto(f"/admin/contacts/contact/?q={email}")
    page.locator("#result_list tbody a").first.click()


def record_purchase(page: Page) -> None:
    page.get_by_role("link", name="Record an event").click()
    page.locator("[name=name]").fill("order_completed")
    page.get_by_role("button", name=re.compile("Record")).click()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_an_empty_installation_to_a_lead_that_sales_opens(
    site: Site, browser: Browser, javascript: bool
) -> None:
    marketer = Visitor(browser, site.url)
    marketer.sign_in("marketer@staff.example", PASSWORD)
    write_quiz(marketer.page)
    tier = ("trait:quiz.is-your-team-ready.tier", "is", "hot")
    bought = ("event:order_completed", "at_least", "1")
    known = ("trait:contact.email", "ends_with", ".example")
    write_segment(marketer, "Customers", [bought])
    write_segment(marketer, "Hot teams", [tier, known, ("segment:customers", "not_in", None)])
    write_sequence(marketer.page, "Hot teams")

    respondent = Visitor(browser, site.url, java_script_enabled=javascript)
    take_quiz(respondent.page, "ada@team.example")

    # The result page is painted: what it caused is there already.
    page = marketer.page
    open_contact(page, "ada@team.example")
    expect(page.get_by_role("link", name="Hot teams")).to_be_visible()
    expect(page.get_by_text("Began the sequence Getting ready")).to_be_visible()
    wait_for(lambda: site.mail.recipients == ["ada@team.example"])
    (mail,) = site.mail.mails
    assert mail["Subject"] == "Welcome, Ada"
    page.goto("/admin/nurture/message/")
    page.get_by_role("link", name=re.compile("Welcome, Ada")).first.click()
    expect(page.get_by_text(str(mail["Message-ID"]))).to_be_visible()

    # A purchase moves the contact on at once, and the sequence stops.
    open_contact(page, "ada@team.example")
    record_purchase(page)
    open_contact(page, "ada@team.example")
    segments = page.locator("section, .card", has_text="Segments").first
    expect(segments.get_by_role("link", name="Customers")).to_be_visible()
    expect(segments.get_by_role("link", name="Hot teams")).to_have_count(0)
    page.goto("/admin/nurture/enrolment/")
    expect(page.locator("#result_list")).to_contain_text("Stopped")

    sales = Visitor(browser, site.url)
    sales.sign_in("sales@staff.example", PASSWORD)
    expect(sales.page).to_have_url(f"{site.url}/leads/")
    expect(sales.page.get_by_role("link", name=re.compile("Hot"))).to_be_visible()
    sales.page.get_by_role("link", name="Ada").click()
    main = sales.page.locator("main")
    for words in ("More than 10", "This month", "10 points", "Customers", "Quiz finished"):
        expect(main).to_contain_text(words)

    for visitor in (marketer, respondent, sales):
        assert visitor.complaints == []
