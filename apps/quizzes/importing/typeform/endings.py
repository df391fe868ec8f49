"""Thank-you screens as endings."""

from collections.abc import Mapping
from typing import Any

from apps.quizzes.importing.report import Report
from apps.quizzes.importing.typeform.asked import Option, key_of, reference
from apps.quizzes.importing.typeform.texts import RECALL, Texts
from apps.quizzes.importing.values import cut, items, mapping, one_line, text, url

IMPLICIT = "default_tys"
MOST_ENDINGS = 100
OF_PROPERTIES = frozenset(
    {"show_button", "button_text", "button_mode", "redirect_url", "description"}
)
OF_SCREENS = frozenset({"id", "ref", "title", "type", "properties", "attachment"})
NO_PICTURE = "Pictures and videos do not come along: add a picture by hand."


def screens_of(source: object, report: Report) -> list[tuple[Option, dict[str, Any]]]:
    """Return the screens with their keys; `default_tys` always is one of them."""
    found: list[tuple[Option, dict[str, Any]]] = []
    taken: set[str] = set()
    for at, item in items(source, "thankyou_screens"):
        if not isinstance(item, dict) or len(found) == MOST_ENDINGS:
            report.refused(at, "This is no screen that could be shown.")
            continue
        ref = reference(item)
        title = one_line(RECALL.sub("…", text(item.get("title")))) or "Thank you"
        found.append(
            (Option(at, ref, title, key_of(ref, title, taken=taken, fallback="ending")), item)
        )
    if all(one.ref != IMPLICIT for one, _ in found):
        key = key_of(IMPLICIT, "", taken=taken, fallback="ending")
        found.append((Option("", IMPLICIT, "Thank you", key), {"title": "Thank you"}))
    return found


def ending_of(one: Option, source: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    """Return the ending's spec."""
    properties = mapping(source.get("properties"))
    at = one.at
    headline = texts.plain(source.get("title"), f"{at}.title", 200) or "Thank you"
    found: dict[str, Any] = {
        "key": one.key,
        "label": cut(one.label, 120),
        "headline": headline,
        "body": texts.markdown(properties.get("description"), f"{at}.properties.description"),
    }
    if not at:
        return found
    texts.report.imported(at, f"“{one.label}”, an ending under the key {one.key}.")
    if source.get("attachment"):
        texts.report.refused(f"{at}.attachment", NO_PICTURE)
    why = "An ending has no such thing here."
    texts.report.rest(at, dict(source), OF_SCREENS, why)
    texts.report.rest(f"{at}.properties", properties, OF_PROPERTIES, why)
    return found | _button(at, properties, texts)


def _button(at: str, properties: Mapping[str, Any], texts: Texts) -> dict[str, str]:
    """Return the button that leads on; a redirect becomes one, to the address written here."""
    mode, given = text(properties.get("button_mode")), text(properties.get("redirect_url"))
    place = f"{at}.properties.redirect_url"
    if not given:
        if properties.get("show_button"):
            why = f"A button of the mode “{mode}” leads nowhere here."
            texts.report.refused(f"{at}.properties.button_text", why)
        return {}
    address = url(RECALL.sub("", given))
    if not address:
        texts.report.refused(place, "This is no web address that a button could lead to.")
        return {}
    if address != given:
        texts.report.approximated(place, "Answers are not put into the address.")
    elif properties.get("show_button") is False or mode == "":
        texts.report.approximated(place, "Nobody is led on unasked: it is the address of a button.")
    else:
        texts.report.imported(place)
    label = texts.plain(properties.get("button_text"), f"{at}.properties.button_text", 60)
    return {"button_label": label or "Continue", "button_url": address}
