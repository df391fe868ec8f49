"""Running things at the same moment, each in a thread with a connection of its own."""

import threading
from collections.abc import Callable

from django.db import connection

PATIENCE = 120  # seconds for a thread to end


def at_once(*tasks: Callable[[], object]) -> None:
    """Run the tasks in threads that start together; fail with what any of them raised."""
    start = threading.Barrier(len(tasks))
    errors: list[BaseException] = []

    def run(task: Callable[[], object]) -> None:
        try:
            start.wait(30)
            task()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    assert not errors, errors
