"""A quiz of 10,000 finished responses: an edit of its scoring tried on them, and applied."""

from collections.abc import Iterator
from datetime import timedelta

from apps.accounts.models import User
from apps.contacts.models import Contact, Trait
from apps.quizzes import definition, publishing
from apps.quizzes.backtest import comparing, rescoring
from apps.quizzes.drafting import draft
from apps.quizzes.models import Answer, Quiz, Response
from apps.quizzes.scoring import score
from apps.segments.models import Membership, Segment, Size, SizeNote, Transition
from tests.benchmarks import product
from tests.benchmarks.building import make_segments
from tests.benchmarks.measuring import bounded, plain, seconds
from tests.benchmarks.parts import NOW, Bench, Measure, agree

HOW_MANY, QUESTIONS = 10_000, 10
TIERS = {"cold": None, "warm": 12, "hot": 20}


def measure(bench: Bench) -> Iterator[Measure]:
    by = User.objects.create_user("backtest@bench.example")
    quiz = answered(bench)
    made = {
        "bench-hot": {"trait": "quiz.bench.tier", "op": "is", "value": "hot"},
        "bench-high": {"trait": "quiz.bench.score", "op": "at_least", "value": 15},
        "bench-rest": {"not": {"segment": "bench-hot"}},
    }
    make_segments(made)
    product.rebuild_all(now=NOW)
    stood = bench.memberships()
    quiz.tiers.filter(key="hot").update(starts_at=18)
    try:
        found = []
        taken = seconds(lambda: found.append(comparing.order(quiz, by=by, now=NOW)))
        [backtest] = found
        taken += seconds(lambda: comparing.run(backtest.pk, now=NOW))
        backtest.refresh_from_db()
        agree(backtest.outcome["responses"], HOW_MANY)
        yield bounded(f"back-test on {HOW_MANY:,} responses", taken, unit="s", at_most=5)
        done = rescoring.publish(
            quiz, by=by, now=NOW, starts_sequences=False, expected=backtest.digest
        )
        applied = seconds(lambda: work(done.pk)) + seconds(lambda: product.settle(now=NOW))
        yield plain(f"re-scoring {HOW_MANY:,} responses, settled", applied, unit="s")
        ids = dict(Segment.objects.filter(slug__in=made).values_list("slug", "pk"))
        moved = {
            (ids[slug], pk) for slug, pk in backtest.segment_moves.values_list("segment", "contact")
        }
        agree(moved, stood ^ bench.memberships())
        rescoring.undo(done, by=by, now=NOW)
        undone = seconds(lambda: work(done.pk)) + seconds(lambda: product.settle(now=NOW))
        yield plain(f"undoing that, {HOW_MANY:,} responses, settled", undone, unit="s")
        agree(stood, bench.memberships())
    finally:
        forget(quiz, by, list(made))
        bench.restore()


def work(rescoring_id: int) -> None:
    while rescoring.carry_on(rescoring_id, seconds=60):
        pass


def answered(bench: Bench) -> Quiz:
    """Return a published quiz with so many finished responses, each of another contact."""
    quiz = draft(
        {
            "title": "Bench",
            "slug": "bench",
            "questions": [
                {
                    "key": f"q{place}",
                    "title": f"Question {place}",
                    "choices": [
                        {"key": f"c{points}", "label": str(points), "points": points}
                        for points in range(4)
                    ],
                }
                for place in range(QUESTIONS)
            ],
            "tiers": [
                {"key": key, "label": key, "headline": key, "starts_at": start}
                for key, start in TIERS.items()
            ],
        }
    )
    version = publishing.publish(quiz, by=None, now=NOW)
    asked = definition.of_version(version)
    responses, answers = [], []
    for place, pk in enumerate(
        Contact.objects.order_by("pk").values_list("pk", flat=True)[:HOW_MANY]
    ):
        given = {f"q{n}": f"c{bench.chance.randrange(4)}" for n in range(QUESTIONS)}
        result = score(asked, given)
        at = NOW - timedelta(seconds=place)
        responses.append(
            Response(
                version=version, contact_id=pk, token_hash=f"bench{place}", started_at=at,
                finished_at=at, score=result.score, percent=result.percent,
                tier_key=result.tier.key, tier_label=result.tier.label,
                receipt=result.receipt.as_json(),
            )
        )  # fmt: skip
        answers.append(given)
    made = Response.objects.bulk_create(responses, batch_size=500)
    said = [
        Answer(response=response, question_key=key, value=value, answered_at=NOW)
        for response, given in zip(made, answers, strict=True)
        for key, value in given.items()
    ]
    Answer.objects.bulk_create(said, batch_size=1000)
    return quiz


def forget(quiz: Quiz, by: User, slugs: list[str]) -> None:
    """Take everything away again that this part made."""
    made = Segment.objects.filter(slug__in=slugs)
    for model in (Membership, Transition, SizeNote, Size):
        rows = model._base_manager.filter(segment__in=made)
        rows._raw_delete(rows.db)  # a note of each would outlive its segment
    made.delete()
    Trait.objects.filter(key__startswith="quiz.bench.").delete()
    quiz.backtests.all().delete()
    Response.objects.filter(version__quiz=quiz).delete()
    quiz.delete()
    by.delete()
