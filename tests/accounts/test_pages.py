"""The staff pages obey the content security policy: nothing inline, in Django's pages or ours."""

import re

import pytest

from tests.factories import ContactFactory, UserFactory
from tests.leads.build import lead

pytestmark = pytest.mark.django_db
INLINE = re.compile(
    r"<style\b|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)(?![^>]*application/json)",
    re.IGNORECASE,
)
PAGES = [
    "/",
    "/leads/",
    "/leads/{lead}/",
    "/password/",
    "/admin/all/",
    "/admin/contacts/",
    "/admin/contacts/contact/",
    "/admin/contacts/contact/?q=nobody",
    "/admin/contacts/contact/add/",
    "/admin/contacts/contact/{contact}/change/",
    "/admin/contacts/contact/{contact}/history/",
    "/admin/contacts/contact/{contact}/event/",
    "/admin/contacts/event/",
    "/admin/contacts/trait/?kind__exact=text",
    "/admin/contacts/trait/add/",
    "/admin/accounts/user/",
    "/admin/accounts/user/add/",
    "/admin/accounts/user/{user}/change/",
    "/admin/accounts/user/{user}/password/",
]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_inline(client, sign_in, page):
    sign_in()
    path = page.format(
        contact=ContactFactory().pk, user=UserFactory().pk, lead=lead("ada@example.com").pk
    )
    answer = client.get(path)
    assert answer.status_code == 200
    assert INLINE.search(answer.content.decode()) is None
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_signing_in_has_nothing_inline(client):
    assert INLINE.search(client.get("/login/").content.decode()) is None


def test_the_look_for_inline_things_finds_them():
    for bad in ('<p style="x">', "<script>x</script>", '<a onclick="x">', "<style>"):
        assert INLINE.search(bad)
