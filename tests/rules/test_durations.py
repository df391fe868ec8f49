from datetime import timedelta

import pytest

from apps.rules.durations import Duration, DurationError, parse


@pytest.mark.parametrize(
    ("text", "delta", "words"),
    [
        ("90s", timedelta(seconds=90), "90 seconds"),
        ("15m", timedelta(minutes=15), "15 minutes"),
        ("36h", timedelta(hours=36), "36 hours"),
        ("1d", timedelta(days=1), "1 day"),
        ("8w", timedelta(weeks=8), "8 weeks"),
        ("36525d", timedelta(days=36_525), "36525 days"),
    ],
)
def test_a_duration_is_a_whole_number_of_one_unit(text: str, delta: timedelta, words: str) -> None:
    duration = parse(text)
    assert (duration.delta, duration.words, str(duration)) == (delta, words, text)


@pytest.mark.parametrize(
    "text",
    ["", "d", "0d", "-1d", "1.5d", "1y", "1 d", "01d", "36526d", "9" * 5000 + "s", "١d", "1d\n"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(DurationError):
        parse(text)


def test_a_day_is_kept_apart_from_its_hours() -> None:
    assert parse("1d") != parse("24h")
    assert parse("1d") == Duration(1, "d")
