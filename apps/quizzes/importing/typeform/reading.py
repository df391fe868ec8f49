"""A form as Typeform's API gives it, read as a new draft."""

from collections.abc import Mapping
from typing import Any

from apps.quizzes.exchanging import Imported, Unreadable
from apps.quizzes.importing.hidden import hidden_names
from apps.quizzes.importing.report import Report
from apps.quizzes.importing.typeform.asked import Asked, form_of
from apps.quizzes.importing.typeform.conditions import Conditions
from apps.quizzes.importing.typeform.endings import NO_PICTURE, ending_of, screens_of
from apps.quizzes.importing.typeform.jumps import Jumps, chain_of, tiers_of
from apps.quizzes.importing.typeform.kinds import Kinds
from apps.quizzes.importing.typeform.logic import Ways, logic_of, read_refs
from apps.quizzes.importing.typeform.questions import question_of
from apps.quizzes.importing.typeform.scoring import Scoring
from apps.quizzes.importing.typeform.texts import Texts
from apps.quizzes.importing.values import cut, items, mapping, one_line, text
from apps.quizzes.importing.writing import Places, written

READ = frozenset(
    {"fields", "hidden", "id", "logic", "thankyou_screens", "title", "type", "variables"}
    | {"welcome_screens"}
)
OF_GROUPS = frozenset({"id", "ref", "title", "type", "properties", "attachment"})
OF_WELCOME = frozenset({"id", "ref", "title", "properties", "attachment"})
PAGE = ("headline", "body", "button_label", "button_url")
TOO_DEEP = "The file is nested too deeply."


def read(source: Mapping[str, Any]) -> Imported:
    """Write a new draft. Raises Unreadable."""
    try:
        if not isinstance(source.get("fields"), list):
            raise Unreadable("Expected the fields of a Typeform form: a list.", at="fields")
        return _Reading(dict(source)).draft()
    except RecursionError:
        raise Unreadable(TOO_DEEP) from None


class _Reading:
    def __init__(self, source: dict[str, Any]) -> None:
        self.source = source
        self.report = Report()
        self.form = form_of(source)
        self.logic = logic_of(source, self.form, self.report)
        self.hidden = hidden_names(source.get("hidden"), self.report)
        self.conditions = Conditions(self.form.by_ref, self.hidden)

    def draft(self) -> Imported:
        self._settle_kinds()
        asked = [one for one in self.form.fields if one.kind]
        ways = Ways(self.form, self.logic.jumps)
        scoring = Scoring(self.report, self.form.fields, self.conditions, ways)
        scoring.declare(self.source.get("variables"), self.logic.sums)
        for action in self.logic.sums:
            scoring.take(action)
        screens = screens_of(self.source.get("thankyou_screens"), self.report)
        refs = {text(item.get("id")): one.key for one, item in screens}
        refs |= {one.ref: one.key for one, _ in screens}
        chain = chain_of(scoring.chains, self.conditions, self.source.get("variables"), refs)
        scoring.tell_rest(chain.target)
        known = self.conditions.scales
        texts = Texts(
            self.report, self.form.by_ref, self.hidden, known, scoring.constants, chain.target
        )
        questions = {one.key: question_of(one, texts) for one in asked}
        scoring.put(questions)
        jumps: dict[str, list[dict[str, Any]]] = {}
        taking = Jumps(self.report, self.form, self.conditions, refs, chain.target)
        for action in self.logic.jumps:
            taking.take(action, jumps)
        for key, own in jumps.items():
            questions[key]["jumps"] = own
        main, tiers = tiers_of(chain, scoring.chains, jumps, self.conditions, refs, self.report)
        endings = [ending_of(one, item, texts) for one, item in screens]
        endings[0]["is_default"] = not chain.outcomes  # else the tier has the last page
        shown = {tier["named"] for tier in tiers} if chain.outcomes else set()
        spec = {
            **self._about(Texts(self.report, {}, self.hidden, constants=scoring.constants)),
            "scales": list(scoring.scales(main)) or [{"key": "score", "label": "Score"}],
            "questions": list(questions.values()),
            "tiers": _headlined(tiers, endings),
            "endings": endings,
            "hidden": list(dict.fromkeys(self.hidden.values())),
        }
        self._rest(outcomes=chain.outcomes)
        places = Places(
            questions={one.key: one.at for one in asked},
            endings={one.key: one.at for one, _ in screens if one.at and one.key not in shown},
        )
        return written(spec, self.report, _keys(asked), places)

    def _settle_kinds(self) -> None:
        jumping = {action.ref for action in self.logic.jumps}
        actions = (*self.logic.jumps, *self.logic.sums)
        read = {ref for action in actions for ref in read_refs(action.condition)}
        kinds = Kinds(self.report, jumping, read)
        for one in self.form.fields:
            kinds.settle(one)
        self._report_groups()

    def _report_groups(self) -> None:
        for group in self.form.groups:
            title = one_line(text(group.source.get("title")))
            kind = "matrix" if group.source.get("type") == "matrix" else "group"
            why = f"“{title}”: this {kind} is not shown; its questions follow one another."
            self.report.approximated(group.at, why)
            if group.source.get("attachment"):
                self.report.refused(f"{group.at}.attachment", NO_PICTURE)
            self.report.rest(group.at, group.source, OF_GROUPS, "A group is not shown here.")
            self.report.rest(
                f"{group.at}.properties",
                mapping(group.source.get("properties")),
                frozenset({"fields"}),
                "A group is not shown here.",
            )
        for at in self.form.strays:
            self.report.refused(at, "This is no field.")
        for at in self.form.deep:
            self.report.refused(at, "It is nested too deeply.")

    def _about(self, texts: Texts) -> dict[str, Any]:
        """Return the title, and the first welcome screen as the front page."""
        title = cut(one_line(text(self.source.get("title"))) or "Imported form", 200)
        self.report.imported("title")
        found: dict[str, Any] = {"title": title}
        for place, (at, item) in enumerate(
            items(self.source.get("welcome_screens"), "welcome_screens")
        ):
            if place:
                self.report.refused(at, "There is one front page: that of the first screen.")
            else:
                found |= self._front(at, mapping(item), texts)
        return found

    def _front(self, at: str, screen: dict[str, Any], texts: Texts) -> dict[str, Any]:
        properties = mapping(screen.get("properties"))
        parts = [
            texts.markdown(screen.get("title"), f"{at}.title"),
            texts.markdown(properties.get("description"), f"{at}.properties.description"),
        ]
        self.report.imported(at, "The text of the front page.")
        if screen.get("attachment"):
            self.report.refused(f"{at}.attachment", NO_PICTURE)
        why = "The front page has no such thing here."
        self.report.rest(at, screen, OF_WELCOME, why)
        known = frozenset({"description", "button_text", "show_button"})
        self.report.rest(f"{at}.properties", properties, known, why)
        label = texts.plain(properties.get("button_text"), f"{at}.properties.button_text", 60)
        intro = "\n\n".join(part for part in parts if part)
        return {"intro": intro, **({"start_label": label} if label else {})}

    def _rest(self, *, outcomes: bool) -> None:
        why = "What concerns Typeform's own pages and account has no place here."
        for key, value in self.source.items():
            if key == "outcome" and outcomes:
                self.report.approximated(key, "A score decides: each outcome is a tier.")
            elif key not in READ and value not in (None, "", [], {}):
                self.report.refused(key, why)
        for key in READ - {"title", "type", "id"}:
            expected = dict if key == "variables" else list
            if self.source.get(key) is not None and not isinstance(self.source[key], expected):
                self.report.refused(key, "This is not what is expected here.")


def _headlined(tiers: list[dict[str, Any]], endings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the tiers with the words of the ending each was named for, or one for all."""
    if not tiers:
        words = {name: endings[0][name] for name in ("headline", "body")}
        return [{"key": "done", "label": "Done", **words}]
    by_key = {one["key"]: one for one in endings}
    for tier in tiers:
        ending = by_key.get(tier.pop("named", ""))
        if ending is not None:
            tier |= {
                "label": ending["label"],
                **{name: ending[name] for name in PAGE if name in ending},
            }
    return tiers


def _keys(asked: list[Asked]) -> dict[str, str]:
    return {one.ref: one.key for one in reversed(asked) if one.ref}
