from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.accounts.templatetags.staff import ago, dot

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("back", "words"),
    [
        (timedelta(minutes=5), "5 minutes ago"),
        (timedelta(hours=26), "1 day ago"),
        (timedelta(days=9), "1 week ago"),
    ],
)
def test_a_time_is_told_in_its_largest_unit(back, words):
    with time_machine.travel(NOW, tick=False):
        assert f">{words}</time>" in ago(NOW - back).replace("\xa0", " ")


def test_the_exact_time_is_there_on_hover():
    with time_machine.travel(NOW, tick=False):
        assert 'title="10 Mar 2026, 11:00:00"' in ago(NOW - timedelta(hours=1))


def test_what_never_happened_says_so():
    assert ago(None) == "never"


def test_a_status_is_a_labelled_dot_and_its_label_is_text():
    assert dot("<b>", "success") == '<span class="dot" data-tone="success">&lt;b&gt;</span>'
