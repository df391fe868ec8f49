"""What can be proved of two hundred segments, and of one edit against all others."""

import time
from collections.abc import Iterator

from apps.rules import codec
from apps.segments import foreseeing
from apps.segments.models import Segment
from apps.segments.plan import Plan, catalogue, live_plan
from apps.segments.sprawl import analysing
from tests.benchmarks.building import make_segments
from tests.benchmarks.measuring import bounded
from tests.benchmarks.parts import NOW, Bench, Measure
from tests.benchmarks.rules import HOW_MANY, new_rules

SEGMENTS, EDITS = 200, 20


def measure(bench: Bench) -> Iterator[Measure]:
    more = new_rules(SEGMENTS - HOW_MANY, seed=31)
    make_segments({f"n{number:03}": rule for number, rule in enumerate(more)})
    foreseeing.warnings(codec.loads({"all": []}, catalogue()), now=NOW)  # loads z3
    yield bounded(f"solver report, {SEGMENTS} live segments", report(live_plan()),
                  unit="s", at_most=10)  # fmt: skip
    yield bounded(f"one edit against {SEGMENTS - 1} others, slowest of {EDITS}", max(edits(EDITS)),
                  unit="s", at_most=0.5)  # fmt: skip
    bench.restore()


def report(plan: Plan) -> float:
    """Return the seconds it takes to relate all pairs; all of them must be decided."""
    began = time.perf_counter()
    found = analysing.analyse(plan, known=catalogue(), now=NOW)
    taken = time.perf_counter() - began
    undecided = [one for one in found.findings if one.warning.code == "undecided"]
    assert not undecided, undecided
    return taken


def edits(how_many: int) -> Iterator[float]:
    """Yield the seconds until all that is wrong with a rule is known, as its writer waits."""
    known = catalogue()
    edited = Segment.objects.live().latest("pk")
    for source in new_rules(how_many, seed=37):
        rule = codec.loads(source, known)
        began = time.perf_counter()
        foreseeing.warnings(rule, segment=edited, now=NOW)
        yield time.perf_counter() - began
