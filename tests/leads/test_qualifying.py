from datetime import timedelta

import pytest

from apps.contacts.models import Contact
from apps.leads.models import Lead
from apps.leads.qualifying import qualify
from apps.quizzes.models import Response
from tests.leads.build import NOW, finished
from tests.quizzes.drafts import published

pytestmark = pytest.mark.django_db


def test_whoever_finishes_and_leaves_an_email_is_a_lead():
    response = finished(published())
    lead = Lead.objects.get()
    assert lead.contact == response.contact
    assert (lead.quiz_slug, lead.quiz_title) == ("ready", "Is your team ready?")
    assert (lead.tier_key, lead.tier_label, lead.score) == ("hot", "Hot", 12)
    assert (lead.stage, lead.owner, lead.since) == ("new", None, NOW)


def test_a_visitor_without_an_email_is_no_lead():
    visitor = Contact.objects.create(email="", created_at=NOW)
    response = Response(contact=visitor, tier_key="hot")
    assert qualify(response, now=NOW) is None
    assert not Lead.objects.exists()


def test_a_later_quiz_renews_the_result_and_leaves_what_sales_did(sign_in):
    quiz, owner = published(), sign_in("sales")
    finished(quiz)
    Lead.objects.update(stage="working", owner=owner)
    later = NOW + timedelta(days=2)
    second = finished(quiz, size="small", now=later)
    lead = Lead.objects.get()
    assert lead.response == second
    assert (lead.score, lead.tier_key, lead.scored_at) == (8, "warm", later)
    assert (lead.stage, lead.owner, lead.since) == ("working", owner, NOW)
