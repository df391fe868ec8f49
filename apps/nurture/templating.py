"""What a mail's template may know of its contact; how templates are read: core's liquid."""

from collections.abc import Mapping
from typing import Any, Final

from apps.core.liquid import TemplateError, as_markdown, one_line, parsed, render

__all__ = ["TemplateError", "as_markdown", "check", "fields", "one_line", "render"]

CONTACT_FIELDS: Final = ("first_name", "last_name", "email")
ROOTS: Final = ("contact", "traits", "quiz")


class Branch(Mapping[str, object]):
    """The traits under a dotted prefix: `traits.quiz.skin.tier` reads `quiz.skin.tier`."""

    def __init__(self, profile: Mapping[str, object], prefix: str = "") -> None:
        self.profile = profile
        self.prefix = prefix

    def __getitem__(self, key: str) -> object:
        whole = f"{self.prefix}{key}"
        if whole in self.profile:
            return self.profile[whole]
        if any(known.startswith(f"{whole}.") for known in self.profile):
            return Branch(self.profile, f"{whole}.")
        raise KeyError(key)

    def __iter__(self) -> Any:
        return iter(())  # a template may ask for a trait, not list what is known

    def __len__(self) -> int:
        return 0

    def __str__(self) -> str:
        return ""


def fields(contact: Mapping[str, str], profile: Mapping[str, object]) -> dict[str, object]:
    """Return all that a template may know of a contact."""
    return {
        "contact": {name: contact.get(name, "") for name in CONTACT_FIELDS},
        "traits": Branch(profile),
        "quiz": Branch(profile, "quiz."),
    }


def check(source: str) -> None:
    """Raise TemplateError unless the template parses, knows its fields and can be rendered."""
    template = parsed(source, markdown=True)
    for path in template.global_variable_segments():
        _check_path(path)
    render(source, known=fields({}, {}), markdown=True)


def _check_path(path: Any) -> None:
    shown = ".".join(str(segment) for segment in path)
    if path[0] not in ROOTS or len(path) < 2:
        raise TemplateError(
            f"There is no field {shown}: use contact.first_name, contact.last_name, contact.email,"
            " traits.<key> or quiz.<name of the quiz>.tier."
        )
    if path[0] == "contact" and (len(path) != 2 or path[1] not in CONTACT_FIELDS):
        raise TemplateError(f"There is no field {shown}: contact has {', '.join(CONTACT_FIELDS)}.")
