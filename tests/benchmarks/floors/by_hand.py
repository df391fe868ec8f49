"""The bench's rules as a good engineer writes them in SQL, knowing the data.

Two ways: `members` reads the event log once for each condition, by semi-joins, which is best
for one rule over everybody; `features` aggregates the events of a few contacts into one row
each, which is best for many rules over few contacts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]
NUMBERS = {"at_least": ">=", "more_than": ">", "at_most": "<=", "less_than": "<", "exactly": "=",
           "is": "="}  # fmt: skip
DAYS = {"before": "<", "after": ">"}
COLUMNS = {"contact.email", "contact.country"}
FOLDED = {"plan", "company", *COLUMNS}  # written by people, in any case; options are not
NUMERIC = {"score", "age", "total", "amount", "minutes", "quiz.skin.answer.budget"}
MOMENTS = {"trial_ends"}
LISTS = {"interests", "quiz.skin.answer.concerns"}
BOOLEANS = {"newsletter", "vip", "urgent"}


def quoted(value: object) -> str:
    return value if isinstance(value, str) and value.startswith("'") else "'" + str(value) + "'"


def amount(text: str) -> timedelta:
    return timedelta(**{{"d": "days", "h": "hours"}[text[-1]]: int(text[:-1])})


@dataclass
class ByHand:
    postgres: bool
    now: datetime
    rules: Mapping[str, Json]
    ids: Mapping[str, int]
    columns: dict[str, str] = field(default_factory=dict)  # of `features`: SQL by name

    def members(self, rule: Json) -> str:
        """Write the SELECT of everybody the rule holds for, other segments from their rows."""
        return (
            "SELECT c.id FROM contacts_contact c WHERE c.merged_into_id IS NULL"
            f" AND {self.condition(rule, self._semi_join, self._member)}"
        )

    def feature(self, rule: Json) -> str:
        """Write the condition over a contact `c` and its feature row `f`."""
        return self.condition(rule, self._feature_of, self._inlined)

    def condition(
        self, rule: Json, event: Callable[[Json], str], segment: Callable[[str], str]
    ) -> str:
        def within(part: Json) -> str:
            return self.condition(part, event, segment)

        if "all" in rule:
            return "(" + " AND ".join(map(within, rule["all"])) + ")"
        if "any" in rule:
            return "(" + " OR ".join(map(within, rule["any"])) + ")"
        if "not" in rule:
            return f"({within(rule['not'])}) IS NOT TRUE"
        if "event" in rule:
            return event(rule)
        if "segment" in rule:
            return segment(rule["segment"])
        return self._trait(rule["trait"], rule["op"], rule.get("value"))

    # --- Traits ---------------------------------------------------------------------------

    def _trait(self, key: str, op: str, value: Any) -> str:
        if key in COLUMNS:
            return self._compared(f"lower(c.{key.removeprefix('contact.')})", op, value)
        text = self._text("c.profile", key)
        if op in ("is_set", "is_not_set"):
            return f"{text} {'IS NULL' if op == 'is_not_set' else 'IS NOT NULL'}"
        if key in LISTS:
            return self._shares(key, value)
        if key in MOMENTS:
            return self._moment(text, op, amount(value))
        return self._compared(self._typed("c.profile", key), op, value)

    def _text(self, column: str, key: str) -> str:
        if self.postgres:
            return f"{column}->>'{key}'"
        return f"json_extract({column}, '$.\"{key}\"')"

    def _typed(self, column: str, key: str) -> str:
        text = self._text(column, key)
        if key in FOLDED:
            return f"lower({text})"
        if not self.postgres:
            return text
        if key in NUMERIC:
            return f"({text})::float8"
        return f"({text})::boolean" if key in BOOLEANS else text

    def _added(self, key: str) -> str:
        """Write what a sum adds up: to the cent, as Tidemark does, where a cast is all it takes."""
        text = self._text("e.properties", key)
        return f"({text})::numeric" if self.postgres else text

    def _compared(self, subject: str, op: str, value: Any) -> str:
        match op, value:
            case "is_true", _:
                return subject
            case "between", [low, high]:
                return f"{subject} BETWEEN {low} AND {high}"
            case "one_of", _:
                listed = ", ".join(quoted(item.lower()) for item in value)
                return f"{subject} IN ({listed})"
            case "is_not", _:
                return f"({subject} = {quoted(value.lower())}) IS NOT TRUE"
            case "contains", _:
                return f"{subject} LIKE {quoted(f'%{value.lower()}%')}"
            case "ends_with", _:
                return f"{subject} LIKE {quoted(f'%{value.lower()}')}"
            case "is", str():
                return f"{subject} = {quoted(value.lower())}"
            case (("before" | "after"), _):
                return f"{subject} {DAYS[op]} {quoted(value)}"
        return f"{subject} {NUMBERS[op]} {value}"

    def _shares(self, key: str, values: list[str]) -> str:
        listed = ", ".join(map(quoted, values))
        if self.postgres:
            return f"c.profile->'{key}' ?| array[{listed}]"
        return (
            f"EXISTS (SELECT 1 FROM json_each(c.profile, '$.\"{key}\"') one"
            f" WHERE one.value IN ({listed}))"
        )

    def _moment(self, text: str, op: str, length: timedelta) -> str:
        low, high = (
            (self.now, self.now + length) if op == "in_next" else (self.now - length, self.now)
        )
        collated = f'({text}) COLLATE "C"' if self.postgres else text
        shape = "%Y-%m-%dT%H:%M:%S.%fZ"
        return f"({collated} > '{low.strftime(shape)}' AND {collated} <= '{high.strftime(shape)}')"

    # --- Events, for everybody --------------------------------------------------------------

    def _semi_join(self, rule: Json) -> str:
        rows = f"SELECT e.contact_id FROM contacts_event e WHERE e.name = '{rule['event']}' AND {self._due(rule)}"
        having, negated = self._having(rule)
        grouped = f" GROUP BY e.contact_id HAVING {having}" if having else ""
        return f"c.id {'NOT ' if negated else ''}IN ({rows}{grouped})"

    def _due(self, rule: Json) -> str:
        tests = [f"e.occurred_at <= {self.stamp(self.now)}"]
        if "within" in rule:
            tests.append(f"e.occurred_at > {self.stamp(self.now - amount(rule['within']))}")
        for test in rule.get("where", ()):
            subject = self._typed("e.properties", test["property"])
            tests.append(self._compared(subject, test["op"], test.get("value")))
        return " AND ".join(tests)

    def _having(self, rule: Json) -> tuple[str, bool]:
        """Return what a group must satisfy, and whether it is those not found that are meant."""
        if "sum" in rule:
            total = self._added(rule["sum"]["property"])
            return f"sum({total}) {NUMBERS[rule['sum']['op']]} {rule['sum']['value']}", False
        if "last" in rule:
            return f"max(e.occurred_at) <= {self._ago(rule['last'])}", False
        if "first" in rule:
            return f"min(e.occurred_at) > {self._ago(rule['first'])}", False
        count = rule.get("count", {"op": "at_least", "value": 1})
        match count["op"], count["value"]:
            case "at_least", 1:
                return "", False
            case "at_least", least:
                return f"count(*) >= {least}", False
            case (("at_most" | "exactly"), 0):
                return "", True
            case "at_most", most:
                return f"count(*) > {most}", True
        raise AssertionError(count)

    def _ago(self, compare: Json) -> str:
        return self.stamp(self.now - amount(compare["value"]))

    def stamp(self, moment: datetime) -> str:
        text = moment.replace(tzinfo=None).isoformat(sep=" ")
        return f"timestamptz '{text}+00'" if self.postgres else f"'{text}'"

    def _member(self, slug: str) -> str:
        return f"c.id IN (SELECT m.contact_id FROM segments_membership m WHERE m.segment_id = {self.ids[slug]})"

    # --- Events, as features of a few contacts ------------------------------------------------

    def _feature_of(self, rule: Json) -> str:
        test = f"e.name = '{rule['event']}' AND {self._due(rule)}"
        if "sum" in rule:
            total = self._added(rule["sum"]["property"])
            name = self._column(f"sum({total}) FILTER (WHERE {test})")
            return f"COALESCE({name}, 0) {NUMBERS[rule['sum']['op']]} {rule['sum']['value']}"
        if "last" in rule:
            return f"{self._column(f'max(e.occurred_at) FILTER (WHERE {test})')} <= {self._ago(rule['last'])}"
        if "first" in rule:
            return f"{self._column(f'min(e.occurred_at) FILTER (WHERE {test})')} > {self._ago(rule['first'])}"
        count = rule.get("count", {"op": "at_least", "value": 1})
        name = self._column(f"count(*) FILTER (WHERE {test})")
        return f"COALESCE({name}, 0) {NUMBERS[count['op']]} {count['value']}"

    def _column(self, sql: str) -> str:
        return f"f.{self.columns.setdefault(sql, f'f{len(self.columns)}')}"

    def _inlined(self, slug: str) -> str:
        return self.feature(self.rules[slug])

    def names_read(self, slug: str) -> set[str]:
        """Return the events that a rule reads, those of the segments it refers to included."""
        return set(self._names(self.rules[slug]))

    def _names(self, rule: Json) -> Iterator[str]:
        parts = [*rule.get("all", ()), *rule.get("any", ())]
        for part in [*parts, rule["not"]] if "not" in rule else parts:
            yield from self._names(part)
        if "event" in rule:
            yield rule["event"]
        if "segment" in rule:
            yield from self.names_read(rule["segment"])

    def settled(self, slugs: Iterable[str]) -> str:
        """Write the SELECT of (segment_id, contact_id) due among the contacts of THESE."""
        self.columns.clear()
        tests = {self.ids[slug]: self.feature(self.rules[slug]) for slug in slugs}
        features = ", ".join(f"{sql} AS {name}" for sql, name in self.columns.items())
        names = sorted({sql.split("e.name = ")[1].split(" AND")[0] for sql in self.columns})
        among = "= ANY ('{THESE}'::bigint[])" if self.postgres else "IN (THESE)"
        judged = ", ".join(f"{test} AS t{pk}" for pk, test in tests.items())
        return (
            f"WITH f AS (SELECT e.contact_id, {features} FROM contacts_event e"
            f" WHERE e.contact_id {among} AND e.name IN ({', '.join(names)})"
            f" GROUP BY e.contact_id), judged AS MATERIALIZED (SELECT c.id AS contact_id, {judged}"
            f" FROM contacts_contact c LEFT JOIN f ON f.contact_id = c.id WHERE c.id {among}"
            f" AND c.merged_into_id IS NULL) {self._unpivoted(tests)}"
        )

    def _unpivoted(self, tests: Iterable[int]) -> str:
        if self.postgres:
            listed = ", ".join(f"({pk}, t{pk})" for pk in tests)
            return (
                "SELECT one.segment_id, contact_id FROM judged"
                f" CROSS JOIN LATERAL (VALUES {listed}) AS one (segment_id, holds) WHERE one.holds"
            )
        return " UNION ALL ".join(
            f"SELECT {pk} AS segment_id, contact_id FROM judged WHERE t{pk}" for pk in tests
        )

    # --- Time -----------------------------------------------------------------------------

    def slivers(self, since: datetime) -> Iterator[str]:
        """Write the SELECTs of contacts with a fact that slid across an edge since then."""
        for rule in self.rules.values():
            yield from self._slivers(rule, since)

    def _slivers(self, rule: Json, since: datetime) -> Iterator[str]:
        parts = [*rule.get("all", ()), *rule.get("any", ())]
        for part in [*parts, rule["not"]] if "not" in rule else parts:
            yield from self._slivers(part, since)
        if rule.get("trait") in MOMENTS:
            ahead = amount(rule["value"])
            for length in (timedelta(), ahead if rule["op"] == "in_next" else -ahead):
                between = self._between("at", since + length, self.now + length)
                yield (
                    f"SELECT contact_id FROM contacts_datedtrait WHERE key = '{rule['trait']}' AND {between}"
                )
        for compare in (rule.get("within"), rule.get("first"), rule.get("last")):
            if compare is not None:
                ago = amount(compare["value"] if isinstance(compare, dict) else compare)
                between = self._between("occurred_at", since - ago, self.now - ago)
                yield f"SELECT contact_id FROM contacts_event WHERE name = '{rule['event']}' AND {between}"

    def _between(self, column: str, after: datetime, until: datetime) -> str:
        return f"{column} > {self.stamp(after)} AND {column} <= {self.stamp(until)}"
