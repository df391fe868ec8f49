"""The result page: its score as a chart, its link to share, its picture and its PDF."""

import logging
import re
import threading
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.db import connection

from apps.contacts.erasing import erase
from apps.contacts.models import Contact
from apps.quizzes import cards, charts, lettering, papers, sharing, theming
from apps.quizzes.definition import load, of
from apps.quizzes.models import Response, Share, Version
from apps.quizzes.results import result_of
from tests.quizzes.drafts import NOW, published
from tests.quizzes.images import opened

pytestmark = pytest.mark.django_db

SECRET = "Hildegard"
SCALES = [{"key": key, "label": key.title()} for key in ("calm", "drive", "order")]
QUIZ = {
    "title": "How do you work?",
    "slug": "work",
    "scales": SCALES,
    "shareable": True,
    "downloadable": True,
    "chart": "gauge",
    "questions": [
        {"key": "name", "kind": "text", "title": "Your name?"},
        {
            "key": "pace",
            "title": "Your pace?",
            "choices": [
                {"key": "slow", "label": "Slow", "points": {"calm": 3, "drive": 1, "order": 2}},
                {"key": "fast", "label": "Fast", "points": {"calm": 0, "drive": 4, "order": 4}},
            ],
        },
    ],
    "tiers": [
        {
            "key": "any",
            "label": "Internal label",
            "headline": 'Well done, {{ answer.name | default: "you" }}',
            "body": "Hello **{{ answer.name }}** of {{ hidden.utm_source }}: {{ score }}.\n\n- One",
            "button_label": "Go on",
            "button_url": "https://example.com/next",
        }
    ],
}


def taken(client, *, name=SECRET, **changes):
    """Take the quiz; return the address of its result."""
    published(QUIZ, **changes)
    url = client.post("/q/work/", {"utm_source": "newsletter-7"})["Location"]
    url = client.post(url, {"answer": name, "revision": "0"})["Location"]
    return client.post(url, {"answer": "slow", "revision": "0"})["Location"]


def made(client, url):
    """Make the link of a result; return its path."""
    assert client.post(f"{url}share/", {"do": "share"}).status_code == 303
    return Share.objects.get().get_absolute_url()


# --- The chart ---------------------------------------------------------------------------


def test_a_gauge_says_in_words_what_it_draws(client):
    page = client.get(taken(client)).text
    assert 'stroke-dasharray="100 200"' in page
    assert re.search(r"Calm: <strong>3</strong> of 3<span[^>]*>, 100 %", page)


def test_a_radar_has_every_scale_as_a_row_of_a_table(client):
    page = client.get(taken(client, chart="radar")).text
    assert page.count("<circle") == 3
    for label, score, most, percent in (("Calm", 3, 3, 100), ("Drive", 1, 4, 25)):
        row = f'<th scope="row">{label}</th><td>{score} of {most}</td><td>{percent} %</td>'
        assert row in page


def test_without_a_chart_the_page_says_no_score(client):
    page = client.get(taken(client, chart="")).text
    assert "<svg" not in page
    assert SECRET in page


def receipt(*totals):
    return {
        "totals": [
            {"scale": str(place), "label": f"S{place}", "score": score, "maximum": maximum}
            for place, (score, maximum) in enumerate(totals)
        ]
    }


def test_a_chart_takes_every_number():
    one = charts.chart("gauge", receipt((-4, 10)), main=-4).main
    assert (one.percent, one.share) == (0, 0)
    assert charts.chart("gauge", receipt((3, 0)), main=3).main.percent == 0
    assert charts.chart("gauge", receipt((10 / 3, 5)), main=10 / 3).main.score == 3.33
    assert charts.chart("gauge", receipt((1, 4), (3, 4)), main=3).main.label == "S1"
    assert charts.chart("gauge", {}, main=None) is None
    assert not charts.chart("radar", receipt((1, 4), (3, 4)), main=1).is_radar


def test_a_radar_keeps_its_corners_inside():
    found = charts.chart("radar", receipt(*[(99, 4), (-1, 4), (0, 0), (1, 3)] * 6), main=None)
    assert len(found.axes) == charts.MOST_AXES
    for axis in found.axes:
        far = ((axis.dot_x - 220) ** 2 + (axis.dot_y - 150) ** 2) ** 0.5
        assert far <= charts.RADIUS + 0.1
    assert len(charts.chart("radar", receipt((0, 1), (1, 1), (1, 2)), main=0).area.split()) == 3


# --- Sharing -----------------------------------------------------------------------------


def test_a_shared_result_shows_neither_answers_nor_who_gave_them(client):
    url = taken(client)
    path = made(client, url)
    answer = client.get(path)
    assert "Well done, you" in answer.text
    token = url.split("/")[3]
    for secret in (SECRET, "newsletter-7", "Slow", "Internal label", token):
        assert secret not in answer.text
    assert "noindex" in answer["X-Robots-Tag"]
    assert 'content="noindex"' in answer.text
    assert answer["Cache-Control"] == "no-store"
    assert len(path.split("/")[3]) == 32


def test_nothing_is_shared_before_the_respondent_does_it(client):
    url = taken(client)
    assert client.get(f"{url}share/").status_code == 405
    client.get(url)
    assert not Share.objects.exists()
    assert client.get(f"/q/s/{'x' * 32}/").status_code == 404
    assert client.get(f"/q/s/{'x' * 32}/card.png").status_code == 404


def test_a_link_that_was_taken_back_leads_nowhere_and_never_comes_again(client):
    url = taken(client)
    first = made(client, url)
    assert made(client, url) == first
    client.post(f"{url}share/", {"do": "take-back"})
    assert client.get(first).status_code == client.get(f"{first}card.png").status_code == 404
    assert made(client, url) != first


def test_only_a_quiz_that_offers_it_can_be_shared_or_kept(client):
    url = taken(client, shareable=False, downloadable=False)
    page = client.get(url).text
    assert "share" not in page
    assert "PDF" not in page
    assert client.post(f"{url}share/", {"do": "share"}).status_code == 404
    assert client.get(f"{url}pdf/").status_code == 404


def test_what_is_not_finished_cannot_be_shared(client):
    published(QUIZ)
    begun = client.post("/q/work/")["Location"].rsplit("/", 2)[0]
    assert client.post(f"{begun}/result/share/", {"do": "share"}).status_code == 404
    assert client.get(f"{begun}/result/pdf/").status_code == 302


def test_an_erased_contact_takes_the_link_along(client):
    path = made(client, taken(client))
    erase(Contact.objects.get().pk)
    assert client.get(path).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_link(client):
    taken(client)
    response = Response.objects.get()
    found = []

    def make():
        found.append(sharing.share(response, now=NOW).token)
        connection.close()

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 4


# --- The card ----------------------------------------------------------------------------


class Metas(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = {}

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "meta" and "property" in named:
            self.found[named["property"]] = named["content"]


def test_a_shared_link_brings_a_picture_of_its_own(client):
    path = made(client, taken(client))
    metas = Metas()
    metas.feed(client.get(path).text)
    assert metas.found["og:title"] == "Well done, you"
    assert metas.found["og:url"] == settings.PUBLIC_URL + path
    assert metas.found["og:image"] == f"{settings.PUBLIC_URL}{path}card.png"
    sent = client.get(f"{path}card.png")
    assert (sent["Content-Type"], opened(sent.content).size) == ("image/png", (1200, 630))
    assert len(sent.content) < 100_000
    assert client.get(f"{path}card.png")["ETag"] == sent["ETag"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 5_000,
        "Ünï 李小龙 שלום 🎉 \x00\ud800",
        "word " * 400,
        "\u202eevil",
        "A\nB",
        "<b>&amp;",
    ],
)
@pytest.mark.parametrize("percent", [None, 0, 100])
def test_a_card_takes_every_text(text, percent):
    palette = theming.Theme.of(theming.USUAL).light
    card = cards.Card(text, text, percent, palette)
    assert opened(cards.png(card)).size == (1200, 630)
    assert cards.png(card) is cards.png(card)


def test_letters_that_the_font_lacks_are_told():
    assert lettering.written("Zoë 李 🎉 Ж\x00", longest=20) == "Zoë ? Ж"
    assert lettering.written("a" * 30, longest=10) == "aaaaaaaaa…"


# --- The PDF -----------------------------------------------------------------------------


def test_a_result_can_be_kept_as_pdf_by_its_own_address_alone(client):
    url = taken(client)
    sent = client.get(f"{url}pdf/")
    assert sent.content.startswith(b"%PDF-")
    assert sent["Content-Type"] == "application/pdf"
    assert sent["Content-Disposition"] == 'attachment; filename="work.pdf"'
    assert sent["Cache-Control"] == "no-store"
    shared = made(client, url)
    assert client.get(f"{shared}pdf/").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "Jürgen Groß-Öztürk",
        "李小龙 שלום سلام 🎉",
        "<b>&amp;</b> [x](javascript:alert(1)) **bold**",
        "(a) \\ %PDF /JS << >> endobj",
        "x" * 490,
    ],
)
def test_a_pdf_takes_every_name(client, name):
    url = taken(client, name=name, chart="radar")
    sent = client.get(f"{url}pdf/").content
    assert sent.startswith(b"%PDF-")
    assert len(sent) < 200_000
    assert b"/JavaScript" not in sent
    assert b"/JS" not in sent


def test_a_pdf_stays_small_whatever_is_written(client):
    tiers = [{**QUIZ["tiers"][0], "body": "{{ answer.name }} " * 9_000 + "# H\n\n" * 9_000}]
    result = result_of(response_of(client, tiers=tiers))
    assert len(papers.pdf(result, finished=NOW)) < 300_000


def response_of(client, **changes):
    taken(client, **changes)
    return Response.objects.get()


def test_no_log_names_the_letters_of_a_result():
    for name in ("fontTools.subset", "fpdf", "PIL"):
        assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING


def test_the_same_result_gives_the_same_pdf(client):
    result = result_of(response_of(client))
    assert papers.pdf(result, finished=NOW) == papers.pdf(result, finished=NOW)


# --- Versions of before ------------------------------------------------------------------


def test_a_version_of_before_is_read_and_shows_what_it_showed(client):
    quiz = published({**QUIZ, "shareable": False, "downloadable": False, "chart": ""})
    source = Version.objects.get(quiz=quiz).definition
    assert not {"chart", "shareable", "downloadable", "theme"} & set(source)
    assert not {"picture", "picture_alt"} & set(source["tiers"][0])
    known = load(source)
    assert (known.chart, known.shareable, known.look, known.theme_address) == ("", False, None, "")


def test_what_a_version_says_of_its_result_pages_is_frozen(client):
    response = response_of(client, chart="radar")
    response.version.quiz.__class__.objects.update(chart="", shareable=False)
    assert of(response).chart == "radar"
    assert of(response).shareable
