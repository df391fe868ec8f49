"""What each behaviour of a mail server leads to."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from apps.contacts import consent
from apps.nurture import handing, stopping
from apps.nurture import smtp as mail_server
from apps.nurture.models import Enrolment, Message, Sequence, Suppression
from tests import smtp
from tests.factories import NOW
from tests.nurture import build
from tests.smtp import CountingServer, ScriptedServer

pytestmark = pytest.mark.django_db
DROP, HANG = ScriptedServer.DROP, ScriptedServer.HANG


def deliver(message: Message, *, after: timedelta = timedelta(0)) -> Message:
    handing.deliver(message.pk, clock=lambda: NOW + after)
    message.refresh_from_db()
    return message


def deliver_to(server: ScriptedServer, settings: Settings) -> Message:
    with server:
        smtp.use(settings, port=server.port)
        settings.EMAIL_TIMEOUT = 0.5
        return deliver(build.message())


def test_a_queued_message_is_handed_over_and_kept_as_it_was_sent(
    smtp_server: CountingServer,
) -> None:
    contact = build.subscriber(email="ada@people.example")
    message = deliver(build.message(contact, subject="Welcome aboard"))
    assert (message.state, message.attempts, message.sent_at) == ("sent", 1, NOW)
    assert smtp_server.recipients == ["ada@people.example"]
    assert message.recipient == "ada@people.example"
    assert message.subject == "Welcome aboard"
    assert smtp_server.raw == [message.raw.encode()]
    assert message.look_at is None


def test_a_second_ring_sends_nothing(smtp_server: CountingServer) -> None:
    message = build.message()
    deliver(message)
    deliver(message)
    assert len(smtp_server.raw) == 1


@pytest.mark.parametrize(
    "script",
    [
        {"connect": "554 go away"},
        {"connect": "what is this?"},
        {"connect": DROP},
        {"connect": HANG},
        {"ehlo": HANG},
        {"mail": "451 busy"},
        {"rcpt": "450 4.2.0 greylisted"},
        {"rcpt": DROP},
        {"data": "421 closing"},
        {"data": DROP},
        {"data": "250 what"},
        {"dot": "451 4.3.0 disk full"},
    ],
    ids=str,
)
def test_what_the_server_did_not_take_is_queued_again(
    script: dict[str, str], settings: Settings
) -> None:
    message = deliver_to(ScriptedServer(**script), settings)
    assert message.state == "queued"
    assert message.not_before == message.look_at == NOW + timedelta(minutes=1)
    assert message.reason
    assert message.token == ""


@pytest.mark.parametrize(
    "script",
    [
        {"mail": "550 5.7.1 not you"},
        {"rcpt": "550 5.7.1 policy"},
        {"data": "554 no"},
        {"dot": "554 5.7.1 looks like spam"},
    ],
    ids=str,
)
def test_a_refusal_fails_the_message_for_good(script: dict[str, str], settings: Settings) -> None:
    message = deliver_to(ScriptedServer(**script), settings)
    assert message.state == "failed"
    assert next(iter(script.values())) in message.reason
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("reply", ["550 5.1.1 unknown user", "550 no such user here", "553 nobody"])
def test_an_unknown_user_is_never_written_to_again(reply: str, settings: Settings) -> None:
    message = deliver_to(ScriptedServer(rcpt=reply), settings)
    assert message.state == "failed"
    assert Suppression.objects.get().address == message.contact.email
    later = build.message(message.contact, sequence=build.sequence("Later", slug="later"))
    assert deliver(later).state == "withheld"
    assert "suppressed" in later.reason


@pytest.mark.parametrize("script", [{"dot": DROP}, {"dot": HANG}, {"dot": "hello?"}], ids=str)
def test_silence_after_the_final_dot_is_in_doubt_and_never_repeated(
    script: dict[str, str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_server, "HANDING", 1)
    with ScriptedServer(**script) as server:
        smtp.use(settings, port=server.port)
        message = deliver(build.message())
        assert message.state == "in_doubt"
        assert message.raw
        deliver(message, after=timedelta(days=2))
    assert len(server.payloads) == 1


def test_a_drop_within_the_mail_is_never_taken_for_sent(settings: Settings) -> None:
    """The last bytes may lie in a buffer when the connection breaks: then it is in doubt."""
    message = deliver_to(ScriptedServer(payload=DROP), settings)
    assert message.state in {"queued", "in_doubt"}


def test_a_server_that_is_down_is_tried_again(settings: Settings) -> None:
    smtp.use(settings, port=smtp.free_port())
    message = deliver(build.message())
    assert message.state == "queued"
    assert "No connection" in message.reason


def test_nothing_is_tried_before_its_time(smtp_server: CountingServer) -> None:
    message = build.message(not_before=NOW + timedelta(minutes=5))
    assert deliver(message).state == "queued"
    assert deliver(message, after=timedelta(minutes=5)).state == "sent"


def test_the_delays_grow_and_after_a_day_the_message_fails(settings: Settings) -> None:
    smtp.use(settings, port=smtp.free_port())
    message, spent = build.message(), timedelta(0)
    waits = []
    while deliver(message, after=spent).state == "queued":
        waits.append(message.not_before - (NOW + spent))
        spent = message.not_before - NOW
    assert waits == list(handing.DELAYS)
    assert timedelta(hours=20) < spent < timedelta(hours=24)
    assert message.state == "failed"
    assert message.reason.startswith("Given up after 8 attempts")


def test_the_message_id_never_changes(settings: Settings) -> None:
    with ScriptedServer(dot="451 later") as server:
        smtp.use(settings, port=server.port)
        message = deliver(build.message())
        deliver(message, after=timedelta(hours=1))
    assert len(server.payloads) == 2
    assert all(f"Message-ID: {message.message_id}".encode() in raw for raw in server.payloads)


def test_without_consent_nothing_is_sent(smtp_server: CountingServer) -> None:
    contact = build.subscriber()
    message = build.message(contact)
    later = NOW + timedelta(seconds=1)
    consent.record(contact, now=later, granted=False, wording="No more", source="test")
    Message.objects.filter(pk=message.pk).update(state="queued", look_at=NOW)
    assert deliver(message).state == "withheld"
    assert message.reason == "No consent to email"
    assert smtp_server.raw == []


def test_a_contact_without_address_is_no_error(smtp_server: CountingServer) -> None:
    assert deliver(build.message(build.subscriber(email=""))).state == "withheld"


def test_a_stopped_enrolment_sends_nothing(smtp_server: CountingServer) -> None:
    message = build.message()
    Enrolment.objects.update(state="stopped", reason="Left Hot leads")
    assert deliver(message).state == "withheld"
    assert message.reason == "The sequence was stopped: Left Hot leads"


def test_a_paused_sequence_keeps_its_mail_until_it_runs_again(smtp_server: CountingServer) -> None:
    message = build.message()
    Sequence.objects.update(status="paused")
    assert deliver(message).state == "queued"
    assert message.attempts == 0
    Sequence.objects.update(status="live")
    assert deliver(message).state == "sent"


def test_a_template_that_fails_for_this_contact_fails_the_message(
    smtp_server: CountingServer,
) -> None:
    contact = build.subscriber(profile={"visits": 0})
    message = build.message(contact, body="{{ 100 | divided_by: traits.visits }}")
    assert deliver(message).state == "failed"
    assert "divided_by" in message.reason
    assert smtp_server.raw == []


def test_a_message_withheld_under_a_worker_is_not_handed_over(
    smtp_server: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = build.message()

    def withdraw(name: str) -> None:
        if name == "deliver.claimed":
            stopping.withhold(Message.objects.all(), now=NOW, reason="Unsubscribed")

    monkeypatch.setattr(handing, "reached", withdraw)
    assert deliver(message).state == "withheld"
    assert smtp_server.raw == []


def test_who_comes_back_from_the_dead_tells_what_is_known(
    smtp_server: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = build.message()

    def doubt(name: str) -> None:
        if name == "deliver.accepted":
            Message.objects.update(state="in_doubt", look_at=None)

    monkeypatch.setattr(handing, "reached", doubt)
    assert deliver(message).state == "sent"


def test_a_hand_over_that_begins_too_late_does_not_begin(
    smtp_server: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing, "BEGIN_WITHIN", -1.0)
    assert deliver(build.message()).state == "queued"
    assert smtp_server.raw == []
