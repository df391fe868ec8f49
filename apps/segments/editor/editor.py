"""A segment being written: what the form holds, what is wrong with it, and saving it."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.urls import reverse

from apps.accounts.models import User
from apps.rules.builder import draft as drafts
from apps.rules.builder import writing
from apps.rules.builder.draft import Draft
from apps.rules.builder.writing import Written
from apps.rules.errors import RuleError
from apps.rules.nodes import Rule
from apps.segments import editing
from apps.segments.calendar import installed
from apps.segments.dry_run import outcomes
from apps.segments.dry_run.edits import Edit, edit_of
from apps.segments.dry_run.rehearsed import Rehearsed
from apps.segments.foreseeing import Preview, preview
from apps.segments.forms import SegmentForm
from apps.segments.models import Segment
from apps.segments.plan import catalogue, live_plan

ASK_AGAIN_ABOVE = 500  # contacts who would start sequences


class Editor:
    """One request's segment as it is written, read from the whole posted form.

    `form` holds the segment's fields, `rule` the rule, or None where it cannot be read (or the
    segment is static), and `problems` what is wrong with the rule, by the part of the builder.
    """

    def __init__(self, segment: Segment, *, form: QueryDict | None) -> None:
        self.segment = segment
        self.posted = form
        self.act = form.get("do", "") if form else ""
        self.known = catalogue()
        self.draft = self._draft(form)
        self.form = self._form(form)
        self.refusal = ""
        self.asks_number = False

    def _draft(self, form: QueryDict | None) -> Draft:
        zone = installed().zone
        if form is None:
            return drafts.opened(self.segment.rule, self.known, zone)
        draft = drafts.read(dict(form.lists()), self.act, self.known, zone)
        # What is to be saved is taken as it was seen; else an operator follows its subject.
        return draft if self.asks_to_save else draft.settled(self.known)

    def _form(self, form: QueryDict | None) -> SegmentForm:
        initial: dict[str, Any] = {"static": bool(self.segment.pk) and self.segment.rule is None}
        if form is None or not self.asks_to_save:
            # A condition was added or moved: what else was typed stays, unchecked.
            initial |= dict(form.items()) if form else {}
            return SegmentForm(instance=self.segment, initial=initial)
        return SegmentForm(form, instance=self.segment)

    @property
    def asks_to_save(self) -> bool:
        return self.act == "save"

    @property
    def address(self) -> str:
        pk = self.segment.pk
        return reverse("segments:edit", args=[pk]) if pk else reverse("segments:new")

    @property
    def rehearsal(self) -> str:
        """The address that tells what saving would do."""
        pk = self.segment.pk
        return reverse("segments:dry_run", args=[pk]) if pk else reverse("segments:dry_run_new")

    @property
    def static(self) -> bool:
        if self.posted is None:
            return bool(self.form.initial.get("static"))
        return "static" in self.posted

    @property
    def stored(self) -> Segment | None:
        """The segment as it is stored, unless it is new."""
        return self.segment if self.segment.pk else None

    @cached_property
    def problems(self) -> dict[str, RuleError]:
        """What is wrong with each part of the rule, by its id; "" is the whole."""
        return {} if self.static else self.draft.complaints(self.known)

    @property
    def problem(self) -> RuleError | None:
        return next(iter(self.problems.values()), None)

    @cached_property
    def rule(self) -> Rule | None:
        """The rule as written, or None: `problems` says why, unless the segment is static."""
        if self.static or self.problems:
            return None
        return editing.read_rule(self.draft.rule(self.known), known=self.known)

    @cached_property
    def finished(self) -> Written | None:
        """What of the builder's rule is finished: all of it, where nothing is wrong."""
        if self.draft.as_json or "" in self.problems:
            return None
        left = writing.finished(self.draft.tree, self.problems)
        return writing.written(left, self.known, self.draft.zone) if left else None

    @cached_property
    def finished_rule(self) -> Rule | None:
        """The rule as far as it is finished, for looking ahead."""
        if self.rule is not None or self.static or self.finished is None:
            return self.rule
        try:
            return editing.read_rule(self.finished.rule, known=self.known)
        except RuleError:
            return None

    def save(self, *, by: User, now: datetime, rehearsed: Rehearsed | None = None) -> bool:
        """Save; return whether that was done. Otherwise the reasons stand on the page.

        What was `rehearsed` is saved only as it was rehearsed. Raises EditedMeanwhile.
        """
        starting = rehearsed.starting if rehearsed else self._starting(by=by, now=now)
        with transaction.atomic():
            edit = self._tried(by=by, now=now, starting=starting)
            if edit and rehearsed:
                rehearsed.check(edit)
            transaction.set_rollback(not edit)  # a ladder that was begun for it goes too
        return edit is not None

    def trial(self, *, by: User, now: datetime) -> Edit | None:
        """Return what a save would make of the plan, with nothing saved.

        None where it cannot be saved: the reasons stand on the page.
        """
        pk = self.segment.pk
        with transaction.atomic():
            edit = self._tried(by=by, now=now, starting=0)
            transaction.set_rollback(True)
        self.segment.pk, self.segment._state.adding = pk, pk is None
        return edit

    def _tried(self, *, by: User, now: datetime, starting: int) -> Edit | None:
        """Save, and return what that makes of the plan; None where nothing is to be kept."""
        if not self.form.is_valid() or (not self.static and self.rule is None):
            return None
        if self._must_ask(starting):
            return None
        rule = None if self.static else self.draft.rule(self.known)
        enrol = self.form.cleaned_data["enrol_existing"]
        editing.lock_all()
        before, pk = live_plan(), self.segment.pk
        stamp = Segment.objects.filter(pk=pk).values_list("stamp", flat=True).first() if pk else ""
        try:
            editing.save(self.segment, rule=rule, by=by, now=now, enrol_existing=enrol)
        except editing.SegmentError as error:
            self.refusal = str(error)
            return None
        return edit_of(self.segment, is_new=pk is None, stamp=stamp or "", before=before)

    def _starting(self, *, by: User, now: datetime) -> int:
        """Return how many would start sequences, were it saved as it is: no fewer, that is.

        Asked only where the marketer wishes existing members to start.
        """
        if self.posted is None or "enrol_existing" not in self.posted:
            return 0
        pk = self.segment.pk
        row = Segment.objects.get(pk=pk) if pk else Segment(status=Segment.Status.LIVE)
        edit = Editor(row, form=self.posted).trial(by=by, now=now)
        foreseen = self.foreseen(preview, now=now)
        if edit is None or foreseen is None:
            return 0
        return max(foreseen.entering, outcomes.starting(edit, now=now))

    def _must_ask(self, starting: int) -> bool:
        """Return whether so many would start sequences that the number must be typed first."""
        data = self.form.cleaned_data
        if not data["enrol_existing"] or starting <= ASK_AGAIN_ABOVE:
            return False
        if data["confirmed"] == starting:
            return False
        self.asks_number = True
        self.refusal = (
            f"{starting:,} contacts would start sequences at once."
            f" Type {starting} below and save again if that is what you want."
        )
        return True

    def foreseen(self, foresee: Callable[..., Preview], *, now: datetime) -> Preview | None:
        """Return what the rule, as far as it is finished, would do."""
        if self.finished_rule is None:
            return None
        return foresee(self.finished_rule, segment=self.stored, now=now)
