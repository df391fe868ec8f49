import pytest
from django.core.exceptions import ValidationError

from apps.nurture import templating
from apps.nurture.models import Step
from apps.nurture.templating import TemplateError


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ contact.phone }}", "There is no field contact.phone"),
        ("{{ contact }}", "There is no field contact"),
        ("{{ contact.first_name.__class__ }}", "There is no field"),
        ("{{ settings.SECRET_KEY }}", "There is no field settings.SECRET_KEY"),
        ("{{ traits[settings.SECRET_KEY] }}", "There is no field"),
        ("{{ contact.email", "expected '}}'"),
        ("{% if contact.email %}never closed", "The template cannot be read"),
        ("{% include 'secrets' %}", "unexpected tag 'include'"),
        ("{% render 'secrets' %}", "unexpected tag 'render'"),
        ("{% capture x %}{% endcapture %}", "unexpected tag 'capture'"),
        ("{{ contact.email | safe }}", "unknown filter 'safe'"),
        ("{{ 1 | divided_by: 0 }}", "divide by 0"),
        ("{% for i in (1..100000000) %}x{% endfor %}", "loop iteration limit"),
        ("{% for i in (1..900) %}{{ '" + "a" * 400 + "' }}{% endfor %}", "output stream limit"),
        (
            "{% assign x = 'aa' %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}",
            "local namespace limit",
        ),
        ("{% if true %}" * 50, "block nesting limit"),
    ],
)
def test_a_bad_template_is_refused_with_a_reason(source: str, said: str) -> None:
    with pytest.raises(TemplateError, match=".*".join(map(_escaped, said.split()))):
        templating.check(source)


def _escaped(word: str) -> str:
    return "".join(f"\\{c}" if not c.isalnum() else c for c in word)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "Hello",
        "{{ contact.first_name | default: 'there' | upcase }}",
        "{{ traits.plan }} {{ traits.a.b.c }} {{ traits['a.b'] }} {{ quiz.skin.tier }}",
        "{% for v in traits.likes %}{{ v }}{% unless forloop.last %}, {% endunless %}{% endfor %}",
        "{% case quiz.skin.tier %}{% when 'hot' %}a{% else %}b{% endcase %}",
        "{% raw %}{{ not a field }}{% endraw %}{% comment %}x{% endcomment %}",
        "{% assign x = traits.score | plus: 1 %}{{ x }}",
    ],
)
def test_a_good_template_passes(source: str) -> None:
    templating.check(source)


def test_a_step_with_a_bad_template_cannot_be_saved_in_a_form() -> None:
    step = Step(position=1, subject="{{ contact.phone }}", body="{% if %}")
    with pytest.raises(ValidationError) as refusal:
        step.clean()
    assert set(refusal.value.message_dict) == {"subject", "body"}


def test_no_template_lists_all_traits() -> None:
    known = templating.fields({}, {"secret": "x", "quiz.a.tier": "hot"})
    source = (
        "{{ traits }}{% for t in traits %}{{ t }}{% endfor %}{{ traits.quiz }}{{ traits.size }}"
    )
    assert templating.render(source, known=known, markdown=False).strip() in {"", "0"}
