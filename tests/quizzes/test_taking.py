import pytest

from apps.contacts import consent
from apps.contacts.models import Contact, Event, Trait
from apps.quizzes import taking
from apps.quizzes.answers import AnswerError
from apps.quizzes.models import Response
from apps.quizzes.signals import response_finished
from tests.quizzes.drafts import NOW, QUALIFY, TYPES, everything, published

pytestmark = pytest.mark.django_db
FORM = {"first_name": ["Ada"], "email": ["Ada@Example.com"], "consent": ["on"]}


def begin(spec=QUALIFY):
    response, _ = taking.start(published(spec), now=NOW)
    return response


def say(response, key, *values, revision=0):
    raw = {"answer": list(values)}
    return taking.answer(response.token_hash, key, raw, revision=revision, now=NOW)


def leave(response, form=FORM, revision=0):
    return taking.answer(response.token_hash, "contact", form, revision=revision, now=NOW)


def to_the_form(response):
    say(response, "size", "large")
    say(response, "tools", "crm", "sheets")
    say(response, "sure", "4")


def test_a_token_is_kept_only_as_its_hash():
    response, token = taking.start(published(), now=NOW)
    assert taking.find(token) == response
    assert token not in str(Response.objects.values().get())
    with pytest.raises(taking.UnknownToken):
        taking.find(token[:-1])


def test_a_closed_quiz_takes_no_new_respondents_but_lets_others_finish():
    response = begin()
    quiz = response.version.quiz
    quiz.status = "closed"
    quiz.save()
    with pytest.raises(taking.QuizClosed):
        taking.start(quiz, now=NOW)
    assert say(response, "size", "large").next.key == "tools"


def test_finishing_scores_the_path_and_tells_the_contact():
    response = begin()
    to_the_form(response)
    outcome = leave(response)
    assert outcome.next is None
    response.refresh_from_db()
    assert (response.score, response.tier_key, response.tier_label) == (12, "hot", "Hot")
    assert response.percent == 92.3  # of 5 + 3 + 5
    contact = response.contact
    assert (contact.email, contact.first_name) == ("ada@example.com", "Ada")
    assert contact.profile == {
        "quiz.ready.score": 12,
        "quiz.ready.percent": 92.3,
        "quiz.ready.tier": "hot",
        "quiz.ready.answer.size": "large",
        "quiz.ready.answer.tools": ["sheets", "crm"],
        "quiz.ready.answer.sure": 4,
    }
    event = Event.objects.get()
    assert (event.name, event.message_id) == ("quiz_finished", f"response:{response.pk}:finished")
    assert event.properties == {"quiz": "ready", "tier": "hot", "score": 12}


def test_the_receipt_says_what_gave_how_much_and_what_decided():
    response = begin()
    to_the_form(response)
    leave(response)
    response.refresh_from_db()
    assert response.receipt["lines"][1] == {
        "question": "tools",
        "title": "What do you use?",
        "answer": "Spreadsheets, A CRM",
        "points": {"score": 3},
    }
    assert response.receipt["why"] == "12 points: Hot is from 9."
    assert response.receipt["totals"] == [
        {"scale": "score", "label": "Score", "score": 12, "maximum": 13}
    ]


def test_a_disqualifying_answer_overrides_the_score():
    response = begin()
    assert say(response, "size", "none").next.key == "contact"
    leave(response)
    response.refresh_from_db()
    assert response.tier_key == "no-fit"
    assert response.receipt["why"].startswith("Whatever the score: ")


def test_without_an_address_the_respondent_becomes_an_anonymous_contact():
    response = begin(TYPES)
    say(response, "wake", "early")
    say(response, "coffee", "yes")
    response.refresh_from_db()
    assert response.contact.email == ""
    assert response.contact.profile["quiz.bird.answer.coffee"] is True
    assert response.tier_key == "owl"
    assert "the one listed first wins" in response.receipt["why"]


def test_the_same_answer_again_changes_nothing_and_leads_on_as_before():
    response = begin()
    first = say(response, "size", "large")
    before = everything()
    again = say(response, "size", "large")
    assert (again.changed, again.next) == (False, first.next)
    assert everything() == before


def test_a_stale_post_with_another_answer_is_refused():
    response = begin()
    say(response, "size", "large")
    before = everything()
    with pytest.raises(taking.Stale):
        say(response, "size", "small")
    assert everything() == before


def test_going_back_changes_an_answer_and_never_counts_twice():
    response = begin()
    to_the_form(response)
    assert say(response, "size", "small", revision=1).next.key == "tools"
    leave(response)
    response.refresh_from_db()
    assert response.score == 8


def test_an_answer_on_an_abandoned_branch_reaches_neither_score_nor_profile():
    response = begin()
    to_the_form(response)
    say(response, "size", "none", revision=1)
    leave(response)
    response.refresh_from_db()
    assert response.score == 0
    assert "quiz.ready.answer.sure" not in response.contact.profile


@pytest.mark.parametrize("key", ["tools", "contact"])
def test_a_question_that_is_not_on_the_path_yet_takes_no_answer(key):
    response = begin()
    before = everything()
    with pytest.raises(taking.Conflict):
        taking.answer(response.token_hash, key, {"answer": ["crm"], **FORM}, revision=0, now=NOW)
    assert everything() == before


def test_an_unknown_question_or_choice_is_refused():
    response = begin()
    with pytest.raises(taking.UnknownQuestion):
        say(response, "sizes", "large")
    with pytest.raises(AnswerError):
        say(response, "size", "huge")


def test_a_finished_response_is_frozen():
    response = begin()
    to_the_form(response)
    leave(response)
    before = everything()
    assert leave(response).next is None
    for key, values in [("size", ["small"]), ("size", ["large"]), ("sure", ["4"])]:
        with pytest.raises(taking.Conflict):
            say(response, key, *values, revision=1)
    with pytest.raises(taking.Conflict):
        leave(response, {**FORM, "email": ["eve@example.com"]}, revision=1)
    assert everything() == before


def test_a_skipped_question_leaves_the_denominator():
    response = begin()
    say(response, "size", "large")
    say(response, "tools")
    say(response, "sure", "5")
    leave(response)
    response.refresh_from_db()
    assert (response.score, response.percent) == (10, 100)


def test_consent_is_recorded_with_its_exact_wording_and_only_if_ticked():
    response = begin()
    to_the_form(response)
    leave(response, {**FORM, "consent": []})
    response.refresh_from_db()
    assert not response.contact.consents.exists()

    other, _ = taking.start(response.version.quiz, now=NOW)
    to_the_form(other)
    leave(other)
    other.refresh_from_db()
    assert other.contact == response.contact
    entry = other.contact.consents.get()
    assert entry.granted
    assert entry.wording == "Yes, write to me about team tools."


LAST = {
    **QUALIFY,
    "questions": [*QUALIFY["questions"], {"key": "note", "kind": "text", "title": "?"}],
}


def test_correcting_a_mistyped_address_takes_the_consent_along():
    response = begin(LAST)
    to_the_form(response)
    leave(response, {**FORM, "email": ["typo@example.com"]})
    leave(response, FORM, revision=1)
    typo = Contact.objects.get(email="typo@example.com")
    ada = Contact.objects.get(email="ada@example.com")
    assert not consent.granted(typo)
    assert consent.granted(ada)
    response.refresh_from_db()
    assert response.contact == ada


def test_taking_back_the_tick_withdraws_the_consent():
    response = begin(LAST)
    to_the_form(response)
    leave(response)
    leave(response, {**FORM, "consent": []}, revision=1)
    assert not consent.granted(Contact.objects.get())


def test_only_blank_fields_of_a_known_contact_are_filled():
    Contact.objects.create(email="ada@example.com", first_name="Augusta")
    response = begin()
    to_the_form(response)
    leave(response, {**FORM, "phone": ["+44 1"]})
    contact = Contact.objects.get()
    assert (contact.first_name, contact.phone) == ("Augusta", "+44 1")


def test_a_respondent_may_correct_what_the_form_itself_had_filled_in():
    response = begin(LAST)
    to_the_form(response)
    leave(response, {**FORM, "first_name": ["Adda"]})
    leave(response, FORM, revision=1)
    assert Contact.objects.get().first_name == "Ada"


def test_finishing_is_told_inside_the_transaction():
    told = []
    response = begin(TYPES)
    say(response, "wake", "late")

    def listen(sender, response, now, **kwargs):
        told.append((response.tier_key, response.contact.profile["quiz.bird.tier"], now))

    response_finished.connect(listen)
    try:
        say(response, "coffee", "no")
    finally:
        response_finished.disconnect(listen)
    assert told == [("owl", "owl", NOW)]


def test_what_fails_while_finishing_leaves_the_last_answer_unsaid():
    response = begin(TYPES)
    say(response, "wake", "late")
    before = everything()

    def fail(sender, **kwargs):
        raise RuntimeError("a listener broke")

    response_finished.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            say(response, "coffee", "no")
    finally:
        response_finished.disconnect(fail)
    assert everything() == before


def test_a_second_run_replaces_the_traits_of_the_first():
    response = begin()
    to_the_form(response)
    leave(response)
    second, _ = taking.start(response.version.quiz, now=NOW)
    say(second, "size", "none")
    leave(second)
    profile = Contact.objects.get().profile
    assert profile["quiz.ready.tier"] == "no-fit"
    assert "quiz.ready.answer.sure" not in profile


def test_only_known_campaign_values_are_kept():
    quiz = published()
    response, _ = taking.start(quiz, now=NOW, hidden={"utm_source": "mail", "score": "99"})
    assert response.hidden == {"utm_source": "mail"}
    for text in ("x" * 201, "a\x00b", "\ud800"):
        with pytest.raises(taking.BadHidden):
            taking.start(quiz, now=NOW, hidden={"utm_source": text})


def test_an_answer_costs_two_reads_and_one_write(django_assert_num_queries):
    response = begin()
    say(response, "size", "large")
    with django_assert_num_queries(5):  # savepoint, lock, answers, insert, release
        say(response, "tools", "crm")


def test_the_traits_of_a_quiz_are_in_the_catalogue_once_it_is_published():
    published()
    kinds = dict(Trait.objects.values_list("key", "kind"))
    assert kinds == {
        "quiz.ready.score": "number",
        "quiz.ready.percent": "number",
        "quiz.ready.tier": "choice",
        "quiz.ready.answer.size": "choice",
        "quiz.ready.answer.tools": "choices",
        "quiz.ready.answer.sure": "number",
    }
