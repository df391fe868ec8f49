from typing import Any

import pytest

from apps.rules.catalogue import CONTACT_TRAITS, Catalogue, TraitSpec
from apps.rules.keys import Keys
from apps.rules.kinds import Kind, Option
from apps.segments.witnesses import contact_words

OPTIONS = (Option("pro", "Professional"), Option("free", "Free"))
KNOWN = Catalogue(
    {
        **CONTACT_TRAITS,
        "plan": TraitSpec("plan", "Plan", Kind.CHOICE, OPTIONS),
        "tags": TraitSpec("tags", "Tags", Kind.CHOICES),
        "born": TraitSpec("born", "Born", Kind.DATE),
        "score": TraitSpec("score", "Score", Kind.NUMBER),
        "keen": TraitSpec("keen", "Keen", Kind.BOOLEAN),
    },
    {"vips": "VIPs", "new": "New ones"},
)


NOTHING = Keys()


def said(reads: Keys = NOTHING, **facts: Any) -> str:
    witness = {"traits": {}, "events": [], "segments": [], "now": "2026-03-10T12:00:00Z", **facts}
    return contact_words(witness, KNOWN, reads, but="vips")


def bought(at: str, **properties: object) -> dict[str, object]:
    return {"name": "order_completed", "occurred_at": at, "properties": properties}


@pytest.mark.parametrize(
    ("traits", "words"),
    [
        ({"plan": "PRO"}, "Plan Professional"),
        ({"tags": ["a", "b"]}, "Tags 'a' and 'b'"),
        ({"born": "1990-02-28"}, "Born 28 February 1990"),
        ({"score": 5.0, "keen": False}, "Score 5 and Keen no"),
    ],
)
def test_traits_are_said_by_their_labels(traits: dict[str, object], words: str) -> None:
    assert said(traits=traits) == f"a contact with {words}"


def test_events_are_counted_and_the_last_is_dated() -> None:
    one = said(events=[bought("2026-03-07T12:00:00Z", total=50)])
    assert one == "a contact with 1 purchase (3 days ago, total 50)"
    two = said(events=[bought("2026-03-01T12:00:00Z"), bought("2026-03-10T10:00:00Z")])
    assert two == "a contact with 2 purchases (the last 2 hours ago)"


def test_what_is_read_and_not_there_is_said_too() -> None:
    reads = Keys(frozenset({"plan"}), frozenset({"order_completed", "called"}))
    assert said(reads) == "a contact with no Plan, no called and no purchases"
    assert said() == "a contact of whom nothing is known"


def test_segments_are_named_but_the_one_it_is_compared_with() -> None:
    assert said(segments=["new", "vips"], email="a@b.example") == (
        "a contact with Email 'a@b.example', in 'New ones'"
    )
