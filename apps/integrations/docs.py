"""The API's page for people: the OpenAPI document as plain HTML, no script, no third party."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.integrations.api import api


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a body or an answer, indented by how deep it stands."""

    name: str
    type: str
    about: str
    needed: bool


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    summary: str
    about: str
    scope: str
    parameters: list[Field]
    body: list[Field]
    answer: list[Field]
    status: str


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show every call with what it takes and gives."""
    document = api.get_openapi_schema(path_prefix="/api/v1/")
    return render(request, "integrations/docs.html", {"calls": list(calls(document))})


def calls(document: Mapping[str, Any]) -> Iterator[Call]:
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            status, answer = next(iter(operation["responses"].items()))
            yield Call(
                method=method.upper(),
                path=path,
                summary=operation["summary"],
                about=operation.get("description", ""),
                scope=_scope(operation),
                parameters=[_parameter(found) for found in operation["parameters"]],
                body=list(_fields(_content(operation.get("requestBody", {})), schemas)),
                answer=list(_fields(_content(answer), schemas)),
                status=str(status),
            )


def _scope(operation: Mapping[str, Any]) -> str:
    return ", ".join(name.removesuffix("Token").lower() for name in operation["security"][0])


def _parameter(found: Mapping[str, Any]) -> Field:
    where = "in the path" if found["in"] == "path" else "in the query"
    needed = bool(found["required"])
    return Field(found["name"], _type(found["schema"], {}), where, needed)


def _content(found: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = found.get("content", {}).get("application/json", {}).get("schema", {})
    return schema if isinstance(schema, Mapping) else {}


def _fields(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], before: str = ""
) -> Iterator[Field]:
    """Yield the keys of an object, those of the objects in it after their own."""
    whole = _resolved(schema, schemas)
    for name, found in whole.get("properties", {}).items():
        inner = _resolved(found, schemas)
        listed = inner.get("type") == "array"
        about = found.get("description") or inner.get("description", "")
        needed = name in whole.get("required", ())
        yield Field(before + name, _type(inner, schemas), about, needed)
        below = _resolved(inner.get("items", {}), schemas) if listed else inner
        yield from _fields(below, schemas, f"{before}{name}{'[]' if listed else ''}.")


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference, and take the first of alternatives: null is said by the type."""
    if "$ref" in schema:
        return _resolved(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for kind in ("anyOf", "allOf", "oneOf"):
        if kind in schema:
            return {**_resolved(schema[kind][0], schemas), "or": schema[kind][1:]}
    return schema


def _type(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    one = " or ".join(map(str, schema["enum"])) if "enum" in schema else schema.get("type", "any")
    if one == "array":
        one = f"list of {_type(_resolved(schema.get('items', {}), schemas), schemas)}"
    others = [_type(_resolved(other, schemas), schemas) for other in schema.get("or", ())]
    return " or ".join([one, *others])
