"""The parts of `reconcile.yaml` that have a structure: lists and mappings of their own.

`core.settings` reads what every command needs without pydantic. These parts are read
when they are used, by a model each, so that a plan does not pay for the alerts.
`validate` and the daemon check them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from reconciler.core import shape
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.errors import DocumentError
from reconciler.core.source import Source

if TYPE_CHECKING:
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: what it is about, and its model as `module:class`."""

    about: str
    model: str


PARTS: Final[Mapping[str, Part]] = {
    "freeze": Part(
        "When apply leaves alone what runs.",
        "reconciler.core.freeze_section:FreezeSection",
    ),
    "alerts": Part(
        "Who is told when something fails, and how.",
        "reconciler.core.alert_settings:AlertSection",
    ),
    "connectivity": Part(
        "Who tells whether this machine's own network is up.",
        "reconciler.core.connectivity_settings:ConnectivitySection",
    ),
    "daemon": Part(
        "How the daemon watches and tests.",
        "reconciler.core.daemon_settings:DaemonSection",
    ),
    "http": Part(
        "Who may ask the daemon over HTTP, and where it listens.",
        "reconciler.core.http_settings:HttpSection",
    ),
    "maintenance": Part(
        "When nobody is told of some connections.",
        "reconciler.core.maintenance_settings:MaintenanceSection",
    ),
}
"""Every part by its key."""


def model_of(name: str) -> type[BaseModel]:
    """Return the model of one part; imports it."""
    module, _, attribute = PARTS[name].model.partition(":")
    found: type[BaseModel] = getattr(import_module(module), attribute)
    return found


def part_of(source: Source | None, model: type[M]) -> M:
    """Return one part of the settings' source, its defaults when it is left out.

    Raises:
        DocumentError: It is invalid; carries every problem with its place.
    """
    name = _name_of(model)
    value = (source.data or {}).get(name) if source else None
    if source is None or value is None:
        return model()
    found, wrong = _checked(source, name, value, model)
    if found is None:
        raise DocumentError(tuple(sorted(wrong, key=lambda item: item.sort_key)))
    return found


def problems_of_parts(source: Source | None) -> tuple[Diagnostic, ...]:
    """Return every problem of every part that the file has, sorted by place."""
    wrong: list[Diagnostic] = []
    for name, value in ((source.data or {}) if source else {}).items():
        if source and name in PARTS:
            wrong += _checked(source, name, value, model_of(name))[1]
    return tuple(sorted(wrong, key=lambda item: item.sort_key))


def _name_of(model: type[BaseModel]) -> str:
    full = f"{model.__module__}:{model.__qualname__}"
    return next(name for name, part in PARTS.items() if part.model == full)


def _checked(
    source: Source, name: str, value: Any, model: type[M]
) -> tuple[M | None, list[Diagnostic]]:
    from reconciler.core.modelled import modelled  # noqa: PLC0415  # start-up time

    if not isinstance(value, Mapping):
        hint = shape.retype_hint(value, expected="a mapping")
        wrong = shape.wrong(
            source, (name,), code="R203", expected="a mapping", hint=hint
        )
        return None, [wrong]
    found, problems = modelled(model, source, value, at=(name,))
    among = getattr(found, "problems", None)
    if among is not None:  # what is wrong between the fields of a part
        problems = list(among(source, (name,)))
    return (None if problems else found), problems
