from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings

from apps.core import ratelimit

START = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def request(address: str = "203.0.113.7", *, forwarded: str = "") -> HttpRequest:
    made = RequestFactory().get("/q/x/")
    made.META["REMOTE_ADDR"] = address
    if forwarded:
        made.META["HTTP_X_FORWARDED_FOR"] = forwarded
    return made


def takes(address: str = "203.0.113.7", *, bucket: str = "start") -> bool:
    return ratelimit.allowed(request(address), bucket=bucket, per_minute=3)


def test_an_address_may_do_so_much_in_a_minute_and_no_more() -> None:
    with time_machine.travel(START, tick=False):
        assert [takes() for _ in range(5)] == [True, True, True, False, False]


def test_other_addresses_and_other_buckets_have_their_own_count() -> None:
    with time_machine.travel(START, tick=False):
        assert not all(takes() for _ in range(4))
        assert takes("203.0.113.8")
        assert takes(bucket="unsubscribe")


def test_the_window_slides() -> None:
    with time_machine.travel(START, tick=False) as clock:
        assert all(takes() for _ in range(3))
        clock.shift(66)
        assert not all(takes() for _ in range(3))
        clock.shift(120)
        assert all(takes() for _ in range(3))


def test_a_household_of_ipv6_addresses_counts_as_one() -> None:
    same = {ratelimit.network(request(f"2001:db8:1:2::{host}")) for host in (1, 2, "ffff")}
    assert same == {"2001:db8:1:2::/64"}
    assert ratelimit.network(request("2001:db8:1:3::1")) not in same


def test_an_ipv4_address_in_ipv6_clothing_is_itself() -> None:
    assert ratelimit.network(request("::ffff:203.0.113.7")) == "203.0.113.7/32"


@pytest.mark.parametrize("address", ["", "nonsense", "127.0.0.1:80"])
def test_an_address_that_is_none_is_counted_as_unknown(address: str) -> None:
    assert ratelimit.network(request(address)) == "unknown"


@pytest.mark.parametrize(
    ("trusted", "forwarded", "client"),
    [
        (0, "198.51.100.1", "10.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_only_what_trusted_proxies_saw_is_believed(
    settings: Settings, trusted: int, forwarded: str, client: str
) -> None:
    settings.TRUSTED_PROXIES = trusted
    assert ratelimit.client_address(request("10.0.0.1", forwarded=forwarded)) == client


def test_a_cache_that_is_away_lets_everybody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(name: str) -> float:
        raise ConnectionError

    monkeypatch.setattr(ratelimit, "_count", away)
    assert all(takes() for _ in range(10))


def test_no_address_is_kept_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    monkeypatch.setattr(ratelimit, "_count", lambda name: len(names.append(name) or names))
    takes()
    assert len(names) == 1
    assert "203.0.113" not in names[0]


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [("203.0.113.9", "203.0.113.9"), ("2001:db8::1", "2001:db8::1"), ("nonsense", None)],
)
def test_failed_sign_ins_are_counted_by_the_client_behind_the_proxy(
    settings: Settings, forwarded: str, address: str | None
) -> None:
    settings.TRUSTED_PROXIES = 1
    assert ratelimit.sign_in_address(request("10.0.0.1", forwarded=forwarded)) == address
