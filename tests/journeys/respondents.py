"""People who take the quiz over HTTP, without JavaScript or cookies, and do not give up.

Whatever breaks, the same post is sent again until it is acknowledged, as a browser's reload
would. What was acknowledged is written down here, and only that.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.journeys import staging

AT_ONCE = 24  # respondents at a time
PATIENCE = 120.0  # seconds for one request to be answered, however often it takes
TIMEOUT = 10.0  # seconds for one attempt
PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds before attempts; the last one from then on
UNAVAILABLE = 503  # the one page that asks to come again
REVISION = re.compile(r'name="revision" value="(\d+)"')

Form = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Who someone is and what they will say; two in ten share one address."""

    number: int
    email: str
    consents: bool
    first_size: str
    answers: dict[str, Any]  # what they end with

    @property
    def goes_back(self) -> bool:
        return self.first_size != self.answers["size"]

    @property
    def looks_at_the_result(self) -> bool:
        return self.number % 3 == 0

    def form(self, question: str) -> Form:
        if question != "you":
            return {"answer": self.answers[question]}
        consent = {"consent": "on"} if self.consents else {}
        return {"first_name": "Robin", "email": self.email, **consent}


def person(number: int, *, seed: int) -> Person:
    """Return the person of this number; the same seed makes the same people."""
    chance = random.Random(f"{seed}/{number}")
    shared = number - 1 if number % 10 == 9 else number
    consents = random.Random(f"{seed}/{shared}/consent").random() < 0.85
    email = f"person-{shared}@people.example"
    sizes = list(staging.SIZES)
    size = chance.choice(sizes)
    tools = [key for key in staging.TOOLS if chance.random() < 0.5] or ["paper"]
    return Person(
        number=number,
        email=email,
        consents=consents,
        first_size=chance.choice(sizes) if number % 5 == 0 else size,
        answers={
            "size": size,
            "tools": tools,
            "you": {"first_name": "Robin", "email": email, "consent": consents},
            "sure": chance.choice(staging.SURE),
        },
    )


class UnexpectedAnswerError(AssertionError):
    """The installation answered what no respondent of the kill test may be told."""


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    path: str  # where it leads to
    text: str


@dataclass
class Browser:
    """Asks any of the hosts, again on whatever is no answer; counts why, and who answered."""

    ports: Sequence[int]
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"Content-Type": "application/x-www-form-urlencoded"}
    )
    troubles: Counter[str] = field(default_factory=Counter)
    served: Counter[int] = field(default_factory=Counter)  # answers by port

    def get(self, path: str) -> Page:
        return self._insist("GET", path, None)

    def post(self, path: str, form: Form) -> Page:
        return self.send(path, urlencode(form, doseq=True))

    def send(self, path: str, body: str) -> Page:
        return self._insist("POST", path, body)

    def _insist(self, method: str, path: str, body: str | None) -> Page:
        ends_at = time.monotonic() + PATIENCE
        pauses = iter(PAUSES)
        while time.monotonic() < ends_at:
            try:
                page = self._ask(method, path, body)
            except (OSError, HTTPException) as error:
                self.troubles[type(error).__name__] += 1
            else:
                if page.status != UNAVAILABLE:
                    return page
                self.troubles["status 503"] += 1
            time.sleep(next(pauses, PAUSES[-1]) * random.uniform(0.5, 1.5))
        raise UnexpectedAnswerError(f"no answer to {method} {path} in {PATIENCE} s")

    def _ask(self, method: str, path: str, body: str | None) -> Page:
        port = random.choice(self.ports)
        connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        try:
            connection.request(method, path, body, dict(self.headers) if body else {})
            answer = connection.getresponse()
            text = answer.read().decode()
            self.served[port] += 1
            place = urlsplit(answer.headers.get("Location", "")).path
            return Page(answer.status, place, text)
        finally:
            connection.close()


@dataclass
class Taken:
    """One respondent's way through the quiz, as it was acknowledged."""

    person: Person
    token: str = ""
    acknowledged: dict[str, Any] = field(default_factory=dict)
    finished: bool = False
    problem: str = ""


class Respondent:
    def __init__(self, who: Person, browser: Browser) -> None:
        self.browser = browser
        self.person = who
        self.taken = Taken(who)

    def take(self) -> Taken:
        """Take the quiz from its front page to the result."""
        try:
            self._start()
            self._answer("size", self.person.first_size, leads_to="tools")
            self._answer("tools", self.person.answers["tools"], leads_to="you")
            if self.person.goes_back:
                self._change("size", leads_to="tools")
            self._answer("you", self.person.answers["you"], leads_to="sure")
            self._answer("sure", self.person.answers["sure"], leads_to="result")
            self.taken.finished = True
            if self.person.looks_at_the_result:
                self._read_result()
        except UnexpectedAnswerError as error:
            self.taken.problem = f"respondent {self.person.number}: {error}"
        return self.taken

    def _start(self) -> None:
        page = self.browser.post(f"/q/{staging.SLUG}/", {"utm_source": "kill-test"})
        _expect(page.status == 303, f"starting gave {page.status}")
        self.taken.token = page.path.split("/")[3]

    def _answer(self, key: str, value: Any, *, leads_to: str, revision: int = 0) -> None:
        """Post one answer until it is acknowledged, and write it down."""
        form = self.person.form(key) if key == "you" else {"answer": value}
        page = self.browser.post(self._path(key), {**form, "revision": revision})
        _expect(
            page.status == 303 and page.path == self._path(leads_to),
            f"the answer to {key} gave {page.status} {page.path}",
        )
        self.taken.acknowledged[key] = value

    def _change(self, key: str, *, leads_to: str) -> None:
        """Go back to a question, and answer otherwise than before."""
        page = self.browser.get(self._path(key))
        shown = REVISION.search(page.text)
        _expect(shown is not None, f"going back to {key} gave {page.status}")
        revision = int(shown[1]) if shown else 0
        self._answer(key, self.person.answers[key], leads_to=leads_to, revision=revision)

    def _read_result(self) -> None:
        page = self.browser.get(self._path("result"))
        tier = staging.tier_of(staging.score_of(self.person.answers))
        _expect(f"You are {tier}" in page.text, f"the result is not {tier}: {page.status}")

    def _path(self, key: str) -> str:
        return f"/q/r/{self.taken.token}/{key}/"


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise UnexpectedAnswerError(otherwise)


def let_all_answer(people: Iterable[Person], *, browser: Browser) -> list[Taken]:
    """Let these people take the quiz, many at a time; return what became of each."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda who: Respondent(who, browser).take(), people))
