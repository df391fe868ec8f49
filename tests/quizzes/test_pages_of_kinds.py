"""The page of every kind of question in a real browser: axe finds nothing, no policy is broken."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from apps.quizzes.models import Picture
from tests.quizzes.drafts import published
from tests.quizzes.test_kinds import AB, KINDS, ONE_TIER, PNG

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = {"preload": False, "resultTypes": ["violations"]}


def test_the_page_of_every_kind_is_fit_for_everybody(live_server, browser):
    picture = Picture.objects.create(name="p", type="image/png", data=PNG)
    questions = []
    for kind, (own, *_) in KINDS.items():
        if kind in {"email", "contact"}:
            continue
        more = {**own, "required": False}
        if kind.startswith("picture"):
            more["choices"] = [{**one, "picture": picture} for one in AB]
        if kind == "single":
            more["choices"] = [*AB, {"key": "o", "label": "Something else", "other": True}]
        if kind in {"scale", "rating", "nps"}:
            more |= {"low_label": "Not at all", "high_label": "Very much"}
        title = f"The question of kind {kind}?"
        questions.append({"key": f"q-{kind}", "kind": kind, "title": title, **more})
    questions.append({"key": "q-file", "kind": "file", "title": "A file?", "required": False})
    published({"title": "Kinds", "slug": "kinds", "questions": questions, "tiers": ONE_TIER})
    page = browser.new_page(viewport={"width": 390, "height": 760}, color_scheme="light")
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{live_server.url}/q/kinds/")
    page.get_by_role("button", name="Start").click()
    for question in questions:
        page.wait_for_url(f"**/{question['key']}/")
        page.get_by_role("heading", name=question["title"]).wait_for()
        found = Axe().run(page, options=AXE).response["violations"]
        assert found == [], (question["key"], found)
        page.get_by_role("button", name="skip").or_(
            page.get_by_role("button", name="result")
        ).first.click()
    page.wait_for_url("**/result/")
    page.close()
    assert [text for text in said if "Content Security Policy" in text] == []
