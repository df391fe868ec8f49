"""The kill test: every process killed again and again while people finish a quiz.

    KILL_TEST=long   5,000 respondents and the intervals as shipped; about 10 minutes
    KILL_SEED=7      the people and the killer's choices of an earlier run

One installation is hurt once, then each test holds what is left of it to one promise of
docs/guarantees.md.
"""

import os
import random
import subprocess
import time
from collections import Counter
from dataclasses import dataclass

import pytest
from django.db import connection

from tests.journeys import promises
from tests.journeys.chaos import (
    PACK,
    POINTS,
    RECOVERY,
    CrashPoints,
    Killer,
    Witness,
    seconds_until_nothing,
    verify,
)
from tests.journeys.respondents import Browser, Taken, let_all_answer, person
from tests.running import Installation, installation
from tests.smtp import CountingServer

pytestmark = pytest.mark.alone

LONG = os.environ.get("KILL_TEST") == "long"
SEED = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))
RESPONDENTS = {"postgresql": 500, "sqlite": 150}[connection.vendor] * (10 if LONG else 1)
MOST_RESPONDENTS = 4 * RESPONDENTS  # on a fast machine more come, until enough was hurt
DEATHS = RESPONDENTS // 50  # at named points, at least
FATAL_POINTS = 4  # at least
ODDS = {"postgresql": 1, "sqlite": 2}[connection.vendor]  # fewer people pass the points
KILLS = 40 * (10 if LONG else 1)  # by hand, at most: half a minute's worth
EDITS = 4  # of a segment's rule while people answer, one between two parts of them
PART = RESPONDENTS // (EDITS + 1)
WORKERS = 2
# An operator's intervals are long, for slow mail servers; a test of a minute needs shorter ones.
SHORT_INTERVALS = {
    "TASK_TIMEOUT": "4",
    "TASK_RETRY": "5",
    "MAIL_LEASE": "5",
    "CANARY_LIMIT": "5",
}
SHIPPED_INTERVALS = {
    "TASK_TIMEOUT": "60",
    "TASK_RETRY": "90",
    "MAIL_LEASE": "60",
    "CANARY_LIMIT": "30",
}
INTERVALS = SHIPPED_INTERVALS if LONG else SHORT_INTERVALS


@dataclass(frozen=True)
class Aftermath(promises.Outcome):
    """Also who died, and how long it took to recover."""

    troubles: Counter[str]
    kills: Counter[str]
    deaths: Counter[str]
    silences: int  # clusters replaced because their canary was silent
    timeouts: int  # tasks stopped because they took too long
    seconds: float  # that people took
    settled_after: float  # seconds after the last kill
    mailed_after: float
    verified: subprocess.CompletedProcess[str]

    def summary(self) -> str:
        states = Counter(row[4] for row in self.stored["messages"])
        return (
            f"\nkill test, seed {SEED}: {len(self.taken)} respondents in {self.seconds:.1f} s"
            f"\n  killed by hand {sum(self.kills.values())}: {_listed(self.kills)}"
            f"\n  at named points {sum(self.deaths.values())}: {_listed(self.deaths)}"
            f"\n  silent clusters replaced: {self.silences}; tasks timed out: {self.timeouts}"
            f"\n  tries without an answer: {_listed(self.troubles)}"
            f"\n  settled {self.settled_after:.1f} s after the last kill,"
            f" mail at rest after {self.mailed_after:.1f} s"
            f"\n  messages: {_listed(states)}; dead tasks: {self.stored['dead_tasks']}"
            f"\n  {' '.join(self.verified.stdout.split())}"
        )


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {times}" for name, times in sorted(counts.items())) or "none"


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Aftermath:
    directory = tmp_path_factory.mktemp("killing")
    points = CrashPoints(directory, {name: odds * ODDS for name, odds in POINTS.items()})
    with CountingServer() as mail:
        variables = {
            **INTERVALS,
            **points.variables,
            "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
            "WORKERS": str(WORKERS),
            "STARTS_PER_MINUTE": "1000000",
        }
        with installation(directory, **variables) as site, Witness(site) as witness:
            found = _live_through(site, witness, points, mail)
    pytestconfig.pluginmanager.getplugin("terminalreporter").write_line(found.summary())
    return found


def _live_through(
    site: Installation, witness: Witness, points: CrashPoints, mail: CountingServer
) -> Aftermath:
    witness.ask("seed")
    site.manage("collectstatic", "--no-input", "-v0")
    site.start()
    browser = Browser([site.port])
    killer = Killer(site, chance=random.Random(SEED), most=KILLS)
    began = time.monotonic()
    points.arm()
    killer.start()
    try:
        taken = _answer_in_parts(browser, witness)
        while not _enough_hurt(killer, points) and len(taken) < MOST_RESPONDENTS:
            taken += _answer(browser, range(len(taken), len(taken) + PART))
    finally:
        killer.stop()
        points.disarm()
    seconds = time.monotonic() - began
    settled_after = seconds_until_nothing(witness, "unsettled")
    mailed_after = settled_after + seconds_until_nothing(witness, "unmailed")
    log = site.log.read_text()
    return Aftermath(
        taken=taken,
        stored=witness.ask("report"),
        mails=promises.taken_by(mail),
        troubles=browser.troubles,
        kills=killer.kills,
        deaths=points.deaths(),
        silences=log.count("has not answered its canary"),
        timeouts=log.count("after timeout"),
        seconds=seconds,
        settled_after=settled_after,
        mailed_after=mailed_after,
        verified=verify(site),
    )


def _answer_in_parts(browser: Browser, witness: Witness) -> list[Taken]:
    """Let everybody answer; between the parts a marketer edits a segment."""
    taken = _answer(browser, range(PART))
    for part in range(1, EDITS + 1):
        witness.ask("edit")
        taken += _answer(browser, range(part * PART, (part + 1) * PART))
    return taken


def _answer(browser: Browser, numbers: range) -> list[Taken]:
    return let_all_answer((person(n, seed=SEED) for n in numbers), browser=browser)


def _enough_hurt(killer: Killer, points: CrashPoints) -> bool:
    deaths = points.deaths()
    enough = deaths.total() >= DEATHS and len(deaths) >= FATAL_POINTS
    return enough and set(killer.kills) == set(PACK)


def test_every_kind_of_process_was_killed_and_many_points_were_fatal(aftermath: Aftermath) -> None:
    assert set(aftermath.kills) == set(PACK)
    assert aftermath.deaths.total() >= DEATHS
    assert len(aftermath.deaths) >= FATAL_POINTS


def test_everybody_got_through_without_an_error_page(aftermath: Aftermath) -> None:
    assert [taken.problem for taken in aftermath.taken if taken.problem] == []
    assert all(taken.finished for taken in aftermath.taken)
    assert len(aftermath.taken) >= RESPONDENTS


def test_no_acknowledged_answer_is_lost(aftermath: Aftermath) -> None:
    promises.no_acknowledged_answer_is_lost(aftermath)


def test_a_response_is_finished_once_with_its_true_score(aftermath: Aftermath) -> None:
    promises.a_response_is_finished_once_with_its_true_score(aftermath)


def test_a_person_is_one_contact_who_has_the_traits_of_a_response(aftermath: Aftermath) -> None:
    promises.a_person_is_one_contact_who_has_the_traits_of_a_response(aftermath)


def test_everybody_stands_where_the_rules_say(aftermath: Aftermath) -> None:
    promises.everybody_stands_where_the_rules_say(aftermath, edits=EDITS)


def test_entering_and_leaving_take_turns(aftermath: Aftermath) -> None:
    promises.entering_and_leaving_take_turns(aftermath)


def test_who_entered_the_segment_is_enrolled_once_and_walks_to_the_end(
    aftermath: Aftermath,
) -> None:
    promises.who_entered_the_segment_is_enrolled_once_and_walks_to_the_end(aftermath)


def test_each_enrolment_has_each_mail_once_sent_or_in_doubt(aftermath: Aftermath) -> None:
    promises.each_enrolment_has_each_mail_once_sent_or_in_doubt(aftermath)


def test_no_mail_is_handed_over_twice(aftermath: Aftermath) -> None:
    promises.no_mail_is_handed_over_twice(aftermath)


def test_sent_mail_was_taken_and_taken_mail_is_sent_or_in_doubt(aftermath: Aftermath) -> None:
    promises.sent_mail_was_taken_and_taken_mail_is_sent_or_in_doubt(aftermath)


def test_only_a_death_leaves_a_mail_in_doubt(aftermath: Aftermath) -> None:
    doubts = sum(row[4] == "in_doubt" for row in aftermath.stored["messages"])
    one_each = aftermath.deaths["deliver.handing"] + aftermath.deaths["deliver.accepted"]
    clusters = aftermath.kills["queue main"] + aftermath.kills["queue sentinel"]
    others = aftermath.kills["queue process"] + WORKERS * (clusters + aftermath.silences)
    assert doubts <= one_each + others + aftermath.timeouts


def test_it_recovers_within_thirty_seconds(aftermath: Aftermath) -> None:
    assert aftermath.settled_after <= RECOVERY
    # A mail whose worker died is put in doubt when its lease is over; nobody knows before.
    lease = int(INTERVALS["MAIL_LEASE"]) if LONG else 0
    assert aftermath.mailed_after <= RECOVERY + lease


def test_segments_do_not_drift(aftermath: Aftermath) -> None:
    assert aftermath.verified.returncode == 0, aftermath.verified.stdout + aftermath.verified.stderr
    assert "No drift." in aftermath.verified.stdout
