import pytest

from apps.quizzes.wording import share_text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1e-9, "under 1 %"),
        (0.005, "under 1 %"),
        (0.0051, "1 %"),
        (0.4, "40 %"),
        (0.994, "99 %"),
        (0.9999999, "over 99 %"),
        (1, "100 %"),
    ],
)
def test_a_little_is_not_told_as_nothing_nor_most_as_all(share, text):
    assert share_text(share) == text
