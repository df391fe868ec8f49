from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.rules.kinds import Kind, KindError, canonical, datetime_text, infer_kind, stored


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (Kind.TEXT, "  Pro ", "Pro"),
        (Kind.TEXT, "   ", None),
        (Kind.TEXT, None, None),
        (Kind.NUMBER, 10**15, 10**15),
        (Kind.NUMBER, 0, 0),
        (Kind.BOOLEAN, False, False),
        (Kind.DATE, "2026-11-23", "2026-11-23"),
        (Kind.DATETIME, "2026-11-23T09:30+01:00", "2026-11-23T08:30:00.000000Z"),
        (Kind.DATETIME, "0999-11-23T09:30Z", "0999-11-23T09:30:00.000000Z"),
        (Kind.CHOICES, ["a", " a", "", "b"], ["a", "b"]),
        (Kind.CHOICES, [], None),
    ],
)
def test_a_value_has_one_canonical_form(kind: Kind, raw: object, value: object) -> None:
    assert canonical(kind, raw) == value


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (Kind.TEXT, 5),
        (Kind.TEXT, "a\x00b"),
        (Kind.TEXT, "\ud800"),
        (Kind.TEXT, "x" * 501),
        (Kind.NUMBER, "5"),
        (Kind.NUMBER, True),
        (Kind.NUMBER, 10**400),
        (Kind.NUMBER, float("nan")),
        (Kind.NUMBER, float("inf")),
        (Kind.BOOLEAN, 1),
        (Kind.DATE, "2026-02-30"),
        (Kind.DATE, "20261123"),
        (Kind.DATE, ""),
        (Kind.DATETIME, "2026-11-23T09:30"),
        (Kind.DATETIME, "0001-01-01T00:00+01:00"),
        (Kind.CHOICES, "a"),
        (Kind.CHOICES, ["a", 1]),
    ],
)
def test_a_value_of_another_kind_is_refused_with_a_message(kind: Kind, raw: object) -> None:
    with pytest.raises(KindError, match=r".+"):
        canonical(kind, raw)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_number_too_long_to_print_is_refused_like_any_other(kind: Kind) -> None:
    with pytest.raises(KindError):
        canonical(kind, 10**5000)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (Kind.TEXT, "x", "x"),
        (Kind.TEXT, "", None),
        (Kind.TEXT, 5, None),
        (Kind.NUMBER, True, None),
        (Kind.NUMBER, 10**400, None),
        (Kind.NUMBER, float("nan"), None),
        (Kind.NUMBER, 0, 0),
        (Kind.BOOLEAN, 0, None),
        (Kind.BOOLEAN, False, False),
        (Kind.DATE, "2026-11-23T00:00", None),
        (Kind.DATE, "2026-11-23\n", None),
        (Kind.DATE, "٢٠٢٦-١١-٢٣", None),
        (Kind.DATETIME, "2026-11-23", None),
        (Kind.CHOICES, ["a", 1, ""], ("a",)),
        (Kind.CHOICES, [1], None),
        (Kind.CHOICES, "a", None),
        (None, 0, 0),
        (None, False, False),
        (None, [], None),
        (None, "", None),
    ],
)
def test_a_stored_value_of_another_kind_counts_as_missing(
    kind: Kind | None, raw: object, value: object
) -> None:
    assert stored(kind, raw) == value
    assert type(stored(kind, raw)) is type(value)


def test_the_text_of_a_time_sorts_as_the_time() -> None:
    moments = [
        datetime(999, 1, 1, tzinfo=UTC),
        datetime(2026, 11, 23, 10, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 11, 23, 8, 0, 0, 1, tzinfo=UTC),
    ]
    texts = [datetime_text(moment) for moment in moments]
    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {27}


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (True, Kind.BOOLEAN),
        (1.5, Kind.NUMBER),
        (["a"], Kind.CHOICES),
        ("2026-11-23", Kind.DATE),
        ("2026-11-23T09:30Z", Kind.DATETIME),
        ("2026-11-23T09:30", Kind.TEXT),
        ("pro", Kind.TEXT),
    ],
)
def test_a_kind_is_inferred_from_the_first_value(raw: object, kind: Kind) -> None:
    assert infer_kind(raw) is kind
