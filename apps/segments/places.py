"""Where in a rule, as it is written, other segments stand."""

from collections.abc import Iterator


def segment_places(rule: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Yield each place with the slug that stands there: `all[1].not.segment`, `customers`."""
    match rule:
        case {"segment": str() as slug}:
            yield _below(at, "segment"), slug
        case {"not": part}:
            yield from segment_places(part, _below(at, "not"))
        case {"all": list() as parts}:
            yield from _of_parts(parts, _below(at, "all"))
        case {"any": list() as parts}:
            yield from _of_parts(parts, _below(at, "any"))
        case _:
            pass


def _of_parts(parts: list[object], at: str) -> Iterator[tuple[str, str]]:
    for index, part in enumerate(parts):
        yield from segment_places(part, f"{at}[{index}]")


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
