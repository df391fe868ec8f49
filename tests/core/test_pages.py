from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string

ERRORS = sorted(path.name for path in (Path(settings.BASE_DIR) / "templates").glob("[45]??.html"))


@pytest.mark.parametrize("name", ERRORS)
def test_each_error_page_needs_neither_request_nor_database(name: str) -> None:
    page = render_to_string(name)
    assert "<h1>" in page
    assert "<script" not in page


def test_there_is_a_page_for_each_refusal() -> None:
    assert {"400.html", "403.html", "404.html", "411.html", "413.html"} < set(ERRORS)
    assert {"429.html", "500.html", "503.html"} < set(ERRORS)
