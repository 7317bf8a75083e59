"""What `reconcile.yaml` may say: the settings of one repository.

The file is optional and so is every key. Fields are declared once, in `FIELDS`: its
parsing, messages, defaults and schema all follow. No pydantic here, since every
command reads this file and importing pydantic takes longer than most plans.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any, Final

from reconciler.core import durations, shape
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.source import Source
from reconciler.core.structured import PARTS
from reconciler.core.variables import NAME as VARIABLE

DEFAULT_FILE: Final = "reconcile.yaml"
DEFAULT_CONNECTIONS: Final = "connections.d"
DEFAULT_STATE: Final = "tinydb:.reconcile/state.json"
DEFAULT_REPORT: Final = ".reconcile/report.json"
FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """When a plan that takes away a lot is refused."""

    max_removed_ratio: float = 0.3
    """Share (0-1) of the records that one plan may delete or deactivate."""
    min_records: int = 10
    """Below so many records the share is not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """Where connections may lead besides public addresses."""

    allow: tuple[str, ...] = ()
    """Networks (CIDRs) of the operator's own; never a cloud's metadata address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One repository's settings; paths are relative to the working directory."""

    workspace: str | None = None
    """Whose records these are in a shared store; None: whoever asks decides."""
    connections: str = DEFAULT_CONNECTIONS
    state: str = DEFAULT_STATE
    report: str = DEFAULT_REPORT
    prune: bool = False
    parallelism: int = 32
    tests_per_minute: int = 120
    lock_timeout_s: int = 0
    guards: GuardSettings = field(default_factory=GuardSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    variables: tuple[str, ...] = ()
    """Names of the environment that the files may use in plain values."""
    source: Source | None = field(default=None, repr=False, compare=False)
    """The file, for the parts that are read when they are used (`core.structured`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of the file: how it is read, described and checked."""

    path: tuple[str, ...]
    attribute: tuple[str, ...]
    kind: Callable[[Any], bool]
    expected: str
    schema: Mapping[str, Any]
    about: str
    allows: Callable[[Any], bool] = lambda _value: True
    convert: Callable[[Any], Any] = lambda value: value


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_duration(value: object) -> bool:
    return durations.parse_duration(value) is not None


def _is_text_list(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(item, str) for item in value
    )


def _are_networks(texts: Sequence[str]) -> bool:
    try:
        return all(map(ip_network, texts))
    except ValueError:
        return False


def _are_names(texts: Sequence[str]) -> bool:
    return all(map(_matches(VARIABLE), texts))


_WORKSPACE: Final = r"^[a-z0-9][a-z0-9._-]{0,62}$"
_INSIDE: Final = r"^(?!/)(?!(?:.*/)?\.\.(?:/|$))[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
"""A path below the repository: its own file must not choose files outside of it."""
_STATE: Final = r"^[a-z][a-z0-9+.-]*:[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"


def _matches(pattern: str) -> Callable[[Any], bool]:
    known = re.compile(pattern.removesuffix("$"))
    return lambda value: known.fullmatch(value) is not None


def _between(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: low <= value <= high


def _text(path: str, pattern: str, expected: str, about: str) -> Setting:
    return Setting(
        path=(path,),
        attribute=(path,),
        kind=_is_text,
        allows=_matches(pattern),
        expected=f"text: {expected}",
        schema={"type": "string", "pattern": pattern},
        about=about,
    )


def _flag(*path: str, about: str) -> Setting:
    return Setting(
        path=path,
        attribute=path,
        kind=_is_flag,
        expected="true or false",
        schema={"type": "boolean"},
        about=about,
    )


def _whole(*path: str, low: int, high: int, about: str) -> Setting:
    return Setting(
        path=path,
        attribute=path,
        kind=_is_whole,
        allows=_between(low, high),
        expected=f"a whole number from {low} to {high}",
        schema={"type": "integer", "minimum": low, "maximum": high},
        about=about,
    )


_LONGEST_WAIT_S: Final = 86_400

FIELDS: Final[tuple[Setting, ...]] = (
    _text(
        "workspace",
        _WORKSPACE,
        "lower-case letters, digits, '.', '_' and '-', at most 63",
        "Identity of this repository in a store that several share.",
    ),
    _text(
        "connections",
        _INSIDE,
        "a folder inside the repository",
        "Folder of the connection files, recursive.",
    ),
    _text(
        "state",
        _STATE,
        "a store such as tinydb:.reconcile/state.json",
        "Where the recorded state is kept; no password belongs here.",
    ),
    _text(
        "report",
        _INSIDE,
        "a file inside the repository",
        "File that every apply, test and cycle writes.",
    ),
    _flag("prune", about="Delete what is no longer declared, not only deactivate it."),
    _whole(
        "parallelism", low=1, high=1000, about="How many tests run at the same time."
    ),
    _whole(
        "tests_per_minute",
        low=1,
        high=10_000,
        about="How many tests with one account may begin within a minute.",
    ),
    Setting(
        path=("lock_timeout",),
        attribute=("lock_timeout_s",),
        kind=_is_duration,
        allows=lambda value: (durations.parse_duration(value) or 0) <= _LONGEST_WAIT_S,
        convert=durations.parse_duration,
        expected="a duration such as 30s, from 0s to 24h",
        schema={
            "anyOf": [
                {"type": "string", "pattern": durations.PATTERN},
                {"type": "integer", "minimum": 0, "maximum": _LONGEST_WAIT_S},
            ]
        },
        about="How long to wait for another run's lock.",
    ),
    Setting(
        path=("guards", "max_removed_ratio"),
        attribute=("guards", "max_removed_ratio"),
        kind=_is_number,
        allows=_between(0, 1),
        convert=float,
        expected="a number from 0 to 1",
        schema={"type": "number", "minimum": 0, "maximum": 1},
        about="Share of the records that one plan may delete or deactivate.",
    ),
    _whole(
        "guards",
        "min_records",
        low=0,
        high=1_000_000,
        about="Below so many records the share is not looked at.",
    ),
    Setting(
        path=("network", "allow"),
        attribute=("network", "allow"),
        kind=_is_text_list,
        allows=_are_networks,
        convert=tuple,
        expected="a list of networks such as 10.20.0.0/16",
        schema={"type": "array", "items": {"type": "string", "minLength": 1}},
        about="Private networks that connections may lead to.",
    ),
    Setting(
        path=("variables",),
        attribute=("variables",),
        kind=_is_text_list,
        allows=_are_names,
        convert=tuple,
        expected="a list of names such as FEED_HOST",
        schema={"type": "array", "items": {"type": "string", "pattern": VARIABLE}},
        about="Names of the environment that files may use as ${NAME}; no secrets.",
    ),
)

SECTIONS: Final[Mapping[str, str]] = {
    "guards": "When a plan that takes away a lot is refused.",
    "network": "Where connections may lead besides public addresses.",
}


def to_settings(source: Source) -> tuple[Settings, tuple[Diagnostic, ...]]:
    """Read the settings from a parsed `reconcile.yaml`; pure.

    Returns:
        The settings, with defaults wherever the file is silent or wrong, and every
        problem sorted by place. With any problem the settings must not be used.
    """
    data = source.data or {}
    found = [*_version_problems(source), *_unknown_keys(source, data)]
    settings = Settings(source=source)
    for setting in FIELDS:
        present, value = _lookup(data, setting.path)
        if not present:
            continue
        wrong = _judge(source, setting, value)
        if wrong:
            found.append(wrong)
        else:
            settings = _with(settings, setting.attribute, setting.convert(value))
    return settings, tuple(sorted(found, key=lambda item: item.sort_key))


def default_of(setting: Setting) -> Any:
    """Return a setting's default as its attribute holds it."""
    value: Any = Settings()
    for name in setting.attribute:
        value = getattr(value, name)
    return value


def _version_problems(source: Source) -> Iterator[Diagnostic]:
    version = (source.data or {}).get("version", FORMAT_VERSION)
    if type(version) is int and version == FORMAT_VERSION:
        return
    code = "R207" if type(version) is int else "R203"
    yield shape.wrong(
        source,
        ("version",),
        code=code,
        expected="the number 1",
        hint=f"use version: {FORMAT_VERSION}",
    )


def _unknown_keys(source: Source, data: Mapping[str, Any]) -> Iterator[Diagnostic]:
    top = {"version", *PARTS, *(setting.path[0] for setting in FIELDS)}
    for key, value in data.items():
        if key not in top:
            yield shape.unknown_key(source, (key,), known=top)
        elif key in SECTIONS:
            yield from _unknown_in_section(source, key, value)


def _unknown_in_section(source: Source, name: str, value: Any) -> Iterator[Diagnostic]:
    if not isinstance(value, dict):
        hint = shape.retype_hint(value, expected="a mapping")
        yield shape.wrong(source, (name,), code="R203", expected="a mapping", hint=hint)
        return
    known = [setting.path[1] for setting in FIELDS if setting.path[0] == name]
    for key in value:
        if key not in known:
            yield shape.unknown_key(source, (name, key), known=known)


def _lookup(data: Mapping[str, Any], path: Sequence[str]) -> tuple[bool, Any]:
    value: Any = data
    for step in path:
        if not isinstance(value, Mapping) or step not in value:
            return False, None
        value = value[step]
    return True, value


def _judge(source: Source, setting: Setting, value: Any) -> Diagnostic | None:
    right_kind = setting.kind(value)
    if right_kind and setting.allows(value):
        return None
    retype = shape.retype_hint(value, expected=setting.expected)
    return shape.wrong(
        source,
        setting.path,
        code="R204" if right_kind else "R203",
        expected=setting.expected,
        hint="" if right_kind else retype,
    )


def _with(settings: Settings, attribute: Sequence[str], value: Any) -> Settings:
    name, *rest = attribute
    if rest:
        value = replace(getattr(settings, name), **{rest[0]: value})
    return replace(settings, **{name: value})
