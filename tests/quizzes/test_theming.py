"""Themes are typed tokens that one can read, served at an address that is their content."""

import copy

import pytest
from django.core.exceptions import ValidationError

from apps.quizzes import theming
from apps.quizzes.models import Quiz
from apps.quizzes.proving import proof
from apps.quizzes.theme_form import name_of
from apps.quizzes.theming import USUAL, Theme, check_theme, contrast
from tests.factories import UserFactory
from tests.quizzes.drafts import QUALIFY, published
from tests.quizzes.test_admin import QUIZ, about, inlines


def themed(**changes):
    """Return the usual theme with some tokens changed: light_text="#000000"."""
    tokens = copy.deepcopy(USUAL)
    for name, value in changes.items():
        scheme, _, colour = name.partition("_")
        if scheme in theming.SCHEMES:
            tokens[scheme][colour] = value
        else:
            tokens[name] = value
    return tokens


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [  # the reference values of WCAG's own checkers
        ("#000000", "#ffffff", 21),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
        ("#123456", "#123456", 1),
    ],
)
def test_contrast_is_that_of_the_standard(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(one, other) == contrast(other, one)


def test_the_usual_look_passes():
    check_theme(USUAL)
    check_theme({})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"light_text": "#777777"}, "light: text on background is 4.3:1, needs 4.5:1"),
        ({"light_accent_text": "#00807f"}, "light: accent text on accent is"),
        ({"dark_muted": "#333333"}, "dark: muted on surface is"),
        ({"light_accent": "#ffdd00"}, "light: accent (links) on background is"),
        ({"light_surface": "#16211f"}, "light: text on surface is 1:1"),
        ({"dark_background": "#ffffff"}, "dark: an error message on background is"),
    ],
)
def test_a_pair_that_cannot_be_read_is_refused_by_name_and_ratio(changes, said):
    with pytest.raises(ValidationError) as caught:
        check_theme(themed(**changes))
    assert any(said in message for message in caught.value.messages), caught.value.messages


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        "red",
        7,
        {"font": "system"},
        themed(font="Comic Sans; } body { background: url(//evil)"),
        themed(font=["system"]),
        themed(radius=25),
        themed(radius=-1),
        themed(radius=True),
        themed(radius=1.5),
        themed(radius=10**30),
        themed(radius="9px"),
        themed(light_text="red"),
        themed(light_text="#fff"),
        themed(light_text="#000000;"),
        themed(light_text="#00000\n"),
        themed(light_text="#000000\n"),
        themed(light_text=None),
        themed(light="url(//evil)"),
        themed(more=1),
        {**USUAL, "light": {**USUAL["light"], "more": "#000000"}},
    ],
)
def test_what_is_no_token_is_refused(tokens):
    with pytest.raises(ValidationError):
        check_theme(tokens)


def test_an_address_is_its_theme():
    theme = Theme.of(themed(font="serif", radius=0, light_accent="#005a9c"))
    assert theming.at(theme.address) == theme
    assert theme.address != Theme.of(USUAL).address


@pytest.mark.parametrize(
    "address",
    [
        "x",
        "system-10",
        "system-10-" + "-".join(["zzzzzz"] * 12),
        "a" * 5_000,
        "system-010" + Theme.of(USUAL).address[9:],
        "system-99" + Theme.of(USUAL).address[9:],
        Theme.of(USUAL).address + "-000000",
        Theme.of(USUAL).address.upper(),
    ],
)
def test_an_address_that_no_theme_has_is_not_found(client, address):
    assert client.get(f"/q/t/{address}.css").status_code == 404


def test_the_stylesheet_is_kept_for_ever_and_holds_no_other_words(client):
    theme = Theme.of(themed(font="serif", radius=4))
    sent = client.get(f"/q/t/{theme.address}.css")
    assert sent["Content-Type"].startswith("text/css")
    assert "immutable" in sent["Cache-Control"]
    assert "--page: #f8fbfb;" in sent.text
    assert "--radius-card: 4px;" in sent.text
    assert "prefers-color-scheme: dark" in sent.text
    assert sent.text.count("{") == sent.text.count("}") == 3


@pytest.mark.django_db
def test_every_page_of_a_quiz_wears_its_theme(client):
    published({**QUALIFY, "theme": USUAL})
    link = f'href="/q/t/{Theme.of(USUAL).address}.css"'
    assert link in client.get("/q/ready/").text
    assert link in client.get(client.post("/q/ready/")["Location"]).text
    Quiz.objects.update(status="closed")
    assert link in client.get("/q/ready/").text


@pytest.mark.django_db
def test_a_theme_that_cannot_be_read_is_not_published():
    quiz = published(QUALIFY)
    Quiz.objects.update(theme=themed(light_text="#f8fbfb"))
    quiz.refresh_from_db()
    assert any("light: text on background" in one.message for one in proof(quiz).errors)
    Quiz.objects.update(theme={"font": 3})
    quiz.refresh_from_db()
    assert [one.code for one in proof(quiz).errors] == ["theme"]


# --- In the admin ------------------------------------------------------------------------


@pytest.fixture
def marketer(client, db):
    client.force_login(UserFactory(role="marketer"), backend="apps.accounts.roles.RoleBackend")
    return client


def save(client, quiz, **fields):
    return client.post(
        f"{QUIZ}{quiz.pk}/change/", about(quiz, **fields) | inlines(scales=[], tiers=[])
    )


def test_an_author_chooses_a_theme_and_sees_it_in_small(marketer):
    quiz = published(QUALIFY)
    colours = {name_of("light", "accent"): "#005A9C".lower(), "theme_font": "serif"}
    assert save(marketer, quiz, themed="on", theme_radius="0", **colours).status_code == 302
    quiz.refresh_from_db()
    assert (quiz.theme["light"]["accent"], quiz.theme["font"]) == ("#005a9c", "serif")
    assert quiz.theme["radius"] == 0
    page = marketer.get(f"{QUIZ}{quiz.pk}/change/").text
    assert 'fill="#005a9c"' in page
    assert "least contrast" in page
    assert save(marketer, quiz).status_code == 302
    quiz.refresh_from_db()
    assert quiz.theme == {}


def test_a_theme_that_cannot_be_read_is_not_saved_and_the_form_says_why(marketer):
    quiz = published(QUALIFY)
    answer = save(marketer, quiz, themed="on", **{name_of("dark", "text"): "#222222"})
    assert answer.status_code == 200
    assert "Too little contrast in dark: text on background is 1" in answer.text
    quiz.refresh_from_db()
    assert quiz.theme == {}
    bad = save(marketer, quiz, themed="on", **{name_of("dark", "text"): "red; }"})
    assert "written like #1a2b3c" in bad.text
