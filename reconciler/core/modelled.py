"""Plain data checked by a pydantic model, every problem in our words and in its place.

Each field of a model carries `Wants`, the phrase that completes "must be …".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from reconciler.core.diagnostic import Diagnostic
from reconciler.core.document_words import Wants, Wishes, explain
from reconciler.core.source import Path, Source

M = TypeVar("M", bound=BaseModel)


def modelled(
    model: type[M], source: Source, data: Mapping[str, Any], *, at: Path = ()
) -> tuple[M | None, list[Diagnostic]]:
    """Check a document, or the part of it at `at`; pure, every problem in one pass.

    Checked strictly in its JSON form: a list becomes a tuple, text never a number.

    Args:
        model: What it must be.
        source: The document, for places.
        data: What stands at `at`, as the model is to see it.
        at: Where in the document the model begins.

    Returns:
        The model, None when anything is wrong, and the problems.
    """
    try:
        return model.model_validate_json(json.dumps(data)), []
    except ValidationError as error:
        return None, list(_explained(model, source, error, at))


def _explained(
    model: type[BaseModel], source: Source, error: ValidationError, at: Path
) -> Iterator[Diagnostic]:
    details = error.errors(
        include_url=False, include_input=False, include_context=False
    )
    for detail in details:
        if detail["type"] != "json_invalid":  # bad Unicode: see the checks
            yield explain(
                source,
                kind=detail["type"],
                loc=detail["loc"],
                wishes=wishes_of(model),
                at=at,
            )


@cache
def wishes_of(model: type[BaseModel]) -> Wishes:
    """Return what each field of a model must be, by its path from the root."""
    return dict(_wishes_below(model, ()))


def _wishes_below(
    model: type[BaseModel], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Wants]]:
    for name, info in model.model_fields.items():
        here = (*path, info.alias or name)
        wants = _wants_of(info.metadata, info.annotation)
        yield here, wants
        for inner, below in _models_in(info.annotation, here):
            if below != here:
                yield below, Wants(wants.items or "a mapping")
            yield from _wishes_below(inner, below)


def _models_in(
    annotation: Any, path: tuple[str, ...]
) -> Iterator[tuple[type[BaseModel], tuple[str, ...]]]:
    """Return the models that a field holds: itself, its items, or its values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, path
        return
    many = get_origin(annotation) in (list, tuple, dict)
    for argument in get_args(annotation):
        if hasattr(argument, "__metadata__"):
            yield from _models_in(argument.__origin__, path)
        else:
            yield from _models_in(argument, (*path, "*") if many else path)


def _wants_of(metadata: Any, annotation: object) -> Wants:
    # Beside `| None` pydantic leaves the metadata inside the union's first arm.
    inner = getattr(annotation, "__args__", ())
    nested = getattr(inner[0], "__metadata__", ()) if inner else ()
    return next(item for item in (*metadata, *nested) if isinstance(item, Wants))
