"""Who may open what: one table for every kind of staff page."""

import pytest

from apps.accounts.models import User
from tests.factories import ContactFactory, UserFactory

pytestmark = pytest.mark.django_db

ADMIN, MARKETER, SALES = User.Role.ADMIN, User.Role.MARKETER, User.Role.SALES
PAGES = [
    ("/", {ADMIN: 200, MARKETER: 200, SALES: 302}),
    ("/leads/", {ADMIN: 200, MARKETER: 200, SALES: 200}),
    ("/password/", {ADMIN: 200, MARKETER: 200, SALES: 200}),
    ("/admin/", {ADMIN: 302, MARKETER: 302, SALES: 403}),
    ("/admin/all/", {ADMIN: 200, MARKETER: 200, SALES: 403}),
    ("/admin/contacts/contact/", {ADMIN: 200, MARKETER: 200, SALES: 403}),
    ("/admin/contacts/contact/add/", {ADMIN: 200, MARKETER: 200, SALES: 403}),
    ("/admin/contacts/contact/{contact}/change/", {ADMIN: 200, MARKETER: 200, SALES: 403}),
    ("/admin/contacts/contact/{contact}/event/", {ADMIN: 200, MARKETER: 200, SALES: 403}),
    ("/admin/contacts/contact/{contact}/delete/", {ADMIN: 403, MARKETER: 403, SALES: 403}),
    ("/admin/contacts/trait/", {ADMIN: 200, MARKETER: 200, SALES: 403}),
    ("/admin/contacts/event/", {ADMIN: 200, MARKETER: 200, SALES: 403}),
    ("/admin/contacts/event/add/", {ADMIN: 403, MARKETER: 403, SALES: 403}),
    ("/admin/accounts/user/", {ADMIN: 200, MARKETER: 403, SALES: 403}),
    ("/admin/accounts/user/add/", {ADMIN: 200, MARKETER: 403, SALES: 403}),
    ("/admin/accounts/user/{user}/change/", {ADMIN: 200, MARKETER: 403, SALES: 403}),
    ("/admin/accounts/user/{user}/password/", {ADMIN: 200, MARKETER: 403, SALES: 403}),
    ("/admin/accounts/user/{user}/delete/", {ADMIN: 403, MARKETER: 403, SALES: 403}),
    ("/admin/auth/group/", {ADMIN: 404, MARKETER: 404, SALES: 403}),
]


@pytest.mark.parametrize("role", list(User.Role))
@pytest.mark.parametrize(("page", "answers"), PAGES, ids=[page for page, _ in PAGES])
def test_a_page_opens_for_those_it_is_for(client, sign_in, role, page, answers):
    sign_in(role)
    path = page.format(contact=ContactFactory().pk, user=UserFactory().pk)
    answer = client.get(path, follow=False)
    if answer.status_code == 302 and answers[role] == 403:
        answer = client.get(answer.url)  # the admin sends on to its sign-in, which refuses
    assert answer.status_code == answers[role]


@pytest.mark.parametrize(("page", "answers"), PAGES, ids=[page for page, _ in PAGES])
def test_no_page_opens_without_signing_in(client, page, answers):
    path = page.format(contact=1, user=1)
    assert "login/?next=/" in client.get(path).url


def test_somebody_switched_off_may_do_nothing():
    user = UserFactory(role=ADMIN, is_active=False)
    assert not user.is_staff
    assert not user.has_perm("leads.view_lead")
    assert not user.has_module_perms("leads")


def test_sales_see_only_leads_in_the_header(client, sign_in):
    sign_in(SALES)
    page = client.get("/leads/").content.decode()
    places = page[page.index('aria-label="Main"') : page.index("</nav>")]
    assert "Leads" in places
    assert "Contacts" not in places
    assert "All records" not in page


def test_the_header_marks_where_one_is(client, sign_in):
    sign_in(MARKETER)
    page = client.get("/admin/contacts/contact/").content.decode()
    assert page.count('aria-current="page"') == 1
    assert 'href="/admin/contacts/contact/" aria-current="page"' in page
