"""Two hundred hostile texts through every field, of authors and of visitors: none of them runs."""

import re
from html.parser import HTMLParser

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.contacts.models import Contact
from apps.core.richtext import render
from apps.leads.models import Lead
from apps.quizzes import lettering, theming
from apps.quizzes.models import Quiz, Response, Share, Tier, Upload, Version
from apps.quizzes.publishing import digest
from apps.quizzes.uploading import safe_name
from tests.factories import UserFactory
from tests.quizzes.drafts import NOW, published
from tests.quizzes.images import png
from tests.quizzes.payloads import PAYLOADS

GROUP = 26
GROUPS = [PAYLOADS[place : place + GROUP] for place in range(0, len(PAYLOADS), GROUP)]
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
IGNORED = re.compile(r"[\x00-\x20]")  # browsers read an address without these
OURS = ("/static/", "/admin/jsi18n/")
SAFE = {"http", "https", "mailto"}
LINKING = {"href", "src", "action", "formaction", "xlink:href", "data", "poster", "srcset"}
NEVER = {"iframe", "object", "embed", "base", "math", "marquee", "template", "foreignobject"}


def leads_safely(address):
    scheme = SCHEME.match(IGNORED.sub("", address))
    return scheme is None or scheme[1].lower() in SAFE


class Guard(HTMLParser):
    """Collects whatever in a page could run, or lead to what runs."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found = []

    def handle_starttag(self, tag, attrs):
        named = {name: value or "" for name, value in attrs}
        if tag in NEVER or (tag == "meta" and "http-equiv" in named):
            self.found.append((tag, named))
        if tag == "script" and not (
            named.get("src", "").startswith(OURS) or named.get("type") == "application/json"
        ):
            self.found.append((tag, named))
        for name, value in named.items():
            runs = name.startswith(("on", "hx-on", "data-hx")) or name in {"style", "srcdoc"}
            leads = name in LINKING and not leads_safely(value)
            if runs or leads:
                self.found.append((tag, name, value))


def dangers(html):
    guard = Guard()
    guard.feed(html)
    guard.close()
    return guard.found


def test_there_are_two_hundred_and_the_guard_sees_them():
    assert len(PAYLOADS) >= 200
    raw = [one for one in PAYLOADS if one.startswith("<") and dangers(f"<p>{one}</p>")]
    assert len(raw) > 40
    assert dangers('<a href="javascript:alert(1)">')
    assert dangers('<a href=" java&#9;script:alert(1)">')
    assert not dangers('<a href="/q/x/">')
    assert not dangers('<a href="https://example.com">')


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markdown_gives_only_what_is_safe(payload):
    for text in (payload, f"a {payload} b", f"- {payload}", f"[x]({payload})", f"![x]({payload})"):
        assert dangers(render(text)) == []


def test_no_address_that_runs_is_taken_for_a_button():
    field = Tier._meta.get_field("button_url")
    for payload in PAYLOADS:
        with pytest.raises(ValidationError):
            field.clean(payload, None)


def test_no_token_of_a_theme_takes_a_hostile_text():
    for payload in PAYLOADS:
        for tokens in (
            {**theming.USUAL, "font": payload},
            {**theming.USUAL, "radius": payload},
            {**theming.USUAL, "light": {**theming.USUAL["light"], "accent": payload}},
        ):
            with pytest.raises(ValidationError):
                theming.check_theme(tokens)


def test_names_of_files_lose_what_could_be_read():
    for payload in PAYLOADS:
        assert not set("<>\"'`/\\&;:=\r\n\0") & set(safe_name(payload, "application/pdf"))
        assert "\n" not in lettering.written(payload, longest=100)


# --- Pages ---------------------------------------------------------------------------------


def hostile(payloads, **more):
    """Return a version's definition with these texts in every place an author writes in."""
    text, lines = " ".join(payloads), "\n\n".join(payloads)
    choices = [{"key": "a", "label": text, "points": {"score": 1}}, {"key": "b", "label": text}]
    choices = [{"points": {}, **one} for one in choices]
    common = {"title": text, "help": text, "required": False, "picture": "", "picture_alt": text}
    kinds = {
        "single": {"choices": choices},
        "dropdown": {"choices": choices},
        "ranking": {"choices": choices},
        "matrix": {"choices": choices, "rows": [{"key": "r", "label": text}]},
        "scale": {"minimum": 1, "maximum": 3, "low_label": text, "high_label": text},
        "number": {"unit": text},
        "contact": {"fields": ["first_name"], "consent": text},
        "consent": {"consent": text},
    }
    return {
        "title": text,
        "slug": "attack",
        "intro": lines,
        "start_label": text,
        "scoring": "tiers",
        "scales": [{"key": one, "label": text[:120]} for one in ("score", "two", "three")],
        "questions": [{"key": f"q-{k}", "kind": k, **common, **own} for k, own in kinds.items()],
        "tiers": [
            {
                "key": "t",
                "label": text[:120],  # as a column of responses holds it
                "headline": text,
                "body": lines,
                "button_label": text,
                "button_url": payloads[0],
            }
        ],
        "chart": "radar",
        "shareable": True,
        "downloadable": True,
        **more,
    }


@pytest.fixture
def begin(db, client):
    """Publish a definition past every check, and begin it; return the first page's address."""
    quiz = Quiz.objects.create(title="Attack", slug="attack", status=Quiz.Status.OPEN)

    def publish(definition, number):
        Version.objects.create(
            quiz=quiz,
            number=number,
            definition=definition,
            digest=digest(definition),
            published_at=NOW,
        )
        return client.post("/q/attack/")["Location"]

    return publish


def test_what_authors_write_runs_nowhere(client, begin):
    client.raise_request_exception = True
    for number, payloads in enumerate(GROUPS, start=1):
        url = begin(hostile(payloads), number)
        pages = {"front": client.get("/q/attack/").text}
        while "/result/" not in url:
            pages[url] = client.get(url).text
            url = client.post(url, {"revision": "0"})["Location"]
        client.post(f"{url}share/", {"do": "share"})
        pages["result"] = client.get(url).text
        pages["shared"] = client.get(Share.objects.latest("pk").get_absolute_url()).text
        assert len(pages) == 11
        for name, html in pages.items():
            assert dangers(html) == [], (name, payloads)


SPEAKING = {
    "title": "Speaking",
    "slug": "speaking",
    "hidden": ["plan"],
    "shareable": True,
    "downloadable": True,
    "intro": "Hello {{ hidden.plan }}: [x]({{ hidden.plan }}) `{{ hidden.plan }}`",
    "start_label": "Start {{ hidden.utm_source }}",
    "questions": [
        {"key": "words", "kind": "long_text", "title": "Words?"},
        {
            "key": "who",
            "kind": "contact",
            "title": "{{ answer.words }}",
            "help": "{{ answer.words }} {{ hidden.plan }}",
            "fields": ["first_name", "last_name", "email", "country"],
            "consent": "Yes, {{ answer.words }}",
        },
        {"key": "cv", "kind": "file", "title": "Of {{ answer.first_name }}"},
    ],
    "tiers": [
        {
            "key": "t",
            "label": "T",
            "headline": "{{ answer.words }} {{ answer.last_name }}",
            "body": "{{ answer.words }}\n\n[x]({{ answer.words }})\n\n# {{ answer.words }}\n\n"
            "![{{ answer.words }}]({{ hidden.plan }} '{{ answer.country }}')",
            "button_label": "{{ answer.first_name }}",
            "button_url": "https://example.com/",
        }
    ],
}


def speak(client, payloads, number):
    """Go through the quiz with hostile texts in every field; return the pages on the way."""
    one = re.sub(r"[^\x20-\x7e]", "", payloads[0])[:60]
    pages = [client.get("/q/speaking/", {"plan": one, "utm_source": one}).text]
    url = client.post("/q/speaking/", {"plan": one, "utm_source": one})["Location"]
    words = {"answer": "\n".join(payloads), "revision": "0"}
    for data in (
        words,
        {
            **dict.fromkeys(("first_name", "last_name", "country"), one),
            "email": f"visitor{number}@example.com",
            "consent": "on",
            "revision": "0",
        },
        {"file": SimpleUploadedFile(f"{one}.png", png()), "revision": "0"},
    ):
        pages.append(client.get(url).text)
        answer = client.post(url, data)
        assert answer.status_code == 303, dangers(answer.text)
        url = answer["Location"]
    client.post(f"{url}share/", {"do": "share"})
    pages += [client.get(url).text, client.get(url.replace("result/", "who/")).text]
    pages.append(client.get(Share.objects.latest("pk").get_absolute_url()).text)
    assert client.get(f"{url}pdf/").content.startswith(b"%PDF-")
    return pages


def addresses_of_staff():
    found = ["/leads/", "/admin/quizzes/response/", "/admin/contacts/contact/"]
    found += [f"/leads/{lead.pk}/" for lead in Lead.objects.all()[:2]]
    for response in Response.objects.all()[:2]:
        found.append(f"/admin/quizzes/response/{response.pk}/change/")
        found.append(f"/admin/contacts/contact/{response.contact_id}/change/")
    return found


@pytest.mark.django_db
def test_what_visitors_write_runs_nowhere(client):
    published(SPEAKING)
    for number, payloads in enumerate(GROUPS):
        for html in speak(client, payloads, number):
            assert dangers(html) == [], payloads
    client.force_login(UserFactory(role="admin"), backend="apps.accounts.roles.RoleBackend")
    for address in addresses_of_staff():
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert dangers(answer.text) == [], address


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_nothing_runs_in_a_real_browser(live_server, browser, client, begin):
    """Every text as the name of a contact, and all of them on the pages of one quiz."""
    published(SPEAKING)
    speak(client, PAYLOADS[:60], 0)
    Contact.objects.bulk_create(
        Contact(first_name=one.replace("\t", " ")[:120], created_at=NOW) for one in PAYLOADS
    )
    client.force_login(UserFactory(role="admin"), backend="apps.accounts.roles.RoleBackend")
    context = browser.new_context(base_url=live_server.url)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    trapped = []
    page.on("dialog", lambda dialog: (trapped.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: trapped.append(str(error)))
    page.on(
        "console",
        lambda message: "Content Security" in message.text and trapped.append(message.text),
    )
    url = begin(hostile(PAYLOADS), 1)
    addresses = ["/q/attack/", url, *addresses_of_staff(), "/admin/contacts/contact/?all=1"]
    while "/result/" not in url:
        url = client.post(url, {"revision": "0"})["Location"]
        addresses.append(url)
    client.post(f"{url}share/", {"do": "share"})
    addresses += [share.get_absolute_url() for share in Share.objects.all()]
    for address in addresses:
        page.goto(address)
        assert trapped == [], address
    context.close()
    assert Upload.objects.count() == 1
