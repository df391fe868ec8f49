"""A person at a browser, and what the browser had to complain about."""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page


class Visitor:
    """A browser window of one person, which keeps what the console complained about."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        self.context: BrowserContext = browser.new_context(base_url=url, **options)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def sign_in(self, email: str, password: str) -> None:
        self.page.goto("/login/")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/login/" not in url)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def take_quiz(self, *, email: str) -> None:
        """Go from a quiz's first page to its result, by the first choice there is."""
        page = self.page
        while "/result/" not in page.url:
            here = page.url
            if page.get_by_label("Email").count():
                page.get_by_label("First name").fill("Ada")
                page.get_by_label("Email").fill(email)
            elif page.locator("input[data-hint]").count():
                page.locator("input[data-hint]").first.check(force=True)
            elif page.locator("input.text").count():
                page.locator("input.text").fill("5")
            page.locator("button.primary").first.click()
            page.wait_for_url(lambda url, here=here: url != here)
