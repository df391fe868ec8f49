import sys

import pytest
from django.db import connection

from apps.rules.fold import FUNCTION, fold

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
