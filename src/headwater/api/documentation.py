"""What the OpenAPI page says of each route beside its types: examples that a test compares with real answers."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from headwater.api import schemas
from headwater.api.claims import AnnotationClaim, ComponentClaim, ErasureClaim, LineageEvent, RunClaim
from headwater.graph.protocol import READS, WRITES, Method, method_of

API = "/api/v1"
NDJSON = "application/x-ndjson"
_JSON = "application/json"
_REFERENCE = "#/components/schemas/{model}"
_READING = (400, 401, 403, 404, 422, 429, 500, 502, 503, 504)
_WRITING = (*_READING, 413, 415, 507)
_FACTS = (RunClaim, ComponentClaim, AnnotationClaim, ErasureClaim)

ABOUT = """\
Where outputs came from, what inputs reach, which run is to blame.

References are names (their newest state), state ids `name@run`, digests or run ids. Times are RFC 3339; without a zone
they are UTC. Every failure is `{"error": {"code", "message", "hint"}}`.
"""


@cache
def examples() -> dict[str, dict[str, Any]]:
    """Return the request and the response that show what each route is for, by operation."""
    text = files("headwater.api").joinpath("examples.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


def reading(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """Return how a route is declared that answers a question with a document."""
    unchanged = {304: {"description": "The graph has not changed since the answer with this entity tag."}}
    declared = _declared(name, model, _READING)
    declared["responses"] |= unchanged
    return declared


def uncached(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """Return how a route is declared that answers a question about what the graph's entity tags do not cover."""
    return _declared(name, model, _READING)


def walking(name: str) -> dict[str, Any]:
    """Return how a route is declared that answers with a part of the graph, whole or as a stream of lines."""
    declared = reading(name, schemas.Walk)
    declared["responses"][200]["content"][NDJSON] = {"schema": {"type": "string"}}
    declared["responses"][504]["model"] = schemas.TimeOut
    return declared


def writing(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """Return how a route is declared that takes a document."""
    return _declared(name, model, _WRITING)


def deletion(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """Return how a route about deletion requests is declared: what they ask for may not be possible as things are."""
    return _declared(name, model, (*_WRITING, 409))


def beginning(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """Return how a route about deletion requests is declared that may begin what goes on behind its answer."""
    declared = deletion(name, model)
    declared["responses"][202] = {"model": model, "description": "It has begun."}
    return declared


def recording(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return how a route is declared that takes documents and reads them by itself, of which some may be refused."""
    declared = _reading_by_itself(writing(name, schemas.Recorded), name, schema)
    declared["responses"][207] = {"model": schemas.Recorded, "description": "Some items were refused."}
    return declared


def receiving(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return how a route is declared that takes a list of events, of which some may fail."""
    return _reading_by_itself(writing(name, schemas.Batch), name, schema)


def receiving_one(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return how a route is declared that takes one event and answers nothing."""
    declared = _reading_by_itself(writing(name, schemas.Batch), name, schema)
    del declared["responses"][200], declared["response_model"]
    return {**declared, "status_code": 201, "response_class": Response}


def asking_store(name: str) -> dict[str, Any]:
    """Return how the route is declared that takes the methods of a store, whole or as a stream of lines."""
    methods = [method_of(method) for method in (*READS, *WRITES)]
    declared = _reading_by_itself(writing(name, schemas.StoreAnswer), name, {"anyOf": list(map(_question, methods))})
    declared["responses"][200]["content"][NDJSON] = {"schema": {"type": "string"}}
    return declared


def _question(method: Method) -> dict[str, Any]:
    properties = {name: form.schema for name, form in method.params.items()}
    about = {"title": method.name, "description": method.purpose, "required": sorted(method.needed)}
    return {**about, "type": "object", "properties": properties, "additionalProperties": False}


def open_to_all(name: str, model: type[BaseModel], *failures: int) -> dict[str, Any]:
    """Return how a route is declared that asks for no token."""
    return _declared(name, model, failures)


def facts_schema() -> dict[str, Any]:
    """Return the schema of one fact, or of a list of them."""
    fact = {"anyOf": [_schema_of(model) for model in _FACTS]}
    return {"anyOf": [fact, {"type": "array", "items": fact}]}


def event_schema() -> dict[str, Any]:
    """Return the schema of one event."""
    return _schema_of(LineageEvent)


def document(app: FastAPI) -> None:
    """Let the application tell its routes, and the facts that it reads by itself."""

    def told() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
            claims = [(model, "validation") for model in (*_FACTS, LineageEvent)]
            _, known = models_json_schema(claims, ref_template=_REFERENCE)  # type: ignore[arg-type]
            found["components"]["schemas"] |= known["$defs"]
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = told  # type: ignore[method-assign]


def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _reading_by_itself(declared: dict[str, Any], name: str, schema: dict[str, Any]) -> dict[str, Any]:
    content = {_JSON: {"schema": schema, "example": examples()[name]["request"]}}
    return {**declared, "openapi_extra": {"requestBody": {"required": True, "content": content}}}


def _declared(name: str, model: type[BaseModel], failures: tuple[int, ...]) -> dict[str, Any]:
    return {"operation_id": name, "response_model": model, "responses": _responses(name, failures)}


def _responses(name: str, failures: tuple[int, ...]) -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {200: {"content": {_JSON: {"example": examples()[name]["response"]}}}}
    for status in failures:
        found[status] = {"model": schemas.Failure, "description": HTTPStatus(status).phrase}
    return found
