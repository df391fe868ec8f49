"""What a mail looks like when it arrives."""

import email
import email.policy
import re
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from pytest_django import Settings

from apps.nurture import composing, templating
from apps.nurture.models import Message
from tests.nurture import build
from tests.nurture.build import subscriber

pytestmark = pytest.mark.django_db

HOSTILE = [
    "[click](http://evil.example)",
    "![x](http://evil.example/x.png)",
    "<script>alert(1)</script>",
    "<a href='http://evil.example'>x</a>",
    "<http://evil.example>",
    "http://evil.example",
    "www.evil.example",
    "[x]: http://evil.example",
    "</div><img src=x onerror=alert(1)>",
    "{{ contact.email }}",
    "{% for i in (1..9999999) %}x{% endfor %}",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "    code",
    "`code`",
    "*a* **b** _c_ ~~d~~ | e | f |",
    "a\r\nBcc: victim@people.example",
    "a\n\n[x](http://evil.example)",
    "&lt;script&gt; &#60;b&#62;",
    "\\[x](http://evil.example)",
    "=?utf-8?q?=0ABcc:_v@people.example?=",
    "a\x01\x7f\x0b\u2028b",
    "javascript:alert(1)",
    "\"' onmouseover=alert(1) x='",
]


class Tags(HTMLParser):
    """Every tag with its attributes, and the text of the sheet."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(message: Message) -> EmailMessage:
    raw = composing.compose(message).raw
    return email.message_from_string(raw, _class=EmailMessage, policy=email.policy.default)


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return part.get_content()


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content()


def test_the_headers_are_what_mail_programs_need() -> None:
    message = build.message(subscriber(email="ada@people.example", first_name="Ada"))
    mail = parsed(message)
    link = composing.unsubscribe_link(message)
    assert mail["From"] == "Harbour Light <hello@harbour.example>"
    assert mail["To"] == "ada@people.example"
    assert mail["Message-ID"] == message.message_id
    assert message.message_id.endswith("@harbour.example>")
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith("https://quiz.example/u/")
    assert mail["Date"]
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_the_long_header_stands_in_one_piece() -> None:
    raw = composing.compose(build.message()).raw
    assert re.search(r"^List-Unsubscribe: <https://quiz\.example/u/\S+/>\r$", raw, re.MULTILINE)
    assert raw.isascii()
    assert "\n" not in raw.replace("\r\n", "")
    assert max(map(len, raw.split("\r\n"))) < 998


def test_markdown_becomes_html_with_inlined_styles_and_a_readable_text() -> None:
    body = "# Hello {{ contact.first_name }}\n\nSee [our guide](https://harbour.example/guide)."
    mail = parsed(build.message(subscriber(first_name="Ada"), body=body))
    html = html_of(mail)
    assert re.search(r'<h1 style="[^"]*font-size: 24px[^"]*">Hello Ada</h1>', html)
    assert 'href="https://harbour.example/guide"' in html
    assert "prefers-color-scheme: dark" in html
    assert "See our guide: https://harbour.example/guide." in text_of(mail)
    assert "Stop these e-mails: https://quiz.example/u/" in text_of(mail)


def test_a_mail_may_speak_of_traits_and_of_the_quiz_tier() -> None:
    contact = subscriber(
        profile={"plan": "pro", "quiz.skin-type.tier": "hot", "quiz.skin-type.score": 17}
    )
    body = (
        "{{ traits.plan }} {{ quiz.skin-type.score }} {{ traits['quiz.skin-type.tier'] }}"
        " {{ traits.unknown | default: 'none' }}"
        "{% if quiz.skin-type.tier == 'hot' %} yes{% endif %}"
    )
    assert text_of(parsed(build.message(contact, body=body))).startswith("pro 17 hot none yes")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_ever_text(name: str) -> None:
    body = (
        "Dear {{ contact.first_name }}!\n\n{{ contact.first_name }}\n\n> {{ contact.first_name }}"
    )
    honest = build.message(subscriber(first_name="Ada"), body=body)
    hostile = build.message(subscriber(first_name=name), body=body)
    tags = Tags(html_of(parsed(hostile)))
    expected = Tags(html_of(parsed(honest)))
    links = {composing.unsubscribe_link(honest), composing.unsubscribe_link(hostile)}
    without_links = [
        [(tag, tuple(pair for pair in attrs if pair[1] not in links)) for tag, attrs in page.tags]
        for page in (tags, expected)
    ]
    assert without_links[0] == without_links[1]
    assert f"Dear {templating.one_line(name)}!" in tags.text


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_can_add_a_header_or_a_recipient(name: str) -> None:
    contact = subscriber(first_name=name, email="ada@people.example")
    message = build.message(contact, subject="{{ contact.first_name }}, welcome")
    mail = parsed(message)
    assert sorted(mail.keys()) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "MIME-Version",
            "Content-Type",
        ]
    )
    assert mail["To"] == "ada@people.example"
    assert mail["Subject"].split() == f"{templating.one_line(name)}, welcome".split()


@pytest.mark.parametrize(
    "address", ["", "x", "a@b\r\nBcc: c@d.example", "<a@b.example>", "a@b.example, c@d.example"]
)
def test_what_is_no_address_gets_no_mail(address: str) -> None:
    with pytest.raises(composing.NoAddressError):
        composing.compose(build.message(subscriber(email=address)))


def test_a_subject_in_any_script_survives() -> None:
    subject = "Größe, 東京 и 🎉 " * 8
    mail = parsed(build.message(subject=subject.strip()))
    assert mail["Subject"] == subject.strip()


def test_a_sender_in_any_script_survives(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = '"Café Zürich, Büro" <hello@harbour.example>'
    assert parsed(build.message())["From"].addresses[0].display_name == "Café Zürich, Büro"


def test_a_link_that_runs_code_is_no_link() -> None:
    html = html_of(parsed(build.message(body="[x](javascript:alert(1)) <b onclick=x>y</b>")))
    assert "javascript:" not in str(Tags(html).tags)
    assert "onclick" not in str(Tags(html).tags)
