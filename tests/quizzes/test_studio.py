"""The studio without a browser: each thing one can do there, and what is refused."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.utils import timezone

from apps.contacts.models import Contact, Event
from apps.quizzes import jobs, previewing
from apps.quizzes.definition import Kind
from apps.quizzes.drafting import draft
from apps.quizzes.exchanging import written
from apps.quizzes.models import (
    Choice,
    DraftRevision,
    Jump,
    Picture,
    Question,
    Quiz,
    Response,
    Tier,
    Trial,
    Version,
)
from tests.factories import UserFactory
from tests.quizzes.drafts import QUALIFY
from tests.quizzes.test_kinds import PNG

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(client):
    client.force_login(UserFactory(role="marketer"), backend="apps.accounts.roles.RoleBackend")
    return client


@pytest.fixture
def quiz():
    return draft(QUALIFY)


def address(quiz, rest=""):
    return f"/admin/quizzes/studio/{quiz.pk}/{rest}"


def of(quiz, key):
    return address(quiz, f"questions/{quiz.questions.get(key=key).pk}/")


def fields(html):
    """Return what the form #bench of a page would send, as it stands."""
    form = re.search(r'<form id="(?:bench|editor)".*?</form>', html, re.S)[0]
    form = re.sub(r"<template.*?</template>", "", form, flags=re.S)
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'\bname="([^"]*)"', tag)
        kind = re.search(r'\btype="([^"]*)"', tag)[1]
        if not name or kind == "file" or (kind == "checkbox" and " checked" not in tag):
            continue
        value = re.search(r'\bvalue="([^"]*)"', tag)
        found[name[1]] = unescaped(value[1]) if value else ("on" if kind == "checkbox" else "")
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = unescaped(text).removeprefix("\n")
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)"\s+selected', inner)
        first = re.search(r'value="([^"]*)"', inner)
        found[name] = unescaped((chosen or first)[1])
    return found


def unescaped(text):
    pairs = {"&quot;": '"', "&#x27;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&"}
    for one, other in pairs.items():
        text = text.replace(one, other)
    return text


def save(client, url, **changes):
    """Open a page, change some fields, and send its form."""
    return client.post(url, {**fields(client.get(url).text), **changes})


def test_each_kind_of_question_is_added_saved_as_it_is_and_says_nothing_but_warnings(marketer):
    quiz = draft({"title": "All", "tiers": [{"key": "t", "label": "T", "headline": "H"}]})
    for kind in Kind:
        made = marketer.post(address(quiz, "add/"), {"kind": kind.value})
        assert made.status_code == 302
        before = written(quiz)
        assert save(marketer, made["Location"]).status_code == 302, kind
        assert written(quiz) == before, kind
    assert [one.kind for one in quiz.questions.all()] == [kind.value for kind in Kind]
    page = marketer.get(address(quiz, "settings/")).text
    assert "The email is asked for already" in page or "the email is asked for already" in page
    assert "1 error blocks publishing." in page


def test_an_unknown_kind_is_refused(marketer, quiz):
    before = written(quiz)
    for kind in ("", "x", "single' --"):
        assert marketer.post(address(quiz, "add/"), {"kind": kind}).status_code == 302
    assert written(quiz) == before


def test_a_question_is_edited_with_its_answers_and_points(marketer, quiz):
    url = of(quiz, "size")
    scale = quiz.scales.get()
    saved = save(
        marketer,
        url,
        title="How large?",
        **{"choices-0-label": "Tiny", f"choices-0-points_{scale.pk}": "7.5"},
    )
    assert saved["Location"] == url
    question = quiz.questions.get(key="size")
    choice = question.choices.first()
    assert (question.title, choice.label, choice.points.get().value) == ("How large?", "Tiny", 7.5)


def test_a_block_of_a_spreadsheet_becomes_answers_with_points_per_scale(marketer):
    two = [{"key": "a", "label": "Alpha"}, {"key": "b", "label": "Beta"}]
    quiz = draft(
        {
            "title": "Paste",
            "scales": two,
            "questions": [
                {"key": "q", "kind": "single", "title": "Q", "choices": [{"label": "One"}]}
            ],
        }
    )
    block = "Answer\tAlpha\tBeta\none\t1\t2,5\r\nTwo\t\t-3\nThree\n"
    assert save(marketer, of(quiz, "q"), pasted=block).status_code == 302
    found = {
        choice.label: {points.scale.key: float(points.value) for points in choice.points.all()}
        for choice in Choice.objects.all()
    }
    assert found == {"One": {"a": 1, "b": 2.5}, "Two": {"b": -3}, "Three": {}}


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ("A\tmany", "Line 1: “many” is no number"),
        ("A\t1\t2", "Line 1 has 2 numbers; there are 1 scales"),
        ("\t1", "Line 1: begin with a text"),
        ("A\t1e999999", "is no number"),
        ("A\tNaN", "is no number"),
        ("A\t1000000", "is no number"),
        ("\n".join(["A"] * 301), "At most 300 lines"),
    ],
)
def test_a_block_that_cannot_be_read_is_refused_whole(marketer, quiz, block, why):
    before = written(quiz)
    answer = save(marketer, of(quiz, "size"), pasted=block)
    assert answer.status_code == 422
    assert why in answer.text
    assert written(quiz) == before


def test_points_by_value_are_written_as_lines(marketer):
    number = {"key": "n", "kind": "number", "title": "N", "minimum": 0, "maximum": 99}
    quiz = draft({"title": "Bands", "questions": [number]})
    assert save(marketer, of(quiz, "n"), mapping="0\t1\n18\t3,5").status_code == 302
    bands = [{"from": 0, "points": {"score": 1}}, {"from": 18, "points": {"score": 3.5}}]
    assert Question.objects.get().mapping == bands
    assert save(marketer, of(quiz, "n")).status_code == 302
    assert Question.objects.get().mapping == bands


def test_questions_are_moved_copied_and_removed(marketer, quiz):
    keys = list(quiz.questions.values_list("key", flat=True))
    second = quiz.questions.get(key=keys[1])
    marketer.post(address(quiz, "arrange/"), {"do": f"up-{second.pk}"})
    assert list(quiz.questions.values_list("key", flat=True))[:2] == [keys[1], keys[0]]
    ids = list(quiz.questions.values_list("pk", flat=True))
    marketer.post(
        address(quiz, "arrange/"), {"do": "order", "order": ",".join(map(str, ids[::-1]))}
    )
    assert list(quiz.questions.values_list("pk", flat=True)) == ids[::-1]
    last = quiz.questions.last()
    marketer.post(address(quiz, "arrange/"), {"do": f"copy-{last.pk}"})
    copy = quiz.questions.last()
    assert copy.title == f"{last.title} (copy)"
    assert [one.label for one in copy.choices.all()] == [one.label for one in last.choices.all()]
    marketer.post(address(quiz, "arrange/"), {"do": f"remove-{copy.pk}"})
    assert list(quiz.questions.values_list("pk", flat=True)) == ids[::-1]


def test_a_question_that_a_jump_leads_to_is_not_removed(marketer):
    quiz = draft(
        {
            "title": "J",
            "questions": [
                {"key": "a", "kind": "text", "title": "A", "jumps": [{"to": "b"}]},
                {"key": "b", "kind": "text", "title": "B"},
            ],
        }
    )
    target = quiz.questions.get(key="b")
    page = marketer.post(address(quiz, "arrange/"), {"do": f"remove-{target.pk}"}, follow=True)
    assert "a jump of another question leads to it" in page.text
    assert quiz.questions.filter(key="b").exists()


@pytest.mark.parametrize("do", ["", "up-", "up-999999999999999999", "up-x", "fly-1", "order"])
def test_acts_that_make_no_sense_change_nothing(marketer, quiz, do):
    before = written(quiz)
    data = {"do": do, "order": "x,,99999999999999999999,-1"}
    assert marketer.post(address(quiz, "arrange/"), data).status_code == 302
    assert written(quiz) == before


def test_two_authors_never_overwrite_each_other_unseen(marketer, quiz):
    url = of(quiz, "size")
    hers = fields(marketer.get(url).text)
    assert save(marketer, url, title="His title").status_code == 302
    answer = marketer.post(url, {**hers, "title": "Her title"})
    assert answer.status_code == 409
    assert "has edited this meanwhile" in answer.text
    assert "Her title" in answer.text
    assert quiz.questions.get(key="size").title == "His title"
    assert marketer.post(url, {**fields(answer.text), "title": "Her title"}).status_code == 302
    assert quiz.questions.get(key="size").title == "Her title"


def test_two_authors_of_two_questions_do_not_meet(marketer, quiz):
    hers = fields(marketer.get(of(quiz, "tools")).text)
    assert save(marketer, of(quiz, "size"), title="His").status_code == 302
    assert marketer.post(of(quiz, "tools"), {**hers, "title": "Hers"}).status_code == 302


def test_each_save_is_a_revision_and_any_can_be_returned_to(marketer, quiz):
    picture = Picture.objects.create(name="p", type="image/png", data=PNG)
    quiz.questions.filter(key="size").update(picture=picture)
    first = written(quiz)
    ids = list(quiz.questions.values_list("pk", flat=True))
    save(marketer, of(quiz, "size"), title="Changed")
    marketer.post(address(quiz, "arrange/"), {"do": f"remove-{quiz.questions.get(key='tools').pk}"})
    assert [one.number for one in quiz.draft_revisions.all()] == [3, 2, 1]
    assert "Removed" in marketer.get(address(quiz, "revisions/")).text
    marketer.post(address(quiz, "revisions/1/return/"))
    assert written(Quiz.objects.get(pk=quiz.pk)) == first
    kept = set(quiz.questions.values_list("pk", flat=True)) & set(ids)
    assert len(kept) == len(ids) - 1  # what was there all along is still the same page
    assert quiz.draft_revisions.count() == 4
    marketer.post(address(quiz, "revisions/3/return/"))
    assert not quiz.questions.filter(key="tools").exists()


def test_what_changes_nothing_is_no_revision(marketer, quiz):
    save(marketer, of(quiz, "size"))
    assert [one.what for one in quiz.draft_revisions.all()] == ["As it stood before"]


def test_the_oldest_revisions_are_forgotten(marketer, quiz, monkeypatch):
    monkeypatch.setattr("apps.quizzes.revising.KEPT", 3)
    for number in range(5):
        save(marketer, of(quiz, "size"), title=f"Title {number}")
    assert [one.number for one in quiz.draft_revisions.all()] == [6, 5, 4]


def test_a_tier_gets_its_cut_off_and_stands_on_the_ruler(marketer, quiz):
    page = marketer.get(address(quiz, "tiers/"))
    assert '<svg class="ruler"' in page.text
    assert save(marketer, address(quiz, "tiers/"), **{"tiers-1-starts_at": "3"}).status_code == 302
    assert Tier.objects.filter(quiz=quiz).order_by("position")[1].starts_at == 3


def test_a_jump_is_written_with_the_builder(marketer, quiz):
    page = marketer.get(of(quiz, "size") + "jumps/new/")
    last = quiz.questions.last()
    data = {
        **fields(page.text),
        "do": "save",
        "node": ["group 1", "condition 2 in 1"],
        "match-1": "all",
        "subject-2": "trait:answer.size",
        "op-2": "is",
        "value-2": quiz.questions.get(key="size").choices.first().key,
        "to": str(last.pk),
    }
    saved = marketer.post(of(quiz, "size") + "jumps/new/", data)
    assert saved["Location"] == of(quiz, "size")
    jump = Jump.objects.get()
    [condition] = jump.rule["all"]
    assert (jump.to, condition["trait"]) == (last, "answer.size")
    assert f"→ {last.title}" in marketer.get(of(quiz, "size")).text
    marketer.post(of(quiz, "size") + "jumps/arrange/", {"do": f"remove-{jump.pk}"})
    assert not Jump.objects.exists()


@pytest.mark.parametrize("to", ["", "0", "ending-1", "x", "-1", "99999999999999999999999"])
def test_a_jump_leads_only_where_it_may(marketer, quiz, to):
    url = of(quiz, "size") + "jumps/new/"
    data = {**fields(marketer.get(url).text), "do": "save", "always": "on", "to": to}
    assert "Choose where the jump leads." in marketer.post(url, data).text
    assert not Jump.objects.exists()


def test_a_rule_on_what_is_not_known_is_refused_where_it_stands(marketer, quiz):
    url = of(quiz, "size") + "shown-if/"
    data = {
        **fields(marketer.get(url).text),
        "do": "save",
        "view": "json",
        "json": '{"event": "x"}',
    }
    assert marketer.post(url, data).status_code == 200
    data["json"] = '{"trait": "score", "op": "at_least", "value": 1}'
    assert marketer.post(url, data).status_code == 302
    assert quiz.questions.get(key="size").visible == {
        "trait": "score",
        "op": "at_least",
        "value": 1,
    }
    assert "Shown if" in marketer.get(of(quiz, "size")).text


def test_what_is_typed_is_proved_before_it_is_saved(marketer, quiz):
    url = of(quiz, "size")
    scale = quiz.scales.get()
    form = fields(marketer.get(url).text)
    before = written(quiz)
    data = {**form, "ask": "proof", f"choices-1-points_{scale.pk}": "9"}
    part = marketer.post(url, data, headers={"HX-Request": "true"})
    assert ">17<" in part.text
    assert "not saved yet" in part.text
    assert "<iframe" in part.text
    assert written(quiz) == before
    assert not DraftRevision.objects.exists()


def test_the_draft_is_published_as_it_was_seen(marketer, quiz):
    page = marketer.get(of(quiz, "size")).text
    whole = re.search(r'class="publish".*?name="seen" value="(\w+)"', page, re.S)[1]
    save(marketer, of(quiz, "size"), title="Meanwhile")
    answer = marketer.post(address(quiz, "publish/"), {"seen": whole}, follow=True)
    assert "Not published: the draft was edited meanwhile" in answer.text
    page = marketer.get(of(quiz, "size")).text
    whole = re.search(r'class="publish".*?name="seen" value="(\w+)"', page, re.S)[1]
    answer = marketer.post(address(quiz, "publish/"), {"seen": whole}, follow=True)
    assert "Version 1 is published" in answer.text
    assert Version.objects.get().definition["questions"][0]["title"] == "Meanwhile"


def preview_of(page):
    return re.search(r'<iframe[^>]*src="([^"]+)"', page)[1]


def test_the_preview_is_the_quiz_itself_and_nothing_stays_of_it(marketer, client):
    quiz = draft(
        {
            "title": "Try",
            "questions": [
                {"key": "a", "kind": "single", "title": "A?",
                 "choices": [{"key": "x", "label": "X", "points": 5},
                             {"key": "y", "label": "Y", "points": 0}]},
                {"key": "c", "kind": "contact", "title": "Where?", "fields": ["email"],
                 "consent": "Write to me."},
            ],
            "tiers": [{"key": "low", "label": "Low", "headline": "Low it is"},
                      {"key": "high", "label": "High", "headline": "High it is", "starts_at": 3}],
        }
    )  # fmt: skip
    url = preview_of(marketer.get(address(quiz, "settings/")).text)
    page = client.get(url, follow=True)
    assert "A?" in page.text
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    assert not Trial.objects.exists()
    at = page.request["PATH_INFO"]
    bad = client.post(at, {"answer": "z", "revision": "0"})
    assert bad.status_code == 422
    page = client.get(client.post(at, {"answer": "x", "revision": "0"})["Location"])
    assert "Where?" in page.text
    form = {"email": "ada@example.com", "consent": "on", "revision": "0"}
    page = client.get(client.post(page.request["PATH_INFO"], form)["Location"])
    assert "High it is" in page.text
    found = (Version, Response, Contact, Event)
    assert [model.objects.count() for model in found] == [0, 0, 0, 0]


def test_what_was_sent_in_a_preview_is_forgotten_after_a_day(quiz):
    author = UserFactory(role="marketer")
    for hours in (23, 25):
        begun = timezone.now() - timedelta(hours=hours)
        previewing.begin(quiz, {}, by=author, now=begun)
    kept = Trial.objects.order_by("begun_at").last()
    jobs.forget_trials()
    assert list(Trial.objects.all()) == [kept]


def test_the_preview_begins_at_the_question_that_is_edited(marketer, client, quiz):
    key = quiz.questions.all()[1].key
    url = preview_of(marketer.get(of(quiz, key)).text)
    page = client.get(url, follow=True)
    assert page.request["PATH_INFO"].endswith(f"/{key}/")


@pytest.mark.parametrize("change", ["", "x", "-1", "-0"])
def test_a_token_that_was_tampered_with_opens_nothing(marketer, client, quiz, change):
    url = preview_of(marketer.get(of(quiz, "size")).text)
    token = url.split("/")[3]
    bad = token[:-4] + change
    assert client.get(f"/q/r/{bad}/").status_code == 404
    assert client.get("/q/r/preview-/").status_code == 404
    assert client.get("/q/r/preview-1-1-1-1-1-x/").status_code == 404


def test_a_picture_is_kept_and_anything_else_refused(marketer, quiz):
    url = of(quiz, "size")
    good = save(marketer, url, picture_file=File("a.png", PNG), picture_alt="A")
    assert good.status_code == 302
    assert quiz.questions.get(key="size").picture.type == "image/webp"
    for name, data in (
        ("a.svg", b"<svg onload='x'>"),
        ("a.pdf", b"%PDF-1"),
        ("a.html", b"<script>"),
    ):
        assert save(marketer, url, picture_file=File(name, data)).status_code == 422
    assert Picture.objects.count() == 1
    save(marketer, url, without_picture="on")
    assert quiz.questions.get(key="size").picture is None


@pytest.mark.parametrize("place", ["settings/", "tiers/", "endings/"])
def test_a_form_of_nonsense_is_answered_and_changes_nothing(marketer, quiz, place):
    before = written(quiz)
    for data in ({}, {"title": "x\0"}, {"tiers-TOTAL_FORMS": "99999999"}, {"ask": "proof"}):
        assert marketer.post(address(quiz, place), data).status_code in {200, 400, 409, 422}
    assert written(quiz) == before


def test_the_list_of_quizzes_leads_to_the_studio(marketer, quiz):
    assert address(quiz) in marketer.get("/admin/quizzes/quiz/").text
    assert marketer.get(address(quiz)).status_code == 302


def test_sales_do_not_get_in(client, quiz):
    client.force_login(UserFactory(role="sales"), backend="apps.accounts.roles.RoleBackend")
    assert client.get(address(quiz, "settings/")).status_code == 403
