import io

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.leads.models import Lead
from apps.nurture.models import Enrolment, Message
from apps.segments.models import Segment
from apps.segments.verifying import verify

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_demonstration_company_fills_an_empty_installation_and_only_such_a_one() -> None:
    out = io.StringIO()
    call_command("demo", stdout=out)
    assert "northlight-demo" in out.getvalue()
    assert set(User.objects.values_list("role", flat=True)) == {"admin", "marketer", "sales"}
    rungs = Segment.objects.filter(ladder__slug="lifecycle")
    on_ladder = Contact.objects.filter(memberships__segment__in=rungs)
    assert on_ladder.count() == Contact.objects.count() == on_ladder.distinct().count()
    assert set(Lead.objects.values_list("tier_key", flat=True)) >= {"hot", "warm", "no-fit"}
    hot = set(
        Segment.objects.get(slug="hot-venue-leads").memberships.values_list("contact", flat=True)
    )
    enrolled = Enrolment.objects.filter(sequence__slug="venue-welcome")
    assert hot == set(enrolled.values_list("contact", flat=True))
    assert Message.objects.filter(state="queued").count() == Enrolment.objects.count()
    assert verify().drift == ()
    with pytest.raises(CommandError, match="data here already"):
        call_command("demo", stdout=out)
