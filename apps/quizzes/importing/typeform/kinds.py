"""Which of our kinds a field becomes, and the choices, rows and limits that come with it."""

from collections.abc import Collection
from decimal import Decimal

from apps.quizzes.importing.report import Report
from apps.quizzes.importing.typeform.asked import (
    MOST_OPTIONS,
    Asked,
    Option,
    key_of,
    options_of,
    reference,
)
from apps.quizzes.importing.values import items, mapping, number, one_line, text, whole
from apps.quizzes.naming import free_key

PLAIN = {
    "date": "date",
    "file_upload": "file",
    "legal": "consent",
    "long_text": "long_text",
    "nps": "nps",
    "number": "number",
    "phone_number": "phone",
    "short_text": "text",
    "statement": "statement",
    "website": "text",
    "yes_no": "yes_no",
}
CHOSEN = {
    "dropdown": ("dropdown", "several"),
    "multiple_choice": ("single", "several"),
    "picture_choice": ("picture", "pictures"),
    "ranking": ("ranking", "ranking"),
}
SUBFIELDS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email",
    "phone_number": "phone",
}
REFUSED = {
    "payment": "Payments are not taken here.",
    "calendly": "Appointments are not made here: put the address of the calendar on a button.",
    "address": "A whole address",
}
MOST_STEPS = 11


def _says(choice: object) -> bool:
    given = mapping(choice)
    return bool(one_line(text(given.get("label"))) or one_line(text(given.get("title"))))


class Kinds:
    """Settles every field in turn; an email is asked for only once in a quiz."""

    def __init__(self, report: Report, jumping: Collection[str], read: Collection[str]) -> None:
        self.report = report
        self.jumping = jumping  # refs whose logic leads elsewhere
        self.read = read  # refs that conditions read
        self.taken: set[str] = set()
        self.emails = 0

    def settle(self, one: Asked) -> None:
        """Give the field its kind, key, choices and limits; report the kind."""
        one.key = key_of(one.ref, one.title, taken=self.taken, fallback="question")
        settle = {
            "email": self._email,
            "contact_info": self._contact,
            "matrix": self._matrix,
            "opinion_scale": self._steps,
            "rating": self._steps,
            "address": self._address,
        }.get(one.type)
        if one.type in CHOSEN:
            self._chosen(one)
        elif settle is not None:
            settle(one)
        elif one.type in PLAIN:
            self._plain(one)
        else:
            why = REFUSED.get(one.type, f"A field of type “{one.type}” is not known here.")
            self._stand_in(one, why)

    def _told(self, one: Asked, kind: str, why: str = "") -> None:
        one.kind = kind
        name = f"“{one.title}”" if one.title else "Without a title"
        if why:
            self.report.approximated(one.at, f"{name}: {why}")
        else:
            self.report.imported(one.at, f"{name}, under the key {one.key}.")

    def _stand_in(self, one: Asked, why: str) -> None:
        """Refuse a field; where its logic leads elsewhere, its title stands in for it."""
        if one.ref in self.jumping and one.ref:
            self._told(one, "statement", f"{why} Its title stands there, as jumps leave from it.")
        else:
            self.report.refused(one.at, f"“{one.title}”: {why}")

    def _plain(self, one: Asked) -> None:
        why = "any text is taken, not only an address." if one.type == "website" else ""
        self._told(one, PLAIN[one.type], why)
        checks = one.validations
        if one.type == "number":
            one.spec |= self._limits(one)
        elif one.kind == "consent":
            needed = bool(checks.get("required")) and one.ref not in self.read
            one.spec["consent_required"] = needed
        elif one.kind in {"text", "long_text"}:
            longest = whole(checks.get("max_length"), 5_000)
            if longest:
                one.spec["longest"] = longest
                self.report.imported(f"{one.at}.validations.max_length")
            elif checks.get("max_length"):
                why = "Texts have a limit of their own here."
                self.report.approximated(f"{one.at}.validations.max_length", why)

    def _limits(self, one: Asked) -> dict[str, Decimal]:
        found = {}
        for theirs, ours in (("min_value", "minimum"), ("max_value", "maximum")):
            given = one.validations.get(theirs)
            value = number(given)
            at = f"{one.at}.validations.{theirs}"
            if value is not None:
                found[ours] = value
                self.report.imported(at)
            elif given is not None:
                self.report.refused(at, "This is no number that can be kept.")
        if len(found) == 2 and found["minimum"] >= found["maximum"]:
            at = f"{one.at}.validations.max_value"
            self.report.refused(at, "The highest value must lie above the lowest.")
            del found["maximum"]
        return found

    def _email(self, one: Asked) -> None:
        self.emails += 1
        twice = "the email is asked for already, so here it is a text." if self.emails > 1 else ""
        self._told(one, "text" if twice else "email", twice)

    def _address(self, one: Asked) -> None:
        for at, part in items(one.properties.get("fields"), f"{one.at}.properties.fields"):
            self.report.approximated(at, f"“{text(mapping(part).get('title'))}”: part of the text.")
        self._told(one, "long_text", "the whole address is one text.")

    def _contact(self, one: Asked) -> None:
        fields: list[str] = []
        for at, part in items(one.properties.get("fields"), f"{one.at}.properties.fields"):
            given = mapping(part)
            name = SUBFIELDS.get(text(given.get("subfield_key")), "")
            asked_already = name == "email" and self.emails > 0
            if not name or name in fields or asked_already:
                why = (
                    "The email is asked for already." if asked_already else "It is not asked here."
                )
                self.report.refused(at, f"“{text(given.get('title'))}”: {why}")
                continue
            self.emails += name == "email"
            fields.append(name)
            one.parts[reference(given)] = name
            self.report.imported(at)
            self._of_the_part(at, given)
        if fields:
            one.spec["fields"] = fields
            self._told(one, "contact")
        else:
            self._stand_in(one, "None of its fields is asked here.")

    def _of_the_part(self, at: str, given: dict[str, object]) -> None:
        known = frozenset({"id", "ref", "title", "type", "subfield_key", "validations"})
        self.report.rest(at, given, known, "The fields of a contact form are all alike here.")

    def _chosen(self, one: Asked) -> None:
        at = f"{one.at}.properties.choices"
        one.options = options_of(one.properties.get("choices"), at)
        told = {option.at for option in one.options}
        for where, _ in items(one.properties.get("choices"), at):
            if where not in told:
                full = len(one.options) >= MOST_OPTIONS
                why = f"At most {MOST_OPTIONS} are offered." if full else "It says nothing."
                self.report.refused(where, why)
        words = {where for where, item in items(one.properties.get("choices"), at) if _says(item)}
        for option in one.options:
            why = f"“{option.label}”, under the key {option.key}."
            if option.at in words:
                self.report.imported(option.at, why)
            else:
                self.report.approximated(option.at, f"{why} It says nothing: write what it shows.")
        if one.properties.get("allow_other_choice") and one.type != "ranking":
            self._add_other(one)
        if not one.options:
            self._stand_in(one, "It has no choices.")
            return
        self._kind_of_choice(one)

    def _kind_of_choice(self, one: Asked) -> None:
        several = bool(one.properties.get("allow_multiple_selection"))
        kind = CHOSEN[one.type][several]
        labels = {option.label.casefold() for option in one.options}
        if kind == "dropdown" and len(labels) < len(one.options):
            self._told(one, "single", "two choices read alike, so they are listed openly.")
        elif kind in {"picture", "pictures"}:
            self._told(one, kind, "the pictures do not come along: add them to the choices.")
        else:
            self._told(one, kind)
        if several:
            one.spec |= self._selections(one)
            self.report.imported(f"{one.at}.properties.allow_multiple_selection")
        one.spec |= self._order(one)

    def _add_other(self, one: Asked) -> None:
        taken = {option.key for option in one.options}
        at = f"{one.at}.properties.allow_other_choice"
        key = free_key("other", taken=taken, fallback="other")
        one.options.append(Option(at, "other", "Other", key, other=True))
        self.report.imported(at, f"“Other”, under the key {key}.")

    def _selections(self, one: Asked) -> dict[str, int]:
        found: dict[str, int] = {}
        for theirs, ours in (("min_selection", "least"), ("max_selection", "most")):
            given = one.validations.get(theirs)
            value = whole(given, len(one.options))
            at = f"{one.at}.validations.{theirs}"
            if value and value >= found.get("least", 0):
                found[ours] = value
                self.report.imported(at)
            elif given:
                self.report.refused(at, f"{len(one.options)} choices are offered.")
        return found

    def _order(self, one: Asked) -> dict[str, str]:
        for name, order in (("randomize", "random"), ("alphabetical_order", "alphabetical")):
            if one.properties.get(name):
                self.report.imported(f"{one.at}.properties.{name}")
                return {"order": order}
        return {}

    def _steps(self, one: Asked) -> None:
        start = 1 if one.type == "rating" or one.properties.get("start_at_one") else 0
        given = one.properties.get("steps")
        steps = whole(given, 1_000) or (5 if one.type == "rating" else 11)
        one.spec |= {"minimum": start, "maximum": max(start + steps - 1, start + 1)}
        if given is None or given == steps:
            self.report.imported(f"{one.at}.properties.steps")
        else:
            self.report.approximated(f"{one.at}.properties.steps", f"Taken for {steps}.")
        if steps > MOST_STEPS:
            self._told(one, "number", f"{steps} steps are too many to show: one types the number.")
        else:
            self._told(one, "rating" if one.type == "rating" else "scale")

    def _matrix(self, one: Asked) -> None:
        rows = list(items(one.properties.get("fields"), f"{one.at}.properties.fields"))
        first = mapping(mapping(rows[0][1]).get("properties")).get("choices")
        one.options = options_of(first, f"{rows[0][0]}.properties.choices")
        taken: set[str] = set()
        for at, item in rows[:MOST_OPTIONS]:
            row = mapping(item)
            label = one_line(text(row.get("title"))) or "Row"
            key = key_of(reference(row), label, taken=taken, fallback="row")
            one.rows.append(Option(at, reference(row), label, key))
            self.report.imported(at, f"“{label}”, a row under the key {key}.")
            one.columns[key] = self._columns(one, at, row)
        for at, _ in rows[MOST_OPTIONS:]:
            self.report.refused(at, f"A matrix has at most {MOST_OPTIONS} rows.")
        self._told(one, "matrix")

    def _columns(self, one: Asked, at: str, row: dict[str, object]) -> dict[str, str]:
        """Return which column each choice of a row is, by its ref and by its label."""
        found: dict[str, str] = {}
        given = mapping(row.get("properties")).get("choices")
        for (where, item), option in zip(
            items(given, f"{at}.properties.choices"), one.options, strict=False
        ):
            found |= {reference(mapping(item)): option.key, option.label: option.key}
            self.report.imported(where, f"“{option.label}”, a column under the key {option.key}.")
        return found
