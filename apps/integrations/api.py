"""The API, version 1: every call under /api/v1/, and how its errors are told."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from apps.integrations import reading
from apps.integrations.calls import contacts, events, people, quizzes, segments, traits
from apps.integrations.refusals import Refusal, of_fields, of_rule
from apps.integrations.schemas import Problem
from apps.rules.errors import RuleError

ERRORS = {
    400: "The body cannot be read as JSON",
    401: "No token, or a bad one",
    403: "The token lacks the scope",
    404: "There is no such thing",
    409: "It goes against what is there",
    413: "The body is too large",
    422: "Something in it cannot be used",
    429: "Too many requests: see Retry-After",
}


class StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return reading.read(request)


class Api(NinjaAPI):
    """Ninja's, whose OpenAPI document says for each call how errors look."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        document = super().get_openapi_schema(*args, **kwargs)
        problem = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        for methods in document["paths"].values():
            for operation in methods.values():
                for status, why in ERRORS.items():
                    operation["responses"][status] = {"description": why, "content": problem}
        return document


api = Api(
    title="Tidemark",
    version="1",
    description="Load a population, preview any rule, explain any membership.",
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url=None,
    parser=StrictParser(),
)


@api.exception_handler(Refusal)
def refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    return error.answer()


@api.exception_handler(RuleError)
def rule_refused(request: HttpRequest, error: RuleError) -> HttpResponse:
    return of_rule(error).answer()


@api.exception_handler(ValidationError)
def fields_refused(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer pydantic's errors: those of the body stand below `body` and its parameter.

    An empty body comes by here too: ninja does not show it to the parser.
    """
    first = error.errors[:1]
    if first and first[0]["loc"][0] == "body" and not request.body:
        return reading.nothing().answer()
    skip = 2 if first and first[0]["loc"][0] == "body" else 1
    return of_fields(first, skip=skip).answer()


@api.exception_handler(HttpError)
def parser_refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer what ninja makes of a Refusal that the parser raised."""
    cause = error.__cause__
    if isinstance(cause, Refusal):
        return cause.answer()
    return Refusal("bad_request", "This request cannot be read.", status=error.status_code).answer()


for router in (
    traits.router,
    contacts.router,
    events.router,
    people.router,
    segments.router,
    quizzes.router,
):
    api.add_router("", router)
