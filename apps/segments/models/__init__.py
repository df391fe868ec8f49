"""Segments, who is in them, how that came to be, and the marks that keep it true."""

from apps.segments.models.export import Export, ExportPart
from apps.segments.models.proposal import Foreseen, Proposal, ProposedMove
from apps.segments.models.report import SprawlReport
from apps.segments.models.segment import Ladder, PlanStamp, Revision, Segment
from apps.segments.models.size import Size, SizeNote
from apps.segments.models.standing import Membership, Pin, PinChange, Transition
from apps.segments.models.work import (
    Change,
    Overtaken,
    Rebuild,
    RebuildPart,
    Verification,
    Watermark,
)

__all__ = [
    "Change",
    "Export",
    "ExportPart",
    "Foreseen",
    "Ladder",
    "Membership",
    "Overtaken",
    "Pin",
    "PinChange",
    "PlanStamp",
    "Proposal",
    "ProposedMove",
    "Rebuild",
    "RebuildPart",
    "Revision",
    "Segment",
    "Size",
    "SizeNote",
    "SprawlReport",
    "Transition",
    "Verification",
    "Watermark",
]
