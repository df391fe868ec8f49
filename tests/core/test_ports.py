import socket

import pytest
from django.core.management import CommandError, call_command

from apps.core import ports


def test_a_port_somebody_listens_on_is_refused_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert not ports.is_free("127.0.0.1", port)
        with pytest.raises(ports.PortTaken, match=f"port {port}"):
            ports.wait_until_free("127.0.0.1", port, seconds=0.3)
    ports.wait_until_free("127.0.0.1", port, seconds=5)


def test_a_free_port_is_free() -> None:
    assert ports.is_free("127.0.0.1", ports.any_free("127.0.0.1"))


@pytest.mark.django_db
def test_up_does_not_share_its_port_with_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.core.management.commands.up.PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(CommandError):
        call_command("up", port=listener.getsockname()[1])
