"""Making the mail of a message: Liquid, then Markdown, then HTML and MIME."""

import re
from dataclasses import dataclass
from email._header_value_parser import UnstructuredTokenList
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from typing import Any, ClassVar, Literal

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from apps.contacts import people
from apps.contacts.models import Contact
from apps.core import richtext
from apps.nurture import models, templating, unsubscribe_token

MAX_SUBJECT = 200  # characters
LINK = re.compile(r"!?\[([^\]\n]*)\]\((\S+?)(?:\s+\"[^\"\n]*\")?\)")


class NoAddressError(ValueError):
    """The contact has no address that mail can go to."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail ready for the server: `raw` is ASCII with CRLF line ends."""

    sender: str
    recipient: str
    subject: str
    html: str
    text: str
    raw: str


class Verbatim(BaseHeader):
    """A header that is written as it is given.

    The library's own would break a long word into encoded ones, and would decode an encoded
    word in the value: `=?utf-8?q?=0ABcc:...?=` in a name would become a header of its own.
    """

    max_count: ClassVar[Literal[1]] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["parse_tree"] = UnstructuredTokenList()
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class Text(Verbatim):
    """A header for people: all that is not plain ASCII is encoded."""

    def fold(self, *, policy: Policy) -> str:
        plain = self.isascii() and "=?" not in self
        encoded = Header(str(self), "us-ascii" if plain else "utf-8", header_name=self.name)
        return f"{self.name}: {encoded.encode(linesep=policy.linesep)}{policy.linesep}"


def _policy() -> Policy:
    registry = HeaderRegistry()
    for name in ("message-id", "list-unsubscribe", "list-unsubscribe-post"):
        registry.map_to_type(name, Verbatim)
    registry.map_to_type("subject", Text)
    return SMTP.clone(header_factory=registry)


POLICY = _policy()
INLINER = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


def compose(message: models.Message) -> Mail:
    """Return the mail of a message, for the contact as it is now.

    Raises templating.TemplateError, and NoAddressError.
    """
    contact = message.contact
    try:
        recipient = people.normalise_email(contact.email)
    except people.EmailError as error:
        raise NoAddressError(str(error)) from None
    link = unsubscribe_link(message)
    content = write(message.step, contact, unsubscribe=link)
    mime = _mime(content, recipient=recipient, link=link, message_id=message.message_id)
    return Mail(
        sender=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        recipient=recipient,
        subject=content.subject,
        html=content.html,
        text=content.text,
        raw=mime.as_bytes().decode("ascii"),
    )


def write(step: models.Step, contact: Contact, *, unsubscribe: str) -> Content:
    """Return what an e-mail step says to a contact; raises templating.TemplateError."""
    known = templating.fields(
        {name: getattr(contact, name) for name in templating.CONTACT_FIELDS}, contact.profile
    )
    subject = templating.one_line(templating.render(step.subject, known=known, markdown=False))
    body = richtext.render(templating.render(step.body, known=known, markdown=True))
    around = {
        "subject": subject[:MAX_SUBJECT],
        "body": body,
        "sender": parseaddr(settings.DEFAULT_FROM_EMAIL)[0],
        "unsubscribe": unsubscribe,
    }
    plain = templating.render(step.body, known=known, markdown=False)
    return Content(
        subject=subject[:MAX_SUBJECT],
        html=INLINER.inline(render_to_string("nurture/mail.html", around)),
        text=f"{as_text(plain)}\n\n-- \nStop these e-mails: {unsubscribe}\n",
    )


def as_text(markdown: str) -> str:
    """Return Markdown for readers of plain text: it reads well but for its links."""
    return LINK.sub(r"\1: \2", markdown).strip()


def unsubscribe_link(message: models.Message) -> str:
    token = unsubscribe_token.make(contact_id=message.contact_id, message_id=message.pk)
    return f"{settings.PUBLIC_URL}{reverse('unsubscribe', args=[token])}"


def _mime(content: Content, *, recipient: str, link: str, message_id: str) -> EmailMessage:
    mime = EmailMessage(policy=POLICY)
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    mime["From"] = Address(display_name=name, addr_spec=address)
    mime["To"] = recipient
    mime["Subject"] = content.subject
    mime["Date"] = format_datetime(timezone.now())
    mime["Message-ID"] = message_id
    mime["List-Unsubscribe"] = f"<{link}>"
    mime["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mime.set_content(content.text, cte="quoted-printable")
    mime.add_alternative(content.html, subtype="html", cte="quoted-printable")
    return mime
