import sys

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from apps.rules.fold import FUNCTION, fold, spellings

BATCH = 20_000


@pytest.mark.django_db
def test_the_database_folds_every_character_as_python_does() -> None:
    characters = [
        chr(code)
        for code in range(1, sys.maxunicode + 1)
        if not 0xD800 <= code <= 0xDFFF and (fold(chr(code)) != chr(code) or code % 97 == 0)
    ]
    with connection.cursor() as cursor:
        for start in range(0, len(characters), BATCH):
            text = "\n".join(characters[start : start + BATCH])
            cursor.execute(f"SELECT {FUNCTION}(%s)", [text])
            (folded,) = cursor.fetchone()
            assert folded == fold(text)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    ["", "Plain ASCII 123", "STRASSE Straße", "İIıi", "ΣΊΣΥΦΟΣ ς", "ﬃ ŉ ǰ", "𐐀", "e\u0301 É"],
)
def test_words_fold_alike(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {FUNCTION}(%s), {FUNCTION}(NULL)", [text])
        assert cursor.fetchone() == (fold(text), None)


def test_no_character_is_missing_among_the_spellings() -> None:
    for code in range(1, sys.maxunicode + 1):
        character = chr(code)
        if fold(character) != character or code < 0x80:
            assert ascii_lower(character) in found([character]), hex(code)


@given(st.text("sSſßẞkKKtiIİfﬁﬀﬃŉʼnΣσςäÄ\u0307", max_size=5), st.text("sſßKktiIfﬃ", max_size=5))
def test_a_text_is_among_the_spellings_exactly_if_it_folds_alike(text: str, wanted: str) -> None:
    spelled = found([wanted])
    assert (ascii_lower(text) in spelled) == (fold(text) == fold(wanted))
    assert {fold(one) for one in spelled} == {fold(wanted)}


def test_of_too_many_spellings_there_are_none() -> None:
    double = ("ss", "sſ", "ſs", "ſſ", "ß", "ẞ")
    assert found(["kiss"]) == {f"{k}i{ss}" for k in "k\u212a" for ss in double}
    assert spellings(["kiss"], most=12) is not None
    assert spellings(["kiss"], most=11) is None
    assert spellings(["hot", "cold", "warm"], most=2) is None
    assert spellings(["s" * 500], most=64) is None


def found(texts: list[str]) -> frozenset[str]:
    spelled = spellings(texts, most=10**6)
    assert spelled is not None
    return spelled


def ascii_lower(text: str) -> str:
    return "".join(one.lower() if one.isascii() else one for one in text)
