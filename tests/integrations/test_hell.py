"""Rules from hell by the thousand: each gets a located answer, none a 500.

HELL=long sends ten thousand of them.
"""

import json
import os
import random
import re
from collections import Counter

import pytest

from apps.contacts.traits import define
from apps.rules.kinds import Kind
from apps.segments.models import Segment
from tests.factories import ContactFactory
from tests.integrations.conftest import Caller
from tests.integrations.hell import hell
from tests.rules.population import KINDS, SEGMENTS

PLACE = re.compile(r"([^\[\].]*(\[\d+\])*)(\.[^\[\].]*(\[\d+\])*)*")
RULES = 10_000 if os.environ.get("HELL") == "long" else 3_000
NAMED = {"unknown_trait", "unknown_operator", "unknown_segment", "wrong_type"}


@pytest.fixture
def population(db: None) -> None:
    for key, kind in {"plan": Kind.TEXT, "score": Kind.NUMBER, **KINDS}.items():
        define(key, label=key, kind=kind, source="test")
    for slug in (*SEGMENTS, "hell-0", "hell-1", "hell-2", "round"):
        Segment.objects.create(name=slug, slug=slug, status="live", rule={"all": []}, revision=1)
    ContactFactory(profile={"plan": "pro"})


def send(call: Caller, rule: bytes, number: int) -> tuple[int, str]:
    """Preview a rule, or save it as a segment; return the status and code of the answer."""
    if number % 5:
        answer = call("POST", "/segments/preview", b'{"rule": ' + rule + b"}")
    else:
        answer = call("PUT", f"/segments/hell-{number % 3}", b'{"rule": ' + rule + b"}")
    said = json.loads(answer.content)
    if answer.status_code == 200:
        return 200, ""
    assert answer.status_code in {400, 413, 422}, (rule[:500], said)
    assert set(said) == {"code", "message", "at"}, (rule[:500], said)
    assert PLACE.fullmatch(said["at"]), said
    assert "Input should" not in said["message"], said
    assert not (said["code"] in NAMED and said["at"] == ""), (rule[:500], said)
    return answer.status_code, said["code"]


@pytest.mark.usefixtures("population")
def test_rules_from_hell_get_a_located_answer_and_no_500(call: Caller) -> None:
    chance = random.Random(20261123)
    codes = Counter(send(call, hell(chance), number) for number in range(RULES))
    told = {code for _, code in codes}
    assert codes[200, ""] >= RULES / 40, codes
    assert told >= {
        "bad_json",
        "duplicate_key",
        "too_deep",
        "too_large",
        "wrong_shape",
        "wrong_type",
        "unknown_key",
        "unknown_trait",
        "unknown_operator",
        "unknown_segment",
        "cycle",
    }, codes
