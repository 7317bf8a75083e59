"""The description of the API (OpenAPI 3.1), made from the table of operations.

Nothing in it is written by hand but the words, so it cannot say anything else than
what is served.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from reconciler.core.version import VERSION
from reconciler.daemon.http.api.asking import Asked
from reconciler.daemon.http.api.operations import PREFIX, Operation
from reconciler.daemon.http.problems import MEDIA_TYPE, TITLES, ProblemAnswer

_REFERENCE: Final = "#/components/schemas/{model}"
_ALWAYS: Final = (401, 403, 421, 422, 429, 503)
_WITH_BODY: Final = (400, 413, 415)
_NAME: Final = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "The connection's name.",
    "schema": {"type": "string", "minLength": 1, "examples": ["binance-main"]},
}
_ABOUT: Final = """\
What `reconcile daemon` knows of its market-data connections, and what it can be asked
to do. Readers ignore unknown keys; `format_version` says which version an answer has:
a minor one only adds. Errors are RFC 9457 problems.
"""
Data = dict[str, Any]
_Mode = Literal["validation", "serialization"]


def description_of(operations: Sequence[Operation]) -> Data:
    """Return the whole description."""
    schemas, components = _schemas(operations)
    paths: Data = {}
    for operation in operations:
        path = paths.setdefault(f"{PREFIX}{operation.path}", {})
        path[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "reconcile", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}, {}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of 'reconcile tokens new'.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "reconcile",
                    "description": "The cookie that the page gives for a token.",
                },
            },
        },
    }


def _schemas(operations: Sequence[Operation]) -> tuple[dict[type, Data], Data]:
    """Return a schema per answer and body, and the components that they lead to."""
    wanted: dict[type, _Mode] = {ProblemAnswer: "serialization"}
    for operation in operations:
        wanted[operation.answer] = "serialization"
        if operation.body:
            wanted[operation.body] = "validation"
    made, shared = TypeAdapter.json_schemas(
        [(kind, mode, TypeAdapter(kind)) for kind, mode in wanted.items()],
        ref_template=_REFERENCE,
    )
    schemas = {kind: dict(made[kind, mode]) for kind, mode in wanted.items()}
    return schemas, shared.get("$defs", {})


def _operation(operation: Operation, schemas: dict[type, Data]) -> Data:
    found: Data = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": _responses(operation, schemas),
    }
    if operation.body:
        content = {"application/json": {"schema": schemas[operation.body]}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _responses(operation: Operation, schemas: dict[type, Data]) -> Data:
    good = {"application/json": {"schema": schemas[operation.answer]}}
    bad = {MEDIA_TYPE: {"schema": schemas[ProblemAnswer]}}
    statuses = {*_ALWAYS, *operation.problems}
    if operation.body:
        statuses |= {*_WITH_BODY}
    return {
        "200": {"description": "Done.", "content": good},
        **{
            str(status): {"description": f"{TITLES[status]}.", "content": bad}
            for status in sorted(statuses)
        },
    }


def _parameters(operation: Operation) -> list[Data]:
    named = [_NAME] if "{name}" in operation.path else []
    return [*named, *_query(operation.params)]


def _query(model: type[Asked]) -> list[Data]:
    """Return a model's fields as query parameters; a list is given by repeating it."""
    schema = model.model_json_schema()
    shared = schema.get("$defs", {})
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": field.pop("description", ""),
            "style": "form",
            "explode": True,
            "schema": _resolved(field, shared),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _resolved(field: Any, shared: Data) -> Any:
    """Return a field without references: parameters stand for themselves."""
    if isinstance(field, list):
        return [_resolved(item, shared) for item in field]
    if not isinstance(field, dict):
        return field
    if "$ref" in field:
        target = shared[re.sub(r".*/", "", field["$ref"])]
        rest = {key: value for key, value in field.items() if key != "$ref"}
        return {**_resolved(target, shared), **rest}
    return {key: _resolved(value, shared) for key, value in field.items()}
