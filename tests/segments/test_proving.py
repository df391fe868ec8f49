import subprocess
import sys

import pytest
from django.conf import settings

from apps.rules import codec
from apps.segments import foreseeing, plan, proving
from tests.factories import NOW
from tests.segments.build import IS_PRO, segment

pytestmark = pytest.mark.usefixtures("catalogue")


def warned(rule: object, **asked: object) -> list[str]:
    read = codec.loads(rule, plan.catalogue())
    return [one.code for one in foreseeing.warnings(read, now=NOW, **asked)]  # type: ignore[arg-type]


def test_a_segment_is_not_compared_with_itself() -> None:
    row = segment("pros", IS_PRO)
    assert warned(IS_PRO) == ["same_as"]
    assert warned(IS_PRO, segment=row) == []


def test_of_a_segment_that_nobody_meets_it_is_not_said_that_it_is_inside() -> None:
    segment("nobody", {"any": []})
    assert warned(IS_PRO) == []


def test_what_contradicts_itself_across_segments_is_told() -> None:
    segment("pros", IS_PRO)
    rule = {"all": [{"segment": "pros"}, {"trait": "plan", "op": "is", "value": "free"}]}
    read = codec.loads(rule, plan.catalogue())
    (warning,) = foreseeing.warnings(read, now=NOW)
    assert warning.message == (
        "Nobody can match: \"is in 'Pros'\" and \"Plan is 'free'\" cannot all be so."
    )


def test_a_witness_is_told_in_the_shape_of_the_api() -> None:
    rules = (
        {"all": [{"trait": "contact.country", "op": "is", "value": "DE"}, {"event": "bought"}]},
        {"trait": "born", "op": "in_last", "value": "30d"},
    )
    a, b = (codec.loads(rule, plan.catalogue()) for rule in rules)
    _, witness = proving.relation(a, b, plan=plan.live_plan(), now=NOW)
    assert set(witness) == {"both", "a", "b"}
    assert set(witness["both"]) == {"country", "traits", "events", "segments", "now"}
    assert set(witness["both"]["traits"]) == {"born"}
    assert [set(one) for one in witness["both"]["events"]] == [
        {"name", "occurred_at", "properties"}
    ]


def test_z3_is_loaded_only_by_what_asks_it() -> None:
    """It takes a moment, and most processes never ask."""
    script = (
        "import django, sys; django.setup(); import config.urls;"
        " import apps.segments.relating, apps.segments.foreseeing; print('z3' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=settings.BASE_DIR, capture_output=True, text=True,
        check=True, env={"DJANGO_SETTINGS_MODULE": "config.settings", "PATH": ""},
    )  # fmt: skip
    assert found.stdout.strip() == "False"
