"""A tree as a page shows it: parts numbered, with what can be done with each and what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from apps.rules.builder import offering
from apps.rules.builder.acting import STAYING
from apps.rules.builder.offering import Choices, Offer
from apps.rules.builder.tree import Filter, Group, Part
from apps.rules.catalogue import Catalogue

MOVES = (
    ("up", "Move up"),
    ("down", "Move down"),
    ("into", "Move into the group beside it"),
    ("out", "Move out of the group"),
)


NOTHING = Offer()
NO_REMARKS: Mapping[str, Sequence[object]] = {}


@dataclass(frozen=True, slots=True)
class Note:
    """What stands below a part: what is wrong with it, and what its caller remarks on it."""

    id: str
    problem: str = ""
    remarks: Sequence[object] = ()


@dataclass(frozen=True, slots=True)
class ShownFilter:
    one: Filter
    number: str
    offer: Offer
    problem: str
    focus: str

    @property
    def note(self) -> Note:
        return Note(self.one.id, self.problem)


@dataclass(frozen=True, slots=True)
class Shown:
    """A part with its number (empty: the outermost group); `focus` names its control, if any."""

    part: Part
    number: str
    moves: Choices
    problem: str
    focus: str
    offer: Offer = NOTHING
    label: str = ""  # of what it is about
    of: str = ""  # what that belongs to, where the label does not say
    remarks: Sequence[object] = ()
    parts: tuple["Shown", ...] = ()
    wheres: tuple[ShownFilter, ...] = ()
    then_wheres: tuple[ShownFilter, ...] = ()

    @property
    def note(self) -> Note:
        return Note(self.part.id, self.problem, self.remarks)

    @property
    def is_group(self) -> bool:
        return isinstance(self.part, Group)

    @property
    def stays_open(self) -> bool:
        """Whether the menu of moves stays open: the one that was made may be made again."""
        return self.focus in STAYING


@dataclass(frozen=True, slots=True)
class Subjects:
    """What conditions may be about: (value, label) under titles; `of` adds to a short label."""

    groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    of: Mapping[str, str]

    @property
    def labels(self) -> dict[str, str]:
        return {value: label for _, choices in self.groups for value, label in choices}

    @property
    def events(self) -> list[tuple[str, str]]:
        """Return the names and labels of the events among them."""
        return sorted(
            (value.removeprefix("event:"), label)
            for value, label in self.labels.items()
            if value.startswith("event:")
        )


def shown(
    tree: Group,
    known: Catalogue,
    subjects: Subjects,
    *,
    problems: Mapping[str, str],
    remarks: Mapping[str, Sequence[object]] = NO_REMARKS,
    focus: str = "",
) -> Shown:
    """Return the tree as it is shown; problems and remarks stand by the ids of their parts."""
    return _Showing(known, subjects.labels, subjects.of, problems, remarks, focus).part(tree, "")


@dataclass(frozen=True, slots=True)
class _Showing:
    known: Catalogue
    labels: Mapping[str, str]
    of: Mapping[str, str]
    problems: Mapping[str, str]
    remarks: Mapping[str, Sequence[object]]
    focus: str

    def part(self, part: Part, number: str, moves: Choices = ()) -> Shown:
        focus = self._focus(part.id)
        plain = Shown(
            part=part,
            number=number,
            moves=moves,
            problem=self.problems.get(part.id, ""),
            remarks=self.remarks.get(part.id, ()),
            focus="more" if focus in STAYING and focus not in dict(moves) else focus,
        )
        if isinstance(part, Group):
            return replace(plain, parts=self._parts(part, number))
        return replace(
            plain,
            offer=offering.offer(part, self.known),
            label=self.labels.get(part.subject, f"{part.key} (not there any more)"),
            of=self.of.get(part.subject, ""),
            wheres=self._filters(part.wheres, number, 1),
            then_wheres=self._filters(part.then_wheres, number, 1 + len(part.wheres)),
        )

    def _parts(self, group: Group, number: str) -> tuple[Shown, ...]:
        above = f"{number}." if number else ""
        return tuple(
            self.part(one, f"{above}{index + 1}", _moves(group, index, is_outermost=not number))
            for index, one in enumerate(group.parts)
        )

    def _filters(
        self, filters: tuple[Filter, ...], number: str, first: int
    ) -> tuple[ShownFilter, ...]:
        return tuple(
            ShownFilter(
                one,
                f"{number}.{index}",
                offering.filter_offer(one),
                self.problems.get(one.id, ""),
                self._focus(one.id),
            )
            for index, one in enumerate(filters, first)
        )

    def _focus(self, name: str) -> str:
        control, _, of = self.focus.partition("-")
        return control if of == name else ""


def _moves(group: Group, index: int, *, is_outermost: bool) -> Choices:
    """Return the moves that would change something."""
    beside = (*group.parts[max(index - 1, 0) : index], *group.parts[index + 1 : index + 2])
    possible = {
        "up": index > 0,
        "down": index < len(group.parts) - 1,
        "into": any(isinstance(one, Group) for one in beside),
        "out": not is_outermost,
    }
    return tuple((act, label) for act, label in MOVES if possible[act])
