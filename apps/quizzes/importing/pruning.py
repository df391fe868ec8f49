"""What no way of the source leads to is left out: it was never asked there, and nothing such can be
published.
"""

from collections.abc import Collection, Iterator
from typing import Any

from apps.quizzes.importing.piping import spoken
from apps.quizzes.importing.rules import always, folded, never, without

Spec = dict[str, Any]


def pruned(spec: Spec, missed: Collection[str] = ()) -> tuple[Spec, set[str], set[str]]:
    """Return the spec without what is on no path, with the keys of those questions and endings.

    `missed`: questions that no answers lead to, whatever the jumps say.
    """
    questions, endings = _reached(spec, missed)
    lost = {one["key"] for one in spec["questions"]} - questions
    unused = {one["key"] for one in spec["endings"]} - endings
    onward = _next_kept(spec, lost)
    kept = [_told(one, onward) for one in spec["questions"] if one["key"] in questions]
    rest = {
        **spec,
        "questions": kept,
        "endings": [_hushed(one, lost) for one in spec["endings"] if one["key"] in endings],
        "tiers": [_hushed(_settled(one, "override", lost), lost) for one in spec["tiers"]],
    }
    if lost:  # what depended on them may now be on no way either
        rest, later, besides = pruned(rest, missed)
        return rest, lost | later, unused | besides
    return rest, lost, unused


def _next_kept(spec: Spec, lost: Collection[str]) -> dict[str, str]:
    """Return for each question that is left out the next that is not; empty: the end."""
    found, following = {}, ""
    for one in reversed(spec["questions"]):
        if one["key"] in lost:
            found[one["key"]] = following
        else:
            following = one["key"]
    return found


def without_pages(spec: Spec, endings: Collection[str], tiers: Collection[str]) -> Spec:
    """Return the spec without these last pages; the lowest tier that is left begins the scale."""
    left = [dict(one) for one in spec["tiers"] if one["key"] not in tiers]
    if left and all(one.get("override_only") or "starts_at" in one for one in left):
        by_score = [one for one in left if not one.get("override_only")]
        lowest = min(by_score, key=lambda one: one["starts_at"]) if by_score else left[-1]
        for name in ("starts_at", *(() if by_score else ("override", "override_only"))):
            lowest.pop(name, None)
    questions = [
        {**one, "jumps": [jump for jump in one["jumps"] if jump.get("ending") not in endings]}
        for one in spec["questions"]
    ]
    kept = [one for one in spec["endings"] if one["key"] not in endings]
    return {**spec, "questions": questions, "endings": kept, "tiers": left or spec["tiers"]}


def _reached(spec: Spec, missed: Collection[str]) -> tuple[set[str], set[str]]:
    """Return the keys of questions and endings that some way leads to, whatever rules say."""
    places = {one["key"]: place for place, one in enumerate(spec["questions"])}
    usual = next((one["key"] for one in spec["endings"] if one.get("is_default")), "")
    questions: set[str] = set()
    endings: set[str] = set()
    ahead = [0]
    while ahead:
        place = ahead.pop()
        if place == len(places):
            endings.add(usual)
            continue
        question = spec["questions"][place]
        if question["key"] in questions:
            continue
        if question["key"] in missed or _never_shown(question):
            ahead.append(place + 1)
            continue
        questions.add(question["key"])
        for jump in _ways(question):
            if jump.get("ending"):
                endings.add(jump["ending"])
            else:
                ahead.append(places[jump["to"]] if jump.get("to") else _onward(jump, place, places))
    return questions, endings


def _never_shown(question: Spec) -> bool:
    return question.get("visible") is not None and folded(question["visible"]) == never()


def _onward(jump: Spec, place: int, places: dict[str, int]) -> int:
    return place + 1 if jump.get("next") else len(places)


def _ways(question: Spec) -> Iterator[Spec]:
    if question.get("visible") is not None:
        yield {"next": True}
    for jump in question.get("jumps", ()):
        rule = always() if jump["rule"] is None else folded(jump["rule"])
        if rule != never():
            yield jump
        if rule == always():
            return
    yield {"next": True}


def _told(question: Spec, lost: dict[str, str]) -> Spec:
    kept = _hushed(_settled(question, "visible", lost), lost)
    taken = [jump for jump in _ways(question) if "rule" in jump]  # none below one that always is
    kept["jumps"] = [_led(_settled(jump, "rule", lost), lost) for jump in taken]
    for name in ("choices", "rows"):
        if name in kept:
            kept[name] = [_hushed(one, lost) for one in kept[name]]
    return kept


def _led(jump: Spec, lost: dict[str, str]) -> Spec:
    """Return the jump past what nobody is shown."""
    if jump.get("to") not in lost:
        return jump
    kept = {name: value for name, value in jump.items() if name != "to"}
    return kept | ({"to": lost[jump["to"]]} if lost[jump["to"]] else {})


def _settled(one: Spec, name: str, lost: Collection[str]) -> Spec:
    rule = one.get(name)
    if rule is None:
        return dict(one)
    left = folded(without(rule, lost))
    return {**one, name: None if left == always() else left}


def _hushed(one: Spec, lost: Collection[str]) -> Spec:
    """Return the texts without the answers of questions that are never asked."""
    found = dict(one)
    for name, value in one.items():
        if isinstance(value, str) and "{{" in value:
            for key in lost:
                value = value.replace(spoken("answer", key), "")  # noqa: PLW2901
            found[name] = value
    return found
