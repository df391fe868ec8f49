"""What no way of the source leads to is left out: it was never asked there, and nothing such can be
published.
"""

from collections.abc import Collection, Iterator
from typing import Any

from apps.quizzes.importing.piping import spoken
from apps.quizzes.importing.rules import always, never, without

Spec = dict[str, Any]


def pruned(spec: Spec) -> tuple[Spec, set[str], set[str]]:
    """Return the spec without what is on no path, with the keys of those questions and endings."""
    questions, endings = _reached(spec)
    lost = {one["key"] for one in spec["questions"]} - questions
    unused = {one["key"] for one in spec["endings"]} - endings
    kept = [_told(one, lost) for one in spec["questions"] if one["key"] in questions]
    rest = {
        **spec,
        "questions": kept,
        "endings": [_hushed(one, lost) for one in spec["endings"] if one["key"] in endings],
        "tiers": [_hushed(_settled(one, "override", lost), lost) for one in spec["tiers"]],
    }
    return rest, lost, unused


def _reached(spec: Spec) -> tuple[set[str], set[str]]:
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
        questions.add(question["key"])
        for jump in _ways(question):
            if jump.get("ending"):
                endings.add(jump["ending"])
            else:
                ahead.append(places[jump["to"]] if jump.get("to") else _onward(jump, place, places))
    return questions, endings


def _onward(jump: Spec, place: int, places: dict[str, int]) -> int:
    return place + 1 if jump.get("next") else len(places)


def _ways(question: Spec) -> Iterator[Spec]:
    if question.get("visible") is not None:
        yield {"next": True}
    for jump in question.get("jumps", ()):
        if jump["rule"] != never():
            yield jump
        if jump["rule"] is None or jump["rule"] == always():
            return
    yield {"next": True}


def _told(question: Spec, lost: Collection[str]) -> Spec:
    kept = _hushed(_settled(question, "visible", lost), lost)
    taken = [jump for jump in _ways(question) if "rule" in jump]  # none below one that always is
    kept["jumps"] = [_settled(jump, "rule", lost) for jump in taken]
    for name in ("choices", "rows"):
        if name in kept:
            kept[name] = [_hushed(one, lost) for one in kept[name]]
    return kept


def _settled(one: Spec, name: str, lost: Collection[str]) -> Spec:
    rule = one.get(name)
    if rule is None:
        return dict(one)
    left = without(rule, lost)
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
