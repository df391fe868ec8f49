"""The ports of this machine: whether one is free, and any that is."""

import errno
import socket
import time


class PortTaken(OSError):
    """Somebody else listens there."""


def wait_until_free(host: str, port: int, *, seconds: float) -> None:
    """Wait for what a killed supervisor left behind to let go of the port. Raises PortTaken.

    Asked before the web server starts: it shares its port with whoever listens there
    already, and then each request would be answered by either of the two.
    """
    deadline = time.monotonic() + seconds
    while not is_free(host, port):
        if time.monotonic() > deadline:
            raise PortTaken(f"Another program listens on port {port}: choose one with --port.")
        time.sleep(0.2)


def is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def any_free(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
