"""What workers do for quizzes. Each may be rung twice, or run beside itself."""

from django.utils import timezone

from apps.quizzes import previewing
from apps.quizzes.backtest import comparing, rescoring


def backtest(backtest_id: int) -> None:
    comparing.run(backtest_id, now=timezone.now())


def carry_on_rescoring(rescoring_id: int) -> None:
    rescoring.work(rescoring_id)


def forget_trials() -> None:
    previewing.forget(now=timezone.now())
