"""Searching a list and dragging a ranking, in a real browser and without JavaScript."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from apps.quizzes.models import Answer
from tests.quizzes.drafts import published
from tests.quizzes.test_kinds import ONE_TIER, begin

AXE = {"preload": False, "resultTypes": ["violations"]}
TOWNS = ["Aachen", "Bonn", "Köln", "Münster"]
QUESTIONS = [
    {
        "key": "town",
        "kind": "dropdown",
        "title": "Your town?",
        "choices": [{"key": f"t{place}", "label": one} for place, one in enumerate(TOWNS)],
    },
    {
        "key": "order",
        "kind": "ranking",
        "title": "In which order?",
        "choices": [{"key": one, "label": one.upper()} for one in "abc"],
    },
]


def quiz():
    return published({"title": "K", "slug": "kinds", "questions": QUESTIONS, "tiers": ONE_TIER})


@pytest.mark.django_db
def test_without_javascript_both_are_plain_selects(client):
    quiz()
    url = begin(client)
    assert '<option value="t2">Köln</option>' in client.get(url).text
    url = client.post(url, {"answer": "t2", "revision": "0"})["Location"]
    assert client.get(url).text.count("<select") == 3
    client.post(url, {"rank.a": "2", "rank.b": "3", "rank.c": "1", "revision": "0"})
    assert [row.value for row in Answer.objects.all()] == ["t2", ["c", "a", "b"]]


def clean(page):
    return Axe().run(page, options=AXE).response["violations"]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_by_keyboard_and_mouse_a_list_is_searched_and_a_ranking_arranged(live_server, browser):
    quiz()
    page = browser.new_page(viewport={"width": 390, "height": 800})
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{live_server.url}/q/kinds/")
    page.get_by_role("button", name="Start").click()
    box = page.locator("input[role=combobox]")  # not the plain list that it takes the place of
    box.press_sequentially("koln")
    assert page.get_by_role("option").all_text_contents() == ["Köln"]
    assert clean(page) == []
    box.press("Enter")
    assert box.input_value() == "Köln"
    box.press("Enter")

    page.get_by_role("heading", name="In which order?").wait_for()
    places = page.locator(".ranked .label")
    page.get_by_role("button", name="Move C").press("ArrowUp")
    assert places.all_text_contents() == ["A", "C", "B"]
    assert page.get_by_role("status").filter(has_text="C: place 2 of 3").count() == 1
    assert clean(page) == []
    handle, first = page.get_by_role("button", name="Move B"), page.locator(".ranked").first
    handle.hover()
    page.mouse.down()
    corner = first.bounding_box()
    page.mouse.move(corner["x"] + 300, corner["y"] + 2, steps=6)
    page.mouse.up()
    assert places.all_text_contents() == ["B", "A", "C"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="result").click()
    page.wait_for_url("**/result/")
    page.close()
    assert [row.value for row in Answer.objects.order_by("pk")] == ["t2", ["b", "a", "c"]]
    assert said == []
