"""Pages of forms filled in as a browser would: every field as it stands, texts replaced."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser

SPACES = {"input": " ", "textarea": "\n\n"}
SHORT = 100
WRITTEN = {"text", ""}  # types of inputs that take any text


@dataclass
class Form:
    action: str = ""
    fields: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[str, tuple[str, int]] = field(default_factory=dict)  # name: (tag, limit)


class Reader(HTMLParser):
    """Reads the forms of a page, but not what stands in a <template>."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.forms = []
        self.form = None
        self.inert = 0
        self.area = self.select = ""

    def handle_starttag(self, tag, attrs):
        named = {name: value or "" for name, value in attrs}
        self.inert += tag == "template"
        if tag == "form":
            self.form = Form(named.get("action", ""))
            self.forms.append(self.form)
        if self.inert or self.form is None or "disabled" in named:
            return
        name = named.get("name", "")
        if tag == "input" and name:
            self._input(name, named)
        elif tag == "textarea":
            self.area = name
            self.form.fields[name] = [""]
            self.form.texts[name] = (tag, int(named.get("maxlength", 3_000)))
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in named:
            self.form.fields[self.select].append(named.get("value", ""))

    def _input(self, name, named):
        kind = named.get("type", "")
        if kind in {"checkbox", "radio"}:
            if "checked" in named:
                self.form.fields[name].append(named.get("value", "on"))
        elif kind not in {"file", "submit"}:
            self.form.fields[name].append(named.get("value", ""))
            if kind in WRITTEN:
                self.form.texts[name] = ("input", int(named.get("maxlength", 200)))

    def handle_data(self, data):
        if self.area:
            self.form.fields[self.area][0] += data

    def handle_endtag(self, tag):
        self.inert -= tag == "template"
        if tag == "textarea":
            self.area = ""
        elif tag == "select":
            self.select = ""
        elif tag == "form":
            self.form = None


def form_of(html, action):
    """Return the one form of a page that is sent to this address."""
    reader = Reader()
    reader.feed(html)
    [found] = [form for form in reader.forms if form.action == action]
    return found


class Filler:
    """Hands each field the next texts that fit in it, until all have been through.

    Fields of one name in one place are one: the titles of twenty questions share a round. All
    short fields are one too, since few texts fit in any.
    """

    def __init__(self, texts, *, leaving=()):
        self.texts = texts
        self.leaving = set(leaving)
        self.waiting = {}

    def fill(self, form):
        """Return what to send; rows that are not there yet stay blank."""
        sent = {name: list(values) for name, values in form.fields.items()}
        for name, (tag, limit) in self._open_to_texts(form):
            sent[name] = [self._next(self._waiting(form, name, limit), tag, limit)]
        return sent

    def has_more_for(self, form):
        return any(
            len(one) <= limit
            for name, (_, limit) in self._open_to_texts(form)
            for one in self._waiting(form, name, limit)
        )

    def _open_to_texts(self, form):
        return [
            (name, found)
            for name, found in form.texts.items()
            if name.rpartition("-")[2] not in self.leaving
            and form.fields.get(f"{name.rpartition('-')[0]}-id") != [""]
        ]

    def _waiting(self, form, name, limit):
        kind = "short" if limit < SHORT else re.sub(r"\d+", "", f"{form.action} {name}")
        return self.waiting.setdefault(kind, list(self.texts))

    def _next(self, waiting, tag, limit):
        space, taken, length = SPACES[tag], [], 0
        for one in [one for one in waiting if len(one) <= limit]:
            if length + len(one) > limit:
                break
            waiting.remove(one)
            taken.append(one if tag == "textarea" else one.replace("\n", ""))
            length += len(one) + len(space)
        return space.join(taken) or self.texts[0][:limit]
