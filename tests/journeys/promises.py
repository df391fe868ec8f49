"""What must hold of a quiz's respondents, whatever was killed while they answered."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tests.journeys import staging
from tests.journeys.respondents import Taken
from tests.smtp import CountingServer


@dataclass(frozen=True)
class Outcome:
    """What people were told, what is stored, and what the mail server has."""

    taken: list[Taken]
    stored: dict[str, Any]
    mails: list[tuple[str, str, str]]  # recipient, subject, Message-ID

    @property
    def responses(self) -> dict[str, dict[str, Any]]:
        return {row["token_hash"]: row for row in self.stored["responses"]}

    def response(self, taken: Taken) -> dict[str, Any]:
        return self.responses[sha256(taken.token.encode()).hexdigest()]


def taken_by(mail: CountingServer) -> list[tuple[str, str, str]]:
    return [(str(m["To"]), str(m["Subject"]), str(m["Message-ID"])) for m in mail.mails]


def no_acknowledged_answer_is_lost(outcome: Outcome) -> None:
    lost = [
        (taken.person.number, key)
        for taken in outcome.taken
        for key, value in taken.acknowledged.items()
        if outcome.response(taken)["answers"].get(key) != value
    ]
    assert lost == []


def a_response_is_finished_once_with_its_true_score(outcome: Outcome) -> None:
    for taken in outcome.taken:
        response = outcome.response(taken)
        score = staging.score_of(taken.person.answers)
        told = (response["finished"], response["score"], response["tier"])
        assert told == (True, score, staging.tier_of(score))
    finished = [row for row in outcome.stored["responses"] if row["finished"]]
    assert len(finished) == len(outcome.taken)
    events = Counter((contact, key) for contact, key in outcome.stored["events"])
    assert events == Counter((row["contact"], f"response:{row['id']}:finished") for row in finished)


def a_person_is_one_contact_who_has_the_traits_of_a_response(outcome: Outcome) -> None:
    emails = [email for _, email, _ in outcome.stored["contacts"]]
    assert sorted(emails) == sorted({taken.person.email for taken in outcome.taken})
    by_contact = defaultdict(set)
    for row in outcome.stored["responses"]:
        if row["finished"]:
            by_contact[row["contact"]].add((row["score"], row["tier"], row["answers"]["size"]))
    for pk, _, profile in outcome.stored["contacts"]:
        names = ("score", "tier", "answer.size")
        assert tuple(profile[f"quiz.{staging.SLUG}.{name}"] for name in names) in by_contact[pk]


def everybody_stands_where_the_rules_say(outcome: Outcome, *, edits: int) -> None:
    members = {tuple(row) for row in outcome.stored["memberships"]}
    least = 7 if edits % 2 == 0 else 6
    for pk, email, profile in outcome.stored["contacts"]:
        tier = profile[f"quiz.{staging.SLUG}.tier"]
        score = profile[f"quiz.{staging.SLUG}.score"]
        belongs = {staging.RUNGS[tier]}
        belongs |= {staging.MAILED} if email and tier == "hot" else set()
        belongs |= {staging.EDITED} if score >= least else set()
        belongs |= {staging.TOP_SCORES} if score >= 12 else set()
        stands = {slug for slug, contact in members if contact == pk} - {staging.PASSING}
        assert stands == belongs, f"contact {pk}, tier {tier}"


def entering_and_leaving_take_turns(outcome: Outcome) -> None:
    members = {tuple(row) for row in outcome.stored["memberships"]}
    moves = defaultdict(list)
    for slug, contact, kind in outcome.stored["transitions"]:
        moves[slug, contact].append(kind)
    assert set(moves) >= members
    for place, kinds in moves.items():
        turns = ["entered", "left"] * len(kinds)
        assert kinds == turns[: len(kinds)], place
        assert (kinds[-1] == "entered") == (place in members), place


def who_entered_the_segment_is_enrolled_once_and_walks_to_the_end(outcome: Outcome) -> None:
    entered = {
        contact
        for slug, contact, kind in outcome.stored["transitions"]
        if slug == staging.MAILED and kind == "entered"
    }
    enrolled = Counter(contact for _, contact, _, _ in outcome.stored["enrolments"])
    assert enrolled == Counter(entered)
    assert {state for _, _, _, state in outcome.stored["enrolments"]} == {"finished"}


def each_enrolment_has_each_mail_once_sent_or_in_doubt(outcome: Outcome) -> None:
    consents = {taken.person.email: taken.person.consents for taken in outcome.taken}
    expected = {
        (pk, subject, 1) for pk, *_ in outcome.stored["enrolments"] for subject in staging.SUBJECTS
    }
    messages = outcome.stored["messages"]
    assert Counter(tuple(row[:3]) for row in messages) == Counter(expected)
    for _, _, _, email, state, reason, _ in messages:
        assert state in ({"sent", "in_doubt"} if consents[email] else {"withheld"}), reason
        if state == "in_doubt":
            assert reason == "The worker died while the mail server was taking it"


def no_mail_is_handed_over_twice(outcome: Outcome) -> None:
    assert set(Counter(key for _, _, key in outcome.mails).values()) == {1}
    assert set(Counter((to, subject) for to, subject, _ in outcome.mails).values()) == {1}


def sent_mail_was_taken_and_taken_mail_is_sent_or_in_doubt(outcome: Outcome) -> None:
    taken = {key for _, _, key in outcome.mails}
    by_state = defaultdict(set)
    for row in outcome.stored["messages"]:
        by_state[row[4]].add(row[6])
    assert by_state["sent"] <= taken
    assert taken <= by_state["sent"] | by_state["in_doubt"]
