"""Segments: declared, listed, their members, and what a rule would do."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router
from pydantic import AfterValidator, Field

from apps.accounts.models import User
from apps.integrations.guard import READ, WRITE
from apps.integrations.models import ApiToken
from apps.integrations.refusals import Refusal, not_found, of_rule
from apps.integrations.schemas import (
    LARGEST_ID,
    PLAIN,
    SAID,
    Answer,
    Body,
    Id,
    Moment,
    RuleOrNull,
    RuleOrSlug,
    RuleSource,
    Text,
    Time,
)
from apps.rules.errors import Code, RuleError
from apps.rules.nodes import Rule
from apps.segments import declaring, editing, foreseeing, listing, members
from apps.segments.declaring import Declaration, Held, Place
from apps.segments.models import Segment
from apps.segments.places import segment_places
from apps.segments.relating import Relation, relate

router = Router(tags=["segments"])

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,80}")
MOST_MEMBERS = 1_000
CODES: dict[type[editing.SegmentError], str] = {
    declaring.RungTaken: "rung_taken",
    editing.StillRead: "still_read",
    editing.DefaultRule: "default_rule",
    editing.SavedMeanwhile: "saved_meanwhile",
}
WRONG: dict[type[editing.SegmentError], str] = {
    declaring.UnknownContact: "unknown_contact",
    declaring.PinnedTwice: "wrong_value",
    declaring.RuleMissing: "missing",
}


def sluglike(text: str) -> str:
    if not SLUG.fullmatch(text):
        raise ValueError("A slug has 1 to 80 letters, digits, hyphens or underscores.")
    return text


Slug = Annotated[Text, AfterValidator(sluglike)]


class LadderBody(Body):
    slug: Slug
    rung: Annotated[int, Field(ge=0, le=32_767)]


class PinsBody(Body):
    held_in: Annotated[list[Id], Field(alias="in")] = []
    held_out: Annotated[list[Id], Field(alias="out")] = []


class SegmentBody(Body):
    """Only what is sent is changed; a new segment needs its rule."""

    name: Annotated[str, Field(min_length=1, max_length=120), PLAIN, SAID] = ""
    rule: RuleOrNull = None
    status: Literal["draft", "live", "archived"] = "live"
    ladder: LadderBody | None = None
    pins: PinsBody = PinsBody()
    enrol_existing: bool = False

    def said(self) -> Declaration:
        said = Declaration()
        if "name" in self.model_fields_set:
            said["name"] = self.name
        if "rule" in self.model_fields_set:
            said["rule"] = self.rule
        if "status" in self.model_fields_set:
            said["status"] = self.status
        if "ladder" in self.model_fields_set:
            given = self.ladder
            said["ladder"] = None if given is None else Place(given.slug, given.rung)
        if "pins" in self.model_fields_set:
            said["pins"] = Held(tuple(self.pins.held_in), tuple(self.pins.held_out))
        return said


class SegmentAnswer(Answer):
    slug: str
    revision: int
    state: Literal["building", "built"]
    members: int


class SegmentWithProse(SegmentAnswer):
    prose: str


class SegmentsAnswer(Answer):
    segments: list[SegmentWithProse]


class MemberAnswer(Answer):
    id: int
    external_id: str | None
    since: Moment


class MembersAnswer(Answer):
    members: list[MemberAnswer]
    next: int | None


class PreviewBody(Body):
    rule: RuleSource
    now: Time | None = None


class WarningAnswer(Answer):
    code: str
    message: str
    at: str
    witness: Any


class PreviewAnswer(Answer):
    count: int
    of: int
    sample: list[int]
    prose: str
    warnings: list[WarningAnswer]


class RelationsBody(Body):
    a: RuleOrSlug
    b: RuleOrSlug


class RelationsAnswer(Answer):
    relation: Literal["same", "inside", "contains", "disjoint", "overlap", "undecided"]
    witness: dict[str, Any] | None


@router.post("/segments/preview", auth=READ, response=PreviewAnswer)
def preview(request: HttpRequest, data: PreviewBody) -> PreviewAnswer:
    """Say who a rule would hold for, now or at another moment, with the facts as they are.

    At another moment the segments it refers to have the members of then too.
    """
    _no_source(data.rule)
    rule = editing.read_rule(data.rule)
    now = data.now or timezone.now()
    seen = foreseeing.preview(rule, now=now, afresh=data.now is not None)
    return PreviewAnswer(
        count=seen.count,
        of=seen.of,
        sample=[contact.pk for contact in seen.sample],
        prose=seen.sentence,
        warnings=[WarningAnswer.model_validate(one) for one in foreseeing.warnings(rule, now=now)],
    )


@router.post("/segments/relations", auth=READ, response=RelationsAnswer)
def relations(request: HttpRequest, data: RelationsBody) -> Relation:
    """Say how two rules relate, each given as a rule or as the slug of a segment.

    It is so of every contact there can be, at every moment: `same`, `inside` (all of `a` are in
    `b`), `contains` and `disjoint` are proved. Where they `overlap`, `witness` has a contact in
    `both`, one in `a` alone and one in `b` alone; otherwise those of the three that can be.
    What cannot be told in time is `undecided`.
    """
    return relate(_either(data.a, at="a"), _either(data.b, at="b"), now=timezone.now())


@router.put("/segments/{str:slug}", auth=WRITE, response=SegmentAnswer)
def put_segment(request: HttpRequest, slug: str, data: SegmentBody) -> listing.Brief:
    """Make or edit a segment. What is so already makes no new revision.

    A rule of null makes it static: held by pins alone. A ladder is made where there is none
    of that slug. `pins` replaces all pins. Members that an edit brings start sequences only
    with `enrol_existing`. The rule is applied to all contacts by workers: `state` says whether
    that is done.
    """
    _check_slug(slug)
    said = data.said()
    _no_source(said.get("rule"))
    token = cast("ApiToken", getattr(request, "auth"))  # noqa: B009
    _declare(slug, said, by=token.user, now=timezone.now(), enrol_existing=data.enrol_existing)
    return listing.briefs(Segment.objects.filter(slug=slug))[0]


@router.get("/segments", auth=READ, response=SegmentsAnswer)
def get_segments(request: HttpRequest) -> SegmentsAnswer:
    """List every segment, with its rule as a sentence."""
    found = listing.briefs(Segment.objects.all())
    return SegmentsAnswer.model_validate({"segments": found})


@router.get("/segments/{str:slug}", auth=READ, response=SegmentWithProse)
def get_segment(request: HttpRequest, slug: str) -> listing.Brief:
    """Say how a segment stands, with its rule as a sentence."""
    return listing.briefs(Segment.objects.filter(pk=segment_of(slug).pk))[0]


@router.get("/segments/{str:slug}/members", auth=READ, response=MembersAnswer)
def get_members(
    request: HttpRequest,
    slug: str,
    after: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
    limit: Annotated[int, Query(ge=1)] = 500,
) -> MembersAnswer:
    """List the members by contact id, at most 1,000 a page whatever the limit.

    `next` is what to send as `after` for the next page; null: there is none.
    """
    most = min(limit, MOST_MEMBERS)
    found, following = members.after(segment_of(slug), contact=after, limit=most)
    return MembersAnswer.model_validate({"members": found, "next": following})


def segment_of(slug: str) -> Segment:
    """Return the segment. Raises Refusal."""
    found = None
    if SLUG.fullmatch(slug):
        found = Segment.objects.filter(slug=slug).first()
    if found is None:
        raise not_found("There is no such segment.")
    return found


def _declare(
    slug: str, said: Declaration, *, by: User, now: datetime, enrol_existing: bool
) -> Segment:
    try:
        return declaring.declare(slug, said, by=by, now=now, enrol_existing=enrol_existing)
    except editing.Circle as error:
        places = segment_places(said.get("rule"))
        at = next((place for place, found in places if found in error.slugs), "")
        raise Refusal(Code.CYCLE, str(error), at=at) from None
    except editing.SegmentError as error:
        at = error.at if isinstance(error, declaring.DeclarationError) else ""
        if type(error) in WRONG:
            raise Refusal(WRONG[type(error)], str(error), at=at) from None
        code = CODES.get(type(error), "conflict")
        raise Refusal(code, str(error), at=at, status=409) from None


def _either(given: object, *, at: str) -> Rule:
    """Return the rule given, or that of the segment whose slug is given."""
    if isinstance(given, str):
        given = _rule_of(given, at=at)
    try:
        return editing.read_rule(given)
    except RuleError as error:
        raise of_rule(error, before=at) from None


def _rule_of(slug: str, *, at: str) -> object:
    try:
        found = segment_of(slug)
    except Refusal as refusal:
        raise not_found(refusal.message, at=at) from None
    if found.rule is None:
        raise Refusal("static", "A static segment has no rule to relate.", at=at)
    return found.rule


def _no_source(rule: object) -> None:
    """Refuse a rule written as a text within the JSON: the codec would read it."""
    if isinstance(rule, str):
        raise Refusal(Code.WRONG_SHAPE, "Expected an object, got a text.")


def _check_slug(slug: str) -> None:
    try:
        sluglike(slug)
    except ValueError as error:
        raise Refusal("wrong_value", str(error), at="slug") from None
