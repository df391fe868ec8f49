"""The rebuild kill test: rules edited and events arriving while whoever rebuilds is killed.

    KILL_TEST=long   200 edits; about three minutes

Edits, and three events in four, come from processes that survive, so that what each waited is
measured; the fourth comes over the API, whose process may die.
"""

import json
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from subprocess import CompletedProcess
from typing import Any

import pytest
from django.db import connection

from tests.journeys.chaos import (
    RECOVERY,
    CrashPoints,
    Rearmer,
    Witness,
    seconds_until_nothing,
    verify,
)
from tests.journeys.respondents import Browser, Page
from tests.running import Installation, installation
from tests.smtp import CountingServer

pytestmark = pytest.mark.alone

LONG = os.environ.get("KILL_TEST") == "long"
CONTACTS = {"postgresql": 20_000, "sqlite": 4000}[connection.vendor]
EDITS = 200 if LONG else 40
EDITS_A_SECOND = 2.5
SECONDS = EDITS / EDITS_A_SECOND
HERE, API = 15, 5  # events a second
EVENTS, POSTS = int(SECONDS * HERE), int(SECONDS * API)
DEATHS = 10 if LONG else 2  # at each point, besides the first
REARM_EVERY = SECONDS / 2 / DEATHS / 6  # seconds: the last deaths come well before the end
# A process that dies here never dies idle, with a queue's lock: there is no silence to cure.
INTERVALS = {"TASK_TIMEOUT": "7", "TASK_RETRY": "8", "MAIL_LEASE": "10", "CANARY_LIMIT": "30"}
BOUND = 1.0 if LONG else 5.0  # seconds for one contact to be settled; CI has others beside it
POINTS = (
    "rebuild.before_commit",
    "rebuild.between_ranges",
    "settle.before_signal",
    "settle.before_commit",
    "settle.rung",
    "task.claimed",
)


@dataclass(frozen=True)
class Aftermath:
    ids: list[int]
    edits: list[dict[str, Any]]
    recorded: list[dict[str, Any]]
    posts: list[Page]
    report: dict[str, Any]
    mailed: list[str]
    deaths: Counter[str]
    seconds: float  # that edits and events took
    settled_after: float  # seconds after the last kill
    verified: CompletedProcess[str]

    def summary(self) -> str:
        settled = sorted(row["settled"] for row in self.recorded)
        in_all = sorted(row["in_all"] for row in self.recorded)
        waits = sorted(row["seconds"] for row in self.edits)
        return (
            f"\nrebuild kill test: {len(self.ids)} contacts, {len(self.edits)} edits and"
            f" {len(self.recorded)} + {len(self.posts)} events in {self.seconds:.1f} s"
            f"\n  deaths {sum(self.deaths.values())}: {dict(sorted(self.deaths.items()))}"
            f"\n  settled after the commit: {_quantiles(settled)}"
            f"\n  recorded and settled: {_quantiles(in_all)}"
            f"\n  saving an edit: {_quantiles(waits)}"
            f"\n  at rest {self.settled_after:.1f} s after the last kill"
            f"\n  rebuilds {self.report['rebuilds']}, transitions {self.report['transitions']},"
            f" enrolments {len(self.report['enrolled'])}, messages {self.report['messages']},"
            f" dead tasks {self.report['dead_tasks']}"
            f"\n  {' '.join(self.verified.stdout.split())}"
        )


def _quantiles(ordered: list[float]) -> str:
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p100": 1.0}
    found = {name: ordered[int((len(ordered) - 1) * share)] for name, share in shares.items()}
    return ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in found.items())


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Aftermath:
    directory = tmp_path_factory.mktemp("rebuild-killing")
    once = {name: directory / f"once-{name}" for name in POINTS}
    points = CrashPoints(directory, once)
    with CountingServer() as mail:
        variables = {
            **INTERVALS,
            **points.variables,
            "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
            "WORKERS": "2",
        }
        with (
            installation(directory, **variables) as site,
            Witness(site, "crowd_witness") as editor,
            Witness(site, "crowd_witness") as recorder,
        ):
            rearmer = Rearmer(once, times=DEATHS, every=REARM_EVERY)
            found = _live_through(site, editor, recorder, rearmer, points, mail)
    pytestconfig.pluginmanager.getplugin("terminalreporter").write_line(found.summary())
    return found


def _live_through(
    site: Installation,
    editor: Witness,
    recorder: Witness,
    rearmer: Rearmer,
    points: CrashPoints,
    mail: CountingServer,
) -> Aftermath:
    seeded = editor.ask("seed", CONTACTS)
    site.start()
    api = Browser(
        [site.port],
        headers={
            "Authorization": f"Bearer {seeded['token']}",
            "Content-Type": "application/json",
        },
    )
    began = time.monotonic()
    rearmer.start()
    points.arm()
    try:
        with ThreadPoolExecutor() as pool:
            recording = pool.submit(recorder.ask, "record", 0, EVENTS, HERE)
            posting = pool.submit(_post_all, api, seeded["ids"])
            edits = _edit_all(editor)
            posts, recorded = posting.result(), recording.result()["recorded"]
        _wait_until_each_was_fatal(points)
    finally:
        rearmer.stop()
        points.disarm()
    seconds = time.monotonic() - began
    settled_after = seconds_until_nothing(editor, "unsettled")
    return Aftermath(
        ids=seeded["ids"],
        edits=edits,
        recorded=recorded,
        posts=posts,
        report=editor.ask("report"),
        mailed=[str(letter["To"]) for letter in mail.mails],
        deaths=points.deaths(),
        seconds=seconds,
        settled_after=settled_after,
        verified=verify(site),
    )


def _wait_until_each_was_fatal(points: CrashPoints) -> None:
    """Wait for the deaths still to come, while there is something left to rebuild and settle."""
    ends_at = time.monotonic() + RECOVERY
    while set(points.deaths()) != set(POINTS) and time.monotonic() < ends_at:
        time.sleep(0.1)


def _edit_all(editor: Witness) -> list[dict[str, Any]]:
    began = time.monotonic()
    edits = []
    for number in range(EDITS):
        time.sleep(max(began + number / EDITS_A_SECOND - time.monotonic(), 0))
        edits.append(editor.ask("edit", number))
    return edits


def _post_all(api: Browser, ids: list[int]) -> list[Page]:
    """Post events at their pace, each until it is acknowledged; some are behind at a death."""
    began = time.monotonic()

    def post(number: int) -> Page:
        time.sleep(max(began + number / API - time.monotonic(), 0))
        event = {
            "message_id": f"api-{number}",
            "contact": {"id": _posted_to(number, ids)},
            "name": "order_completed",
            "occurred_at": datetime.now(UTC).isoformat(),
        }
        return api.send("/api/v1/events", json.dumps({"events": [event]}))

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(post, range(POSTS)))


def _posted_to(number: int, ids: list[int]) -> int:
    return ids[(EVENTS + number) * 7919 % len(ids)]


def test_each_crash_point_was_fatal(aftermath: Aftermath) -> None:
    assert set(aftermath.deaths) == set(POINTS)


def test_every_edit_was_saved(aftermath: Aftermath) -> None:
    assert len(aftermath.edits) == EDITS
    assert all(edit["saved"] for edit in aftermath.edits)


def test_one_contact_is_settled_at_once_throughout(aftermath: Aftermath) -> None:
    assert len(aftermath.recorded) == EVENTS
    assert max(row["settled"] for row in aftermath.recorded) <= BOUND


def test_no_acknowledged_event_is_lost_or_doubled(aftermath: Aftermath) -> None:
    assert {page.status for page in aftermath.posts} == {200}
    posted = {(_posted_to(number, aftermath.ids), f"api-{number}") for number in range(POSTS)}
    recorded = {(row["contact"], f"here-{at}") for at, row in enumerate(aftermath.recorded)}
    assert Counter(map(tuple, aftermath.report["events"])) == Counter(posted | recorded)


def test_whoever_bought_stands_there(aftermath: Aftermath) -> None:
    buyers = {contact for contact, _ in aftermath.report["events"]}
    assert set(aftermath.report["bought"]) == buyers


def test_all_rebuilds_end_within_thirty_seconds(aftermath: Aftermath) -> None:
    assert aftermath.settled_after <= RECOVERY
    assert set(aftermath.report["rebuilds"]) <= {"done", "superseded"}


def test_entering_and_leaving_take_turns(aftermath: Aftermath) -> None:
    assert aftermath.report["out_of_turn"] == []


def test_an_edit_mails_nobody(aftermath: Aftermath) -> None:
    """Enrolled is whoever entered by an event, once for each entering, and nobody else."""
    buyers = {contact for contact, _ in aftermath.report["events"]}
    enrolled = aftermath.report["enrolled"]
    assert enrolled
    assert {contact for contact, _, _ in enrolled} <= buyers
    loud = [f"transition:{pk}" for pk in aftermath.report["loud"]]
    assert Counter(key for _, key, _ in enrolled) == Counter(loud)
    assert set(aftermath.mailed) <= {email for _, _, email in enrolled}


def test_no_task_is_buried(aftermath: Aftermath) -> None:
    assert aftermath.report["dead_tasks"] == []


def test_segments_do_not_drift(aftermath: Aftermath) -> None:
    assert aftermath.verified.returncode == 0, aftermath.verified.stdout + aftermath.verified.stderr
    assert "No drift." in aftermath.verified.stdout
