"""A marketer writes, proves and publishes a quiz in the admin, without JavaScript."""

import pytest

from apps.quizzes import taking
from apps.quizzes.drafting import draft
from apps.quizzes.models import Choice, Question, Quiz, Scale, Tier, Version
from tests.factories import UserFactory
from tests.quizzes.drafts import NOW, QUALIFY, TYPES, published

pytestmark = pytest.mark.django_db
QUIZ = "/admin/quizzes/quiz/"
QUESTION = "/admin/quizzes/question/"


@pytest.fixture
def marketer(client):
    client.force_login(UserFactory(role="marketer"), backend="apps.accounts.roles.RoleBackend")
    return client


def inlines(**rows):
    """Return the form fields of inline rows: `scales=[{...}]`; a row with an id is kept."""
    data = {}
    for prefix, items in {"endings": [], "rows": [], "jumps": [], **rows}.items():
        data[f"{prefix}-TOTAL_FORMS"] = len(items)
        data[f"{prefix}-INITIAL_FORMS"] = sum("id" in item for item in items)
        for place, item in enumerate(items):
            data |= {f"{prefix}-{place}-{name}": value for name, value in item.items()}
    return data


def about(quiz, **changes):
    return {
        "title": quiz.title,
        "slug": quiz.slug,
        "status": quiz.status,
        "scoring": quiz.scoring,
        "start_label": quiz.start_label,
        **changes,
    }


def test_a_marketer_writes_and_publishes_a_quiz(marketer):
    marketer.post(f"{QUIZ}add/", {"title": "My quiz", "scoring": "tiers", "start_label": "Start"})
    quiz = Quiz.objects.get()
    assert (quiz.slug, quiz.scales.get().key) == ("my-quiz", "score")

    added = marketer.post(
        f"{QUESTION}add/?quiz={quiz.pk}", {"kind": "single", "title": "How big?", "required": "on"}
    )
    question = Question.objects.get()
    assert added["Location"] == f"{QUESTION}{question.pk}/change/"
    scale = quiz.scales.get()
    small = {"label": "Small", f"points_{scale.pk}": "-1", "jump": "end"}
    saved = marketer.post(
        f"{QUESTION}{question.pk}/change/",
        {
            "kind": "single",
            "title": "How big?",
            "required": "on",
            "key": "",
            **inlines(choices=[small, {"label": "Big", f"points_{scale.pk}": "5"}, {}]),
        },
    )
    assert saved["Location"] == f"{QUIZ}{quiz.pk}/change/#questions"
    first, second = Choice.objects.all()
    assert (first.key, first.jump_to_end, first.points.get().value) == ("small", True, -1)
    assert (second.key, second.jump_to_end, second.points.get().value) == ("big", False, 5)
    assert Question.objects.get().key == "how-big"

    marketer.post(
        f"{QUIZ}{quiz.pk}/change/",
        about(quiz)
        | inlines(
            scales=[{"id": scale.pk, "label": "Score", "key": "score", "position": 0}],
            tiers=[
                {"label": "Cold", "headline": "Not yet"},
                {"label": "Hot", "headline": "Go", "starts_at": "3"},
            ],
        ),
    )
    assert list(Tier.objects.values_list("key", flat=True)) == ["cold", "hot"]
    page = marketer.get(f"{QUIZ}{quiz.pk}/change/")
    assert "Ready to publish" in page.text
    marketer.post(f"{QUIZ}{quiz.pk}/publish/")
    assert Version.objects.get().number == 1
    page = marketer.get(f"{QUIZ}{quiz.pk}/change/")
    assert "/q/my-quiz/" in page.text
    assert "same as version 1" in page.text


def test_the_proof_lists_what_is_wrong_and_where_to_mend_it(marketer):
    quiz = draft({**QUALIFY, "tiers": []})
    Choice.objects.filter(question__key="tools").delete()
    page = marketer.get(f"{QUIZ}{quiz.pk}/change/")
    tools = Question.objects.get(key="tools")
    assert "There are no tiers yet" in page.text
    assert (
        f'<a href="{QUESTION}{tools.pk}/change/">“What do you use?”: it has no choices.'
        in page.text
    )
    refused = marketer.post(f"{QUIZ}{quiz.pk}/publish/", follow=True)
    assert "Not published: 2 errors are in the way" in refused.text
    assert not Version.objects.exists()


def test_a_jump_is_offered_to_later_questions_of_the_same_quiz_only(marketer):
    draft(QUALIFY)
    other = draft(TYPES)
    page = marketer.get(f"{QUESTION}{Question.objects.get(key='size').pk}/change/")
    jump = page.context["inline_admin_formsets"][0].formset.forms[0].fields["jump"]
    assert [label for _, label in jump.choices] == [
        "the next question",
        "What do you use?",
        "How sure are you?",
        "Where may we send the result?",
        "the end",
    ]
    foreign = other.questions.first()
    sizes = Choice.objects.get(key="small")
    data = {"id": sizes.pk, "label": "x", "key": "small", "jump": foreign.pk}
    answer = marketer.post(
        f"{QUESTION}{sizes.question_id}/change/",
        {"kind": "single", "title": "?", "key": "size", **inlines(choices=[data])},
    )
    assert answer.status_code == 200
    assert Choice.objects.get(key="small").jump_to is None


def test_two_choices_may_trade_their_keys(marketer):
    draft(TYPES)
    early, late = Choice.objects.all()
    rows = [
        {"id": early.pk, "label": "Early", "key": "late"},
        {"id": late.pk, "label": "Late", "key": "early"},
    ]
    marketer.post(
        f"{QUESTION}{early.question_id}/change/",
        {"kind": "single", "title": "?", "key": "wake", **inlines(choices=rows)},
    )
    early.refresh_from_db()
    assert early.key == "late"


def test_two_tiers_may_trade_their_starts(marketer):
    quiz = draft({**QUALIFY, "tiers": QUALIFY["tiers"][:2]})
    cold, warm = Tier.objects.all()
    rows = [
        {"id": cold.pk, "label": "Cold", "key": "cold", "headline": "x", "starts_at": "4"},
        {"id": warm.pk, "label": "Warm", "key": "warm", "headline": "x", "starts_at": ""},
    ]
    scale = Scale.objects.get()
    marketer.post(
        f"{QUIZ}{quiz.pk}/change/",
        about(quiz)
        | inlines(scales=[{"id": scale.pk, "label": "Score", "key": "score"}], tiers=rows),
    )
    cold.refresh_from_db()
    warm.refresh_from_db()
    assert (cold.starts_at, warm.starts_at) == (4, None)


@pytest.mark.parametrize(
    "rule", ["{", "[" * 100_000, '{"trait": "answer.shoe", "op": "is", "value": "x"}', "1", "NaN"]
)
def test_an_override_that_cannot_be_read_is_refused_with_a_message(marketer, rule):
    quiz = draft({**QUALIFY, "tiers": QUALIFY["tiers"][:1]})
    tier, scale = Tier.objects.get(), Scale.objects.get()
    row = {"id": tier.pk, "label": "Cold", "key": "cold", "headline": "x", "override": rule}
    answer = marketer.post(
        f"{QUIZ}{quiz.pk}/change/",
        about(quiz)
        | inlines(scales=[{"id": scale.pk, "label": "Score", "key": "score"}], tiers=[row]),
    )
    assert answer.status_code == 200
    assert "Please correct the error" in answer.text
    assert Tier.objects.get().override is None


def test_questions_move_up_and_down(marketer):
    quiz = draft(QUALIFY)
    tools = Question.objects.get(key="tools")
    marketer.post(f"{QUIZ}{quiz.pk}/move/{tools.pk}/", {"to": "up"})
    assert [question.key for question in quiz.questions.all()][:2] == ["tools", "size"]
    marketer.post(f"{QUIZ}{quiz.pk}/move/{tools.pk}/", {"to": "down"})
    assert [question.key for question in quiz.questions.all()][:2] == ["size", "tools"]


@pytest.mark.parametrize("kind", Question.Kind.values)
def test_every_kind_of_question_has_its_page(marketer, kind):
    quiz = draft({"title": "Q", "questions": [{"kind": kind, "title": "?"}]})
    question = quiz.questions.get()
    assert marketer.get(f"{QUESTION}{question.pk}/change/").status_code == 200


def test_a_scale_question_keeps_its_weights(marketer):
    draft(QUALIFY)
    sure, scale = Question.objects.get(key="sure"), Scale.objects.get()
    data = {"kind": "scale", "title": "?", "key": "sure", "minimum": "1", "maximum": "5"}
    marketer.post(
        f"{QUESTION}{sure.pk}/change/", {**data, **inlines(), f"weight_{scale.pk}": "2.5"}
    )
    assert sure.weights.get().value == 2.5
    marketer.post(f"{QUESTION}{sure.pk}/change/", {**data, **inlines(), f"weight_{scale.pk}": ""})
    assert not sure.weights.exists()


def test_a_question_that_a_jump_leads_to_cannot_be_deleted(marketer):
    quiz = draft(QUALIFY)
    contact, tools = (Question.objects.get(key=key) for key in ("contact", "tools"))
    page = marketer.post(f"{QUESTION}{contact.pk}/delete/", {"post": "yes"})
    assert page.status_code == 200
    gone = marketer.post(f"{QUESTION}{tools.pk}/delete/", {"post": "yes"})
    assert gone["Location"] == f"{QUIZ}{quiz.pk}/change/#questions"
    assert set(quiz.questions.values_list("key", flat=True)) == {"size", "sure", "contact"}


def test_a_quiz_cannot_be_opened_before_it_is_published(marketer):
    quiz = draft(QUALIFY)
    answer = marketer.post(f"{QUIZ}{quiz.pk}/change/", about(quiz, status="open"))
    assert "there is no version to take yet" in answer.text


def test_responses_are_read_with_their_receipt_and_never_written(marketer):
    response, _ = taking.start(published(), now=NOW)
    taking.answer(response.token_hash, "size", {"answer": ["none"]}, revision=0, now=NOW)
    url = f"/admin/quizzes/response/{response.pk}/change/"
    assert "I have no team" in marketer.get(url).text
    form = {"first_name": ["<b>Ada</b>"], "email": ["ada@example.com"]}
    taking.answer(response.token_hash, "contact", form, revision=0, now=NOW)
    page = marketer.get(url)
    assert "Whatever the score" in page.text
    assert "<b>Ada" not in page.text
    assert marketer.post(url, {}).status_code == 403
    assert marketer.get("/admin/quizzes/response/").status_code == 200
    assert marketer.get("/admin/quizzes/response/add/").status_code == 403


@pytest.mark.parametrize("path", ["publish/", "move/1/"])
def test_publishing_needs_the_right_and_a_post(client, path):
    quiz = draft(QUALIFY)
    url = f"{QUIZ}{quiz.pk}/{path}"
    assert client.post(url).status_code == 302
    client.force_login(UserFactory(role="sales"), backend="apps.accounts.roles.RoleBackend")
    assert client.post(url).status_code in {302, 403}
    client.force_login(UserFactory(role="marketer"), backend="apps.accounts.roles.RoleBackend")
    assert client.get(url).status_code == 405
    assert not Version.objects.exists()


def test_the_list_of_quizzes_takes_few_queries(marketer, django_assert_max_num_queries):
    for number in range(5):
        published({**QUALIFY, "slug": f"quiz-{number}"})
    with django_assert_max_num_queries(7):
        marketer.get(QUIZ)


def test_a_new_scale_goes_from_1_to_5_until_somebody_says_otherwise(marketer):
    quiz = draft(QUALIFY)
    asked = {"kind": "scale", "title": "How sure are you now?", "required": "on"}
    marketer.post(f"{QUESTION}add/?quiz={quiz.pk}", asked)
    question = Question.objects.get(title="How sure are you now?")
    assert (question.minimum, question.maximum) == (1, 5)


def test_each_field_in_a_table_of_choices_names_itself_and_its_row(marketer):
    quiz = draft(QUALIFY)
    question = quiz.questions.filter(kind="single").first()
    page = marketer.get(f"{QUESTION}{question.pk}/change/").content.decode()
    assert 'aria-label="Label, row 1"' in page
    assert 'aria-label="Leads to, row 1"' in page
