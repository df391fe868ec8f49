"""What a marketer waits for: the pages of segments, as the server answers them."""

from collections.abc import Callable, Iterator

from django.conf import settings
from django.test import Client, override_settings

from apps.accounts.models import User
from apps.segments.models import Membership, Segment
from tests.benchmarks.measuring import bounded, seconds
from tests.benchmarks.parts import Bench, Measure

PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def measure(bench: Bench) -> Iterator[Measure]:
    """Give the first answer of each page: nothing is warm but what other pages warmed."""
    marketer = User.objects.create(email="marketer@bench.example", role=User.Role.MARKETER)
    storages = {**settings.STORAGES, "staticfiles": PLAIN}
    with override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=storages):
        client = Client()
        client.force_login(marketer)
        for name, address in addresses(largest()).items():
            yield bounded(name, seconds(answered(client, address)), unit="s", at_most=1)
    marketer.delete()


def largest() -> Segment:
    """Return the live segment with the most members."""
    live = Segment.objects.live().filter(rule__isnull=False)
    return max(live, key=lambda row: row.memberships.count())


def addresses(row: Segment) -> dict[str, str]:
    """Return a page of its members from the middle of them, and the pages it is reached by."""
    ids = Membership.objects.filter(segment=row).order_by("pk").values_list("pk", flat=True)
    half = ids[ids.count() // 2]
    return {
        "the list of segments": "/admin/segments/",
        "a segment's page": f"/admin/segments/{row.pk}/",
        "a page of its members": f"/admin/segments/{row.pk}/?after={half}",
        "the editor's first page": f"/admin/segments/{row.pk}/edit/",
    }


def answered(client: Client, address: str) -> Callable[[], None]:
    def answer() -> None:
        status = client.get(address).status_code
        assert status == 200, f"{address} answered {status}"

    return answer
