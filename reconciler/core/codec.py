"""Our values as JSON and back, and their JSON Schemas.

The dataclasses are the definition; pydantic reads them. Adapters for types are
built on first use, since building one costs milliseconds.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter  # noqa: PLC0415  # costs start-up time

    return TypeAdapter(kind)


def _type(value: object) -> Any:
    return type(value)


def to_data(value: object) -> Any:
    """Return plain JSON data; times are ISO 8601, decimals strings."""
    return _adapter(_type(value)).dump_python(value, mode="json")


def to_json(value: object) -> str:
    """Return one line of JSON."""
    text: str = _adapter(_type(value)).dump_json(value).decode()
    return text


def from_data(kind: type[T], data: object) -> T:
    """Return the value that `data` describes.

    Raises:
        ValueError: It does not describe one; the text holds no input values.
    """
    return _checked(kind, "validate_python", data)


def from_json(kind: type[T], text: str | bytes) -> T:
    """Return the value that a line of JSON describes; errors as `from_data`."""
    return _checked(kind, "validate_json", text)


def _checked(kind: type[T], method: str, data: object) -> T:
    from pydantic import ValidationError  # noqa: PLC0415  # costs start-up time

    adapter: Any = _adapter(kind)  # type: ignore[arg-type]
    try:
        value: T = getattr(adapter, method)(data)
    except ValidationError as error:
        raise ValueError(_without_values(error)) from None
    return value


def _without_values(error: Any) -> str:
    """Say where and why, never what stood there."""
    problems = error.errors(include_input=False, include_url=False)
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'the document'}: {problem['type']}"
        for problem in problems[:5]
    )


def schema_of(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a value type."""
    schema: dict[str, Any] = _adapter(kind).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
