"""Two hosts on one database: a web process and a cluster each, until one host is switched off.

Nothing but the database joins them. Only for PostgreSQL: SQLite is for one host.
"""

import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from apps.core.reaper import end_groups
from tests.journeys import promises
from tests.journeys.chaos import RECOVERY, Witness, seconds_until_nothing, verify
from tests.journeys.respondents import Browser, Taken, let_all_answer, person
from tests.running import Installation, children, installation, wait_for
from tests.smtp import CountingServer

pytestmark = pytest.mark.alone

SEED = 5
RESPONDENTS = 160
EDITS = 4
FATAL_PART = 2  # of the EDITS + 1 parts in which people answer: in it, one host is killed
DRILLS = 40  # tasks that leave a trace on the host that did them
WORKERS = 2  # on each host
LEASE = 8  # seconds
VARIABLES = {
    "TASK_TIMEOUT": "7",
    "TASK_RETRY": "8",
    "MAIL_LEASE": str(LEASE),
    "WORKERS": str(WORKERS),
    "WEB_PROCESSES": "1",
    "STARTS_PER_MINUTE": "1000000",
}


@dataclass(frozen=True)
class Aftermath(promises.Outcome):
    served: list[int]  # answers by the web of each host
    before: list[Counter[int]]  # how often each host did which drill while both lived
    after: list[Counter[int]]  # and when one was dead
    remains: dict[int, str]  # processes of the dead host
    is_ready: bool
    settled_after: float  # seconds after the last answer
    mailed_after: float
    verified: CompletedProcess[str]

    def summary(self) -> str:
        states = Counter(row[4] for row in self.stored["messages"])
        return (
            f"\nmany hosts: {len(self.taken)} respondents, answers by host {self.served},"
            f" tasks by host {[row.total() for row in self.before]},"
            f" later {[row.total() for row in self.after]}"
            f"\n  settled after {self.settled_after:.1f} s, mail at rest after"
            f" {self.mailed_after:.1f} s; messages {dict(states)}"
            f"\n  {' '.join(self.verified.stdout.split())}"
        )


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Aftermath:
    directory = tmp_path_factory.mktemp("hosts")
    with (
        CountingServer() as mail,
        _two_hosts(directory, mail) as hosts,
        Witness(hosts[0]) as witness,
    ):
        found = _live_through(hosts, witness, mail)
    pytestconfig.pluginmanager.getplugin("terminalreporter").write_line(found.summary())
    return found


@contextmanager
def _two_hosts(directory: Path, mail: CountingServer) -> Iterator[list[Installation]]:
    variables = {
        **VARIABLES,
        "SECRET_KEY": secrets.token_urlsafe(64),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
    }
    folders = [directory / "first", directory / "second"]
    for folder in folders:
        folder.mkdir()
    with installation(folders[0], **variables) as first:
        url = first.environment["DATABASE_URL"]
        second = Installation(folders[1], database_url=url, **variables)
        try:
            yield [first, second]
        finally:
            second.end()


def _live_through(hosts: list[Installation], witness: Witness, mail: CountingServer) -> Aftermath:
    witness.ask("seed")
    hosts[0].manage("collectstatic", "--no-input", "-v0")
    with ThreadPoolExecutor() as pool:
        list(pool.map(Installation.start, hosts))
    browser = Browser([host.port for host in hosts])
    taken, before = _answer_in_parts(browser, witness, hosts)
    after = _drill(browser, hosts, range(DRILLS, DRILLS + 10))
    settled_after = seconds_until_nothing(witness, "unsettled")
    mailed_after = settled_after + seconds_until_nothing(witness, "unmailed")
    return Aftermath(
        taken=taken,
        stored=witness.ask("report"),
        mails=promises.taken_by(mail),
        served=[browser.served[host.port] for host in hosts],
        before=before,
        after=after,
        remains=hosts[1].remains(),
        is_ready=hosts[0].is_ready(),
        settled_after=settled_after,
        mailed_after=mailed_after,
        verified=verify(hosts[0]),
    )


def _answer_in_parts(
    browser: Browser, witness: Witness, hosts: list[Installation]
) -> tuple[list[Taken], list[Counter[int]]]:
    """Let everybody answer; edit a rule between the parts, and kill a host within one."""
    taken: list[Taken] = []
    done: list[Counter[int]] = []
    size = RESPONDENTS // (EDITS + 1)
    with ThreadPoolExecutor() as pool:
        for part in range(EDITS + 1):
            if part:
                witness.ask("edit")
            people = [person(n, seed=SEED) for n in range(part * size, (part + 1) * size)]
            answering = pool.submit(let_all_answer, people, browser=browser)
            if part == 0:
                done = _drill(browser, hosts, range(DRILLS))
            if part == FATAL_PART:
                amid = browser.served.total() + size
                wait_for(lambda: browser.served.total() > amid)  # noqa: B023 - waited for here
                _kill(hosts[1])
            taken += answering.result()
    return taken, done


def _drill(browser: Browser, hosts: list[Installation], numbers: range) -> list[Counter[int]]:
    """Ring for tasks at any host until each is done; return which host did them."""
    for number in numbers:
        assert browser.get(f"/q/drill/ring/leave_a_trace/{number}").text == "rung"
    wait_for(
        lambda: sum((_traces(host, numbers) for host in hosts), Counter()).keys() == {*numbers}
    )
    return [_traces(host, numbers) for host in hosts]


def _traces(host: Installation, numbers: range) -> Counter[int]:
    paths = {number: host.directory / f"trace-{number}" for number in numbers}
    return Counter({n: len(path.read_text()) for n, path in paths.items() if path.exists()})


def _kill(host: Installation) -> None:
    """Switch a host off: its supervisor and all it started, at one moment."""
    host.sessions.update(children(host.pid))
    end_groups([host.pid, *children(host.pid)])
    assert host.process
    host.process.wait()


def test_both_hosts_did_their_share(aftermath: Aftermath) -> None:
    assert min(aftermath.served) >= RESPONDENTS / 2
    assert all(aftermath.before)


def test_no_task_was_done_by_both(aftermath: Aftermath) -> None:
    assert sum(aftermath.before, Counter()) == Counter(range(DRILLS))


def test_one_carries_on_alone(aftermath: Aftermath) -> None:
    assert aftermath.remains == {}
    assert [bool(done) for done in aftermath.after] == [True, False]
    assert aftermath.is_ready


def test_nothing_that_was_acknowledged_is_lost(aftermath: Aftermath) -> None:
    assert [taken.problem for taken in aftermath.taken if taken.problem] == []
    promises.no_acknowledged_answer_is_lost(aftermath)
    promises.a_response_is_finished_once_with_its_true_score(aftermath)
    promises.a_person_is_one_contact_who_has_the_traits_of_a_response(aftermath)


def test_everybody_stands_where_the_rules_say(aftermath: Aftermath) -> None:
    promises.everybody_stands_where_the_rules_say(aftermath, edits=EDITS)
    promises.entering_and_leaving_take_turns(aftermath)
    assert aftermath.verified.returncode == 0, aftermath.verified.stdout + aftermath.verified.stderr
    assert "No drift." in aftermath.verified.stdout


def test_each_mail_is_sent_once(aftermath: Aftermath) -> None:
    promises.who_entered_the_segment_is_enrolled_once_and_walks_to_the_end(aftermath)
    promises.each_enrolment_has_each_mail_once_sent_or_in_doubt(aftermath)
    promises.no_mail_is_handed_over_twice(aftermath)
    promises.sent_mail_was_taken_and_taken_mail_is_sent_or_in_doubt(aftermath)
    doubts = sum(row[4] == "in_doubt" for row in aftermath.stored["messages"])
    assert doubts <= WORKERS  # those that the dead host was handing over


def test_nothing_waits_for_the_dead_host(aftermath: Aftermath) -> None:
    assert aftermath.settled_after <= RECOVERY
    assert aftermath.mailed_after <= RECOVERY + LEASE
    assert aftermath.stored["dead_tasks"] == 0
