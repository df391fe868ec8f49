from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.nurture import handing
from apps.nurture.models import Message, Sequence, Step
from apps.segments.models import Membership
from tests.factories import NOW, UserFactory
from tests.nurture import build
from tests.nurture.build import HOUR, enter, subscriber
from tests.smtp import CountingServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(
        UserFactory.create(role=User.Role.MARKETER, email="mia@staff.example"),
        backend="apps.accounts.roles.RoleBackend",
    )
    return client


def step(number: int, **fields: object) -> dict[str, object]:
    blank = {
        "id": "",
        "sequence": "",
        "position": "",
        "kind": "email",
        "subject": "",
        "body": "",
        "wait_0": "",
        "wait_1": "days",
    }
    return {f"steps-{number}-{name}": value for name, value in {**blank, **fields}.items()}


def posted(segment_id: int, *steps: dict[str, object], initial: int = 0) -> dict[str, Any]:
    form: dict[str, Any] = {
        "name": "Welcome",
        "slug": "welcome",
        "status": "live",
        "segment": segment_id,
        "on_leave": "stop",
        "re_entry": "never",
        "cooldown_0": "1",
        "cooldown_1": "days",
        "steps-TOTAL_FORMS": len(steps),
        "steps-INITIAL_FORMS": initial,
        "steps-MIN_NUM_FORMS": 0,
        "steps-MAX_NUM_FORMS": 1000,
    }
    for each in steps:
        form.update(each)
    return form


ADD = "/admin/nurture/sequence/add/"
MAIL = {"subject": "Hello {{ contact.first_name }}", "body": "# Welcome"}


def test_a_marketer_writes_a_sequence_of_two_mails_and_a_wait(marketer: Client) -> None:
    assert marketer.get(ADD).status_code == 200
    form = posted(
        build.segment().pk,
        step(0, **MAIL),
        step(1, kind="wait", wait_0="2", wait_1="days", subject="dropped", body="dropped"),
        step(2, subject="Tips", body="Some tips"),
    )
    response = marketer.post(ADD, form)
    assert response.status_code == 302, response.context["errors"]
    made = Sequence.objects.get()
    assert (made.status, made.cooldown) == ("live", 24 * HOUR)
    assert list(made.steps.values_list("position", "kind", "subject", "wait")) == [
        (1, "email", "Hello {{ contact.first_name }}", None),
        (2, "wait", "", 48 * HOUR),
        (3, "email", "Tips", None),
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"subject": "Hi", "body": "{{ contact.phone }}"}, "There is no field contact.phone"),
        ({"subject": "{% if %}", "body": "x"}, "The template cannot be read"),
        ({"subject": "", "body": "x"}, "An e-mail needs a subject"),
        ({"subject": "Hi", "body": ""}, "What to say?"),
        ({"kind": "wait"}, "Say how long to wait"),
        ({"kind": "wait", "wait_0": "0"}, "Say how long to wait"),
        ({"kind": "wait", "wait_0": "99999999999999", "wait_1": "weeks"}, "At most ten years"),
        ({"kind": "wait", "wait_0": "2"}, "needs at least one e-mail"),
        ({"kind": "teleport", "subject": "x", "body": "y"}, "Select a valid choice"),
    ],
)
def test_what_cannot_work_is_refused_with_a_reason(
    fields: dict[str, object], said: str, marketer: Client
) -> None:
    response = marketer.post(ADD, posted(build.segment().pk, step(0, **fields)))
    assert response.status_code == 200
    assert said in response.content.decode()
    assert not Sequence.objects.exists()


def test_steps_can_change_places(marketer: Client) -> None:
    made = build.sequence("One", "Two")
    one, two = made.steps.order_by("position")
    form = posted(
        made.segment_id,
        step(0, id=one.pk, sequence=made.pk, position=2, subject="One", body="1"),
        step(1, id=two.pk, sequence=made.pk, position=1, subject="Two", body="2"),
        initial=2,
    )
    response = marketer.post(f"/admin/nurture/sequence/{made.pk}/change/", form)
    assert response.status_code == 302, response.context["errors"]
    assert [step.subject for step in made.steps.order_by("position")] == ["Two", "One"]


def test_two_steps_cannot_share_a_place(marketer: Client) -> None:
    form = posted(build.segment().pk, step(0, position=1, **MAIL), step(1, position=1, **MAIL))
    assert b"Two steps cannot both stand at position 1" in marketer.post(ADD, form).content


def test_a_step_that_was_mailed_cannot_be_deleted(marketer: Client) -> None:
    made = build.sequence("One", "Two")
    enter(made.segment, subscriber())
    one = made.steps.get(position=1)
    form = posted(
        made.segment_id,
        step(0, id=one.pk, sequence=made.pk, position=1, subject="One", body="1", DELETE="on"),
        initial=1,
    )
    assert marketer.post(f"/admin/nurture/sequence/{made.pk}/change/", form).status_code == 200
    assert Step.objects.filter(pk=one.pk).exists()


@pytest.mark.parametrize("page", ["sequence", "enrolment", "message", "suppression"])
def test_the_lists_open_and_their_queries_do_not_grow(
    page: str, marketer: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        made = build.sequence("Welcome", HOUR, slug=f"s{number}")
        enter(made.segment, *[subscriber() for _ in range(3)])
    with django_assert_max_num_queries(12):
        response = marketer.get(f"/admin/nurture/{page}/")
    assert response.status_code == 200


def test_the_log_shows_a_mail_as_it_was_sent(marketer: Client, smtp_server: CountingServer) -> None:
    message = build.message(
        subscriber(email="ada@people.example"), subject="Welcome", body="Dear *reader*"
    )
    handing.deliver(message.pk, clock=lambda: NOW)
    page = marketer.get(reverse("admin:nurture_message_change", args=[message.pk]))
    shown = page.content.decode()
    assert "ada@people.example" in shown
    assert "List-Unsubscribe-Post" in shown
    assert "Dear *reader*" in shown
    frame = reverse("admin:nurture_message_html", args=[message.pk])
    assert f'<iframe class="mail-frame" sandbox src="{frame}"' in shown
    html = marketer.get(frame)
    assert "Dear <em>reader</em>" in html.content.decode()
    assert html["X-Frame-Options"] == "SAMEORIGIN"
    policy = {part.strip() for part in html["Content-Security-Policy"].split(";")}
    assert policy == {
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "frame-ancestors 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "sandbox",
    }


def test_the_preview_shows_each_mail_of_a_sequence(marketer: Client) -> None:
    made = build.sequence("One", HOUR, "Two")
    page = marketer.get(reverse("admin:nurture_sequence_preview", args=[made.pk]))
    assert page.content.decode().count("<iframe") == 2
    one = made.steps.get(position=1)
    one.body = "Hi {{ contact.first_name }}"
    one.save()
    html = marketer.get(reverse("admin:nurture_step_html", args=[one.pk]))
    assert "Hi Ada" in html.content.decode()
    assert "sandbox" in html["Content-Security-Policy"]
    grace = subscriber(first_name="Grace")
    Membership.objects.create(segment=made.segment, contact=grace, since=NOW)
    html = marketer.get(reverse("admin:nurture_step_html", args=[one.pk]))
    assert "Hi Grace" in html.content.decode()


def test_a_person_may_settle_a_doubt(marketer: Client) -> None:
    message = build.message(state="in_doubt", look_at=None, reason="No reply")
    decide = reverse("admin:nurture_message_decide", args=[message.pk])
    assert b"Did it arrive?" in marketer.get(f"/admin/nurture/message/{message.pk}/change/").content
    marketer.post(decide, {"decision": "sent"})
    message.refresh_from_db()
    assert (message.state, message.reason) == ("sent", "Marked as sent by mia@staff.example")
    response = marketer.post(decide, {"decision": "again"}, follow=True)
    assert b"Nothing was done" in response.content
    assert Message.objects.count() == 1


@pytest.mark.parametrize("state", ["in_doubt", "failed"])
def test_sending_again_is_another_pass_and_happens_once(state: str, marketer: Client) -> None:
    message = build.message(state=state, look_at=None)
    decide = reverse("admin:nurture_message_decide", args=[message.pk])
    marketer.post(decide, {"decision": "again"})
    marketer.post(decide, {"decision": "again"})
    first, second = Message.objects.order_by("pk")
    assert (first.state, first.pass_number) == (state, 1)
    assert (second.state, second.pass_number, second.step) == ("queued", 2, first.step)
    assert second.message_id != first.message_id


def test_decisions_can_be_taken_on_many(marketer: Client) -> None:
    doubts = [build.message(state="in_doubt", look_at=None) for _ in range(2)]
    sent = build.message(state="sent", look_at=None, sent_at=NOW)
    form = {
        "action": "send_again",
        "_selected_action": [message.pk for message in (*doubts, sent)],
    }
    response = marketer.post("/admin/nurture/message/", form, follow=True)
    assert b"2 mails queued once more." in response.content
    assert Message.objects.filter(pass_number=2).count() == 2


def test_a_decision_is_never_taken_by_a_link(marketer: Client) -> None:
    message = build.message(state="in_doubt", look_at=None)
    decide = reverse("admin:nurture_message_decide", args=[message.pk])
    assert marketer.get(decide).status_code == 403
    message.refresh_from_db()
    assert message.state == "in_doubt"


def test_sales_see_nothing_of_it(client: Client) -> None:
    client.force_login(
        UserFactory.create(role=User.Role.SALES), backend="apps.accounts.roles.RoleBackend"
    )
    message = build.message(state="in_doubt", look_at=None)
    for path in (
        "/admin/nurture/message/",
        f"/admin/nurture/message/{message.pk}/change/",
        f"/admin/nurture/message/{message.pk}/html/",
        f"/admin/nurture/sequence/{message.enrolment.sequence_id}/preview/",
    ):
        assert client.get(path).status_code in {302, 403}
