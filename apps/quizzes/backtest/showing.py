"""What the pages of back-tests and re-scorings show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import QuerySet

from apps.quizzes.models import BackTest, Rescoring, SegmentMove, TierMove

ASK_AGAIN_ABOVE = 500  # contacts who would start sequences, as in the editor of segments
LISTED = 50
Row = TypeVar("Row", TierMove, SegmentMove)


@dataclass(frozen=True, slots=True)
class Line:
    """Responses of one tier that come to another, or stay."""

    former: str
    tier: str
    former_label: str
    label: str
    count: int

    @property
    def moves(self) -> bool:
        return self.former != self.tier


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a list; `after` leads to the next."""

    rows: Sequence[Any]
    after: int | None


def context(backtest: BackTest) -> dict[str, Any]:
    """Return what the page of a back-test shows, worked out or not."""
    found: dict[str, Any] = {"backtest": backtest, "quiz": backtest.quiz}
    if backtest.state == BackTest.State.DONE:
        outcome = backtest.outcome
        lines = tier_lines(outcome["tiers"], outcome["labels"])
        found |= {
            "outcome": outcome,
            "moving": [line for line in lines if line.moves],
            "staying": outcome["responses"] - outcome["moved"],
            "segments": [_with_after(line) for line in outcome["segments"]],
            "asks_number": outcome["starting"] > ASK_AGAIN_ABOVE,
            "is_published": is_published(backtest),
        }
    return found


def is_published(backtest: BackTest) -> bool:
    """Return whether the draft that was tried is the latest version already."""
    latest = backtest.quiz.versions.defer("definition").first()
    return latest is not None and latest.digest == backtest.digest


def of_rescoring(rescoring: Rescoring) -> dict[str, Any]:
    labels = dict(
        rescoring.rescored.exclude(response__tier_label="")
        .values_list("response__tier_key", "response__tier_label")
        .distinct()
    )
    labels |= {tier.key: tier.label for tier in rescoring.quiz.tiers.all()}
    lines = tier_lines(rescoring.tiers, labels)
    newest = rescoring.quiz.rescorings.exclude(state=Rescoring.State.UNDONE).first()
    return {
        "rescoring": rescoring,
        "quiz": rescoring.quiz,
        "moving": [line for line in lines if line.moves],
        "staying": sum(line.count for line in lines if not line.moves),
        "moved": sum(line.count for line in lines if line.moves),
        "may_undo": rescoring.state == Rescoring.State.APPLIED and newest == rescoring,
    }


def tier_lines(tiers: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> list[Line]:
    return [
        Line(
            one["from"],
            one["to"],
            labels.get(one["from"], one["from"]),
            labels.get(one["to"], one["to"]),
            one["count"],
        )
        for one in tiers
    ]


def line_of_tiers(backtest: BackTest, former: str, tier: str) -> Line | None:
    """Return the line of a pair of tiers; None where nobody would move so."""
    outcome = backtest.outcome
    lines = tier_lines(outcome.get("tiers", []), outcome.get("labels", {}))
    pair = (former, tier)
    return next((one for one in lines if one.moves and (one.former, one.tier) == pair), None)


def line_of_segment(backtest: BackTest, slug: str) -> dict[str, Any] | None:
    lines: list[dict[str, Any]] = backtest.outcome.get("segments", [])
    return next((line for line in lines if line["slug"] == slug), None)


def stretch(rows: QuerySet[Row], *, by: str, after: str) -> Stretch:
    """Return a stretch of moves in the order of the field `by`, behind `after`."""
    if after.isdecimal() and len(after) < 19:
        rows = rows.filter(**{f"{by}__gt": int(after)})
    found = list(rows.order_by(f"{by}_id")[: LISTED + 1])
    page = found[:LISTED]
    last = getattr(page[-1], f"{by}_id") if len(found) > LISTED else None
    return Stretch(page, last)


def _with_after(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "after": line["members"] + line["entering"] - line["leaving"]}
