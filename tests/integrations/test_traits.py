import pytest

from apps.contacts.models import Trait
from tests.integrations.conftest import Caller


def test_a_trait_is_added_and_answered(call: Caller) -> None:
    said = call.put("/traits/plan", {"label": "Plan", "kind": "text"})
    assert said == {"key": "plan", "label": "Plan", "kind": "text", "options": []}
    assert Trait.objects.get(key="plan").source == "API"


def test_putting_it_again_brings_label_and_options_up_to_date(call: Caller) -> None:
    call.put("/traits/plan", {"label": "Plan", "kind": "choice", "options": ["free"]})
    options = [{"value": "free", "label": "Free"}, "pro"]
    said = call.put("/traits/plan", {"label": "The plan", "kind": "choice", "options": options})
    assert said["label"] == "The plan"
    assert said["options"] == options


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (["a", "b"], ["a", "b"]),
        ([" a "], ["a"]),
        (["a" * 300], ["a" * 300]),
        ([{"value": "a"}, {"value": "b", "label": "b"}], ["a", "b"]),
        ([{"value": "a", "label": "A"}], [{"value": "a", "label": "A"}]),
    ],
)
def test_an_option_whose_label_is_its_value_is_answered_as_a_text(
    call: Caller, sent: object, answered: object
) -> None:
    said = call.put("/traits/plan", {"label": "Plan", "kind": "choice", "options": sent})
    assert said["options"] == answered
    again = call.put("/traits/plan", {"label": "Plan", "kind": "choice", "options": answered})
    assert again == said


def test_a_trait_keeps_its_kind(call: Caller) -> None:
    call.put("/traits/plan", {"label": "Plan", "kind": "text"})
    refused = call.no("PUT", "/traits/plan", {"label": "Other", "kind": "number"})
    assert refused == (409, "kind_differs", "kind")
    assert Trait.objects.get(key="plan").label == "Plan"


@pytest.mark.parametrize(
    ("key", "body", "refused"),
    [
        ("Plan", {"label": "P", "kind": "text"}, (422, "wrong_value", "key")),
        ("contact.email", {"label": "P", "kind": "text"}, (422, "wrong_value", "key")),
        ("a" * 151, {"label": "P", "kind": "text"}, (422, "wrong_value", "key")),
        ("plan", {"kind": "text"}, (422, "missing", "label")),
        ("plan", {"label": "", "kind": "text"}, (422, "wrong_value", "label")),
        ("plan", {"label": " \n", "kind": "text"}, (422, "wrong_value", "label")),
        ("plan", {"label": "a\0b", "kind": "text"}, (422, "wrong_value", "label")),
        ("plan", {"label": 3, "kind": "text"}, (422, "wrong_type", "label")),
        ("plan", {"label": "P" * 201, "kind": "text"}, (422, "too_large", "label")),
        ("plan", {"label": "P", "kind": "texts"}, (422, "wrong_value", "kind")),
        ("plan", {"label": "P", "kind": "text", "x": 1}, (422, "unknown_key", "x")),
        ("plan", {"label": "P", "kind": "choice", "options": "a"}, (422, "wrong_type", "options")),
        (
            "plan",
            {"label": "P", "kind": "choice", "options": ["a", 3]},
            (422, "wrong_type", "options[1]"),
        ),
        (
            "plan",
            {"label": "P", "kind": "choice", "options": [{"value": "a", "labl": ""}]},
            (422, "unknown_key", "options[0].labl"),
        ),
        (
            "plan",
            {"label": "P", "kind": "choice", "options": ["a", "a"]},
            (422, "wrong_value", "options"),
        ),
        (
            "plan",
            {"label": "P", "kind": "choice", "options": [" "]},
            (422, "wrong_value", "options[0]"),
        ),
        ("plan", [], (422, "wrong_type", "")),
        ("plan", None, (400, "bad_json", "")),
    ],
)
def test_a_trait_that_cannot_be_is_refused_with_its_place(
    call: Caller, key: str, body: object, refused: tuple[int, str, str]
) -> None:
    assert call.no("PUT", f"/traits/{key}", body) == refused
    assert not Trait.objects.exists()
