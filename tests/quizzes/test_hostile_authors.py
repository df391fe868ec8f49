"""Hostile texts through the forms of the studio, as a browser sends them: none of them runs."""

import html
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.contacts.models import Contact
from apps.leads.qualifying import qualify
from apps.quizzes.definition import Kind
from apps.quizzes.drafting import draft
from apps.quizzes.exchanging import written
from apps.quizzes.models import BackTest, Question, Quiz, Rescoring, Response, Share
from apps.quizzes.publishing import proof
from tests.factories import UserFactory
from tests.quizzes.drafts import NOW
from tests.quizzes.filling import Filler, form_of
from tests.quizzes.images import png
from tests.quizzes.payloads import PAYLOADS
from tests.quizzes.test_attacks import dangers

pytestmark = pytest.mark.django_db
STUDIO = "/admin/quizzes/studio"
OWN_FORM = {"key", "slug", "hidden", "position", "button_url", "mapping", "pasted", "starts_at"}
PARTS = [
    {"key": key, "label": key, "headline": key, "starts_at": start}
    for key, start in (("a", None), ("b", 1), ("c", 5))
]
BEGUN = {
    "title": "Attack",
    "slug": "attack",
    "scales": [{"key": one, "label": one} for one in ("score", "two", "three")],
    "tiers": PARTS,
    "endings": [{"key": key, "label": key, "headline": key} for key in "efgh"],
}


@pytest.fixture
def marketer():
    client = Client()
    client.force_login(UserFactory.create())
    return client


def begun(marketer, kinds=Question.Kind.values):
    """Return a quiz with questions of these kinds, added by the buttons of the studio."""
    quiz = draft(BEGUN)
    for kind in kinds:
        marketer.post(f"{STUDIO}/{quiz.pk}/add/", {"kind": kind})
    return quiz


def editors(quiz):
    own = [f"{STUDIO}/{quiz.pk}/questions/{row.pk}/" for row in quiz.questions.all()]
    return [*own, *(f"{STUDIO}/{quiz.pk}/{part}/" for part in ("tiers", "endings", "settings"))]


def ours(found):
    """Tell what the studio itself has: rows to be added, and the frame of the preview."""
    tag, named = found[0], found[1]
    return (tag == "template" and set(named) == {"data-row"}) or (
        tag == "iframe" and "srcdoc" not in named and named["src"].startswith("/q/r/preview")
    )


def safe(answer):
    assert [found for found in dangers(answer.text) if not ours(found)] == []
    return answer


def type_in(marketer, filler, address, **more):
    """Fill in a form and save it, as often as there are texts left for one of its fields."""
    page = marketer.get(address)
    while filler.has_more_for(form := form_of(page.text, address)):
        answer = marketer.post(address, {**filler.fill(form), **more})
        assert answer.status_code == 302, (address, dangers(answer.text))
        page = safe(marketer.get(address))


def test_what_is_typed_in_the_studio_runs_on_none_of_its_pages(marketer):
    quiz = begun(marketer, ["single", "rating", "matrix", "contact"])
    filler = Filler(PAYLOADS, leaving=OWN_FORM)
    for address in editors(quiz):
        type_in(marketer, filler, address)
    row = f"/admin/quizzes/question/{quiz.questions.first().pk}"
    own = f"/admin/quizzes/quiz/{quiz.pk}"
    found = [f"{STUDIO}/{quiz.pk}/revisions/", f"{row}/change/", f"{row}/delete/"]
    found += [f"{own}/{page}/" for page in ("change", "history", "delete")]
    for address in found:
        assert safe(marketer.get(address)).status_code == 200, address


PICTURED = {"picture", "pictures"}
TALKING = re.compile(r"{{|{%|\n")  # a text that names what is not there cannot be published


def pictures(row):
    """Return the files and ticks that this question is sent with."""
    found = {"required": [], "ask_email": "on"}
    if row.kind in PICTURED:
        for place in range(row.choices.count()):
            name = f"{PAYLOADS[place]}.png"
            found[f"choices-{place}-picture_file"] = SimpleUploadedFile(name, png())
    return found


def filled(marketer):
    """Return a published quiz of every kind with hostile texts in all fields, and their filler."""
    left_out = {Kind.NUMBER, Kind.EMAIL}  # hundreds of ways; the contact form asks for the email
    quiz = begun(marketer, [kind for kind in Question.Kind.values if kind not in left_out])
    filler = Filler([one for one in PAYLOADS if not TALKING.search(one)], leaving=OWN_FORM)
    for row in quiz.questions.all():
        address = f"{STUDIO}/{quiz.pk}/questions/{row.pk}/"
        sent = filler.fill(form_of(marketer.get(address).text, address))
        assert marketer.post(address, {**sent, **pictures(row)}).status_code == 302, row.kind
    for address in editors(quiz)[-3:]:
        sent = filler.fill(form_of(marketer.get(address).text, address))
        assert marketer.post(address, sent).status_code == 302, address
    Quiz.objects.filter(pk=quiz.pk).update(
        chart="radar", shareable=True, downloadable=True, closed_text=" ".join(PAYLOADS)
    )
    ruled(marketer, quiz)
    assert [one.message[-150:] for one in proof(quiz).errors] == []
    address = f"{STUDIO}/{quiz.pk}/publish/"
    page = marketer.get(f"{STUDIO}/{quiz.pk}/tiers/").text
    answer = marketer.post(address, form_of(page, address).fields, follow=True)
    assert "Version 1 is published" in answer.text
    return quiz


def ruled(marketer, quiz):
    """Write rules whose values are hostile: shown if, a jump, an override; and broken ones."""
    asked = quiz.questions.get(kind="text")
    later = quiz.questions.get(kind="statement")
    rule = {"trait": f"answer.{asked.key}", "op": "none_of", "value": list(PAYLOADS[:190])}
    sent = {"do": "save", "view": "json", "json": json.dumps(rule), "to": str(later.pk)}
    of_asked, of_later = (f"{STUDIO}/{quiz.pk}/questions/{one.pk}" for one in (asked, later))
    tier = quiz.tiers.get(key="c")
    for address in (
        f"{of_later}/shown-if/",
        f"{of_asked}/jumps/new/",
        f"{STUDIO}/{quiz.pk}/tiers/{tier.pk}/override/",
    ):
        for payload in PAYLOADS[::20]:
            for broken in ({"trait": payload}, {**rule, "op": payload}, {payload: 1}):
                safe(marketer.post(address, {**sent, "json": json.dumps(broken)}))
        if "override" in address:
            sent["json"] = json.dumps({**rule, "op": "one_of"})
        send(marketer, address, sent)
    written = quiz.questions.get(kind="long_text")
    for ending, payload in zip(quiz.endings.all(), PAYLOADS, strict=False):
        rule = {"trait": f"answer.{written.key}", "op": "is", "value": payload}
        sent |= {"json": json.dumps(rule), "to": f"ending-{ending.pk}"}
        send(marketer, f"{STUDIO}/{quiz.pk}/questions/{written.pk}/jumps/new/", sent)


def send(marketer, address, sent):
    form = form_of(marketer.get(address).text, address)
    assert marketer.post(address, {**form.fields, **sent}).status_code == 302, address


def hostile_files():
    """Yield files of each format with hostile texts as titles, choices, kinds and names."""
    titles = [one[:200] for one in PAYLOADS]
    yield {
        "title": titles[0],
        "fields": [
            {"id": one, "ref": one, "type": kind, "title": one, one: one,
             "properties": {"description": one, one: 1,
                            "choices": [{"ref": one, "label": one}, {"label": "b"}]}}
            for place, one in enumerate(titles)
            for kind in [("multiple_choice", "short_text", one)[place % 3]]
        ],
        "thankyou_screens": [{"ref": one, "title": one} for one in titles[:5]],
        titles[3]: 1,
    }  # fmt: skip
    yield {
        "title": titles[1],
        "elements": [
            {"type": ("radiogroup", "text", one)[place % 3], "name": one, "title": one,
             "description": one, "choices": [{"value": one, "text": one}, "b"],
             "visibleIf": one, one: one}
            for place, one in enumerate(titles)
        ],
        "triggers": [{"type": one, "expression": one} for one in titles[:5]],
    }  # fmt: skip
    plain = {**written(draft(BEGUN)), "title": titles[2], "intro": "\n\n".join(PAYLOADS)}
    asked = [{"key": f"q{n}", "kind": "text", "title": one} for n, one in enumerate(titles[:99])]
    yield {**plain, "questions": asked}
    yield {**plain, "questions": [{"key": titles[0], "kind": titles[1], "title": titles[2]}]}
    yield {**plain, titles[0]: titles[0]}


def test_what_a_file_brings_runs_on_no_page_and_neither_does_its_copy(marketer):
    taken = 0
    for source in hostile_files():
        file = SimpleUploadedFile(f"{PAYLOADS[1]}.json", json.dumps(source).encode())
        answer = safe(marketer.post("/admin/quizzes/import/", {"file": file}))
        if answer.status_code == 422:
            continue
        taken += 1
        report = safe(marketer.get(answer["Location"]))
        assert "alert(1)" in report.text or "tidemark" in source
        quiz = Quiz.objects.latest("pk")
        copied = marketer.post(f"/admin/quizzes/quiz/{quiz.pk}/duplicate/", follow=True)
        assert quiz.title[:20] in html.unescape(safe(copied).text)
        for one in (quiz, Quiz.objects.latest("pk")):
            safe(marketer.get(editors(one)[0]))
            safe(marketer.get(f"/admin/quizzes/quiz/{one.pk}/change/"))
    assert taken == 3


def test_no_token_of_a_theme_is_taken_or_shown_as_anything_but_text(marketer):
    quiz = draft(BEGUN)
    address = f"/admin/quizzes/quiz/{quiz.pk}/change/"
    for payload in PAYLOADS[::26]:
        for name in ("theme_light_accent", "theme_font", "theme_radius", "hidden", "slug"):
            sent = {"title": "T", "start_label": "S", "themed": "on", name: payload}
            answer = safe(marketer.post(address, sent))
            assert answer.status_code == 200, (name, payload)
    quiz.refresh_from_db()
    assert quiz.theme == {}


@pytest.fixture
def watched(live_server, browser, marketer):
    """A page of the marketer's browser, and what came up in it that must not."""
    context = browser.new_context(base_url=live_server.url)
    session = marketer.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page, trapped = context.new_page(), []
    page.on("dialog", lambda dialog: (trapped.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: trapped.append(str(error)))
    page.on(
        "console",
        lambda message: "Content Security" in message.text and trapped.append(message.text),
    )
    yield page, trapped
    context.close()


def walk(page, trapped, address):
    """Take a quiz from its first page to its result, with nothing answered but the email."""
    page.goto(address)
    while "/result/" not in page.url:
        here = page.url
        if page.locator("input[type=email]").count():
            page.locator("input[type=email]").fill("ada@example.com")
        page.locator("button.primary").first.click()
        page.wait_for_url(lambda url, here=here: url != here)
        assert trapped == [], page.url


def rescored(marketer, quiz):
    """Publish re-scored what had come to another tier; return the pages that tell of it."""
    former = quiz.tiers.get(key="b")
    Response.objects.update(tier_key=former.key, tier_label=former.label)
    marketer.post(f"/admin/quizzes/quiz/{quiz.pk}/backtest/")
    backtest = f"/admin/quizzes/backtests/{BackTest.objects.get().pk}/"
    tried = marketer.get(backtest).text
    lists = re.findall(rf'href="({backtest}[^"]+)"', tried)
    assert len(lists) >= 1
    marketer.post(f"{backtest}publish/", {"responses": "rescore"})
    return [backtest, *lists, f"/admin/quizzes/rescorings/{Rescoring.objects.get().pk}/"]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_what_authors_type_runs_in_no_real_browser(marketer, watched):
    page, trapped = watched
    quiz = filled(marketer)
    walk(page, trapped, f"/q/{quiz.slug}/")
    page.get_by_role("button", name=re.compile("link")).first.click()
    page.wait_for_load_state()
    Contact.objects.update(email="ada@example.com")
    share, response = Share.objects.get(), Response.objects.get()
    lead = qualify(response, now=NOW)
    own = f"/admin/quizzes/quiz/{quiz.pk}"
    rows = list(quiz.questions.all())
    jump = next(row.jumps.first() for row in rows if row.jumps.exists())
    found = [
        share.get_absolute_url(),
        *editors(quiz),
        f"{STUDIO}/{quiz.pk}/revisions/",
        f"{STUDIO}/{quiz.pk}/questions/{rows[-1].pk}/shown-if/",
        f"{STUDIO}/{quiz.pk}/questions/{jump.question_id}/jumps/{jump.pk}/",
        f"{STUDIO}/{quiz.pk}/tiers/{quiz.tiers.get(key='c').pk}/override/",
        *(f"{own}/{rest}/" for rest in ("change", "history", "delete")),
        f"/admin/quizzes/question/{rows[0].pk}/change/",
        "/admin/quizzes/quiz/",
        "/admin/quizzes/picture/",
        "/admin/quizzes/response/",
        f"/admin/quizzes/response/{response.pk}/change/",
        f"/admin/contacts/contact/{response.contact_id}/change/",
        "/admin/contacts/trait/",
        "/admin/segments/new/",
        "/",
        "/leads/",
        f"/leads/{lead.pk}/",
        "/admin/quizzes/templates/",
        *rescored(marketer, quiz),
    ]
    for address in found:
        assert page.goto(address).status == 200, address
        page.wait_for_load_state("networkidle")
        assert trapped == [], address
    preview = page.goto(editors(quiz)[0]) and page.locator("#preview-alone").get_attribute("href")
    walk(page, trapped, preview)
    Quiz.objects.update(closes_at=NOW)
    page.goto(f"/q/{quiz.slug}/")
    assert trapped == []
    assert Response.objects.count() == 1
