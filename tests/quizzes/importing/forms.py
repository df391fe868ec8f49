"""Real forms, where they are at hand, and small ones of our own that are always there."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

FOLDER = Path(settings.BASE_DIR).parent / "shared/data/typeform"
REAL = ("DemoForm", "PTIntake42", "PrimaryCareV3")
with_real_forms = pytest.mark.skipif(not FOLDER.exists(), reason="the real forms are not here")


@lru_cache
def text_of(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text()


def real(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text_of(name))
    return found


def choice(ref: str, label: str) -> dict[str, str]:
    return {"id": f"id-{ref}", "ref": ref, "label": label}


def on(field: str, op: str, value: Any) -> dict[str, Any]:
    kind = "choice" if isinstance(value, str) and value.startswith("c-") else "constant"
    return {"op": op, "vars": [{"type": "field", "value": field}, {"type": kind, "value": value}]}


def on_score(op: str, value: Any, name: str = "score") -> dict[str, Any]:
    of = [{"type": "variable", "value": name}, {"type": "constant", "value": value}]
    return {"op": op, "vars": of}


ALWAYS: dict[str, Any] = {"op": "always", "vars": []}


def jump(to: str, condition: dict[str, Any], kind: str = "field") -> dict[str, Any]:
    details = {"to": {"type": kind, "value": to}}
    return {"action": "jump", "details": details, "condition": condition}


def calculate(
    verb: str, value: Any, condition: dict[str, Any], target: str = "score", kind: str = "constant"
) -> dict[str, Any]:
    details = {
        "target": {"type": "variable", "value": target},
        "value": {"type": kind, "value": value},
    }
    return {"action": verb, "details": details, "condition": condition}


def block(ref: str, *actions: dict[str, Any]) -> dict[str, Any]:
    return {"type": "field", "ref": ref, "actions": list(actions)}


def small() -> dict[str, Any]:
    """A form that goes by a score, with a group, recalled answers and three endings."""
    return {
        "id": "own",
        "title": "How ready are you?",
        "hidden": ["plan", "User ID"],
        "variables": {"score": 0},
        "welcome_screens": [
            {"ref": "hello", "title": "Welcome", "properties": {"description": "Two *minutes*."}}
        ],
        "fields": [
            {
                "ref": "size",
                "type": "multiple_choice",
                "title": "How large is your team?",
                "validations": {"required": True},
                "properties": {
                    "choices": [choice("c-small", "Small"), choice("c-large", "Large")],
                    "vertical_alignment": True,
                },
            },
            {
                "ref": "about",
                "type": "group",
                "title": "About you",
                "properties": {
                    "fields": [
                        {"ref": "name", "type": "short_text", "title": "Your name?"},
                        {
                            "ref": "sure",
                            "type": "opinion_scale",
                            "title": "How sure, {{field:name}}?",
                            "properties": {"steps": 5, "start_at_one": True},
                            "validations": {"required": True},
                        },
                    ]
                },
            },
            {"ref": "mail", "type": "email", "title": "Your *email*?"},
        ],
        "logic": [
            block("size", calculate("add", 5, on("size", "is", "c-large"))),
            block("sure", calculate("add", "sure", ALWAYS, kind="field")),
            block("about", jump("mail", on("size", "is", "c-large"))),
            block(
                "mail",
                jump("low", on_score("lower_than", 4), "thankyou"),
                jump("middle", on_score("lower_than", 8), "thankyou"),
                jump("high", ALWAYS, "thankyou"),
            ),
        ],
        "thankyou_screens": [
            {"ref": "low", "title": "Not yet"},
            {"ref": "middle", "title": "Nearly"},
            {
                "ref": "high",
                "title": "Go, {{field:name}}",
                "properties": {
                    "show_button": True,
                    "button_text": "Book",
                    "button_mode": "redirect",
                    "redirect_url": "https://example.com/book",
                },
            },
        ],
    }
