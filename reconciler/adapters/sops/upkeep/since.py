"""What a change does to a sealed file, told without a key: for pull requests.

Whoever reviews a change sees that a text of `ENC[…]` differs, or that it does not.
What that means must be said: credentials that would now go elsewhere, old ones that
are back, one reader more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.adapters.git_history import Version
from reconciler.adapters.sops.block import Metadata, read_metadata
from reconciler.core.binding import BOUND_FIELDS, binding_digest
from reconciler.core.diagnostic import RULES, Diagnostic, Severity
from reconciler.core.errors import InputError, SecretError
from reconciler.core.source import Path, Source


def changed_seal(
    now: Source,
    base: Source,
    past: Iterable[Version],
    *,
    called: Callable[[str], str],
) -> tuple[Diagnostic, ...]:
    """Judge what changed in a sealed file since its base (R317 to R319, warnings).

    Args:
        now: The file as it is.
        base: The file as it was.
        past: What the base had been before, newest first; asked only when needed.
        called: What to call a recipient in messages.
    """
    old, new = _block(base), _block(now)
    if old is None or new is None or now.data is None or base.data is None:
        return ()
    found = [*_moved(now, base, old, new), *_added(now, old, new, called)]
    sealed = sealed_texts(now.data)
    if sealed and sealed != sealed_texts(base.data):
        found += _replayed(now, sealed, past)
    return tuple(found)


def sealed_texts(data: Mapping[str, Any]) -> frozenset[str]:
    """Return the ciphertexts of the credentials and of the binding."""
    held = [data.get("credentials"), data.get("binding")]
    return frozenset(text for value in held for text in _texts(value))


_SEALED: Final = "ENC["
_SHOWN: Final = 10


def _block(source: Source) -> Metadata | None:
    try:
        return read_metadata(source.data or {}, file=source.file)
    except SecretError:
        return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for child in value.values():
            yield from _texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child)
    elif isinstance(value, str) and value.startswith(_SEALED):
        yield value


def _moved(
    now: Source, base: Source, old: Metadata, new: Metadata
) -> Iterator[Diagnostic]:
    data, before = now.data or {}, base.data or {}
    if not sealed_texts(data) or not _seal_stands(data, before, old, new):
        return
    if _digest(data) == _digest(before):
        return
    path = _first_change(data, before)
    named = ".".join(map(str, path))
    message = (
        f"'{named}' changed, and the credentials are still sealed for how it was: "
        "apply will refuse them"
    )
    yield _warning(now, "R317", message, path)


def _seal_stands(
    data: Mapping[str, Any], before: Mapping[str, Any], old: Metadata, new: Metadata
) -> bool:
    """Tell whether what ties the credentials is still the old one: binding or MAC."""
    if data.get("binding") is not None:
        return bool(data["binding"] == before.get("binding"))
    return old.mac == new.mac


def _digest(data: Mapping[str, Any]) -> str:
    try:
        return binding_digest(data)
    except InputError:
        return ""


def _first_change(data: Mapping[str, Any], before: Mapping[str, Any]) -> Path:
    for name in BOUND_FIELDS:
        here, there = data.get(name), before.get(name)
        if here == there:
            continue
        if isinstance(here, Mapping) and isinstance(there, Mapping):
            inner = [key for key in here if here[key] != there.get(key)]
            return (name, *inner[:1])
        return (name,)
    return ()


def _added(
    now: Source, old: Metadata, new: Metadata, called: Callable[[str], str]
) -> Iterator[Diagnostic]:
    for key in new.recipients:
        if key not in old.recipients:
            message = f"{called(key)} can open this file now, and could not before"
            yield _warning(now, "R319", message, ("sops", "age"))


def _replayed(
    now: Source, sealed: frozenset[str], past: Iterable[Version]
) -> Iterator[Diagnostic]:
    """Tell of the newest old version that holds all that is sealed now."""
    for old in past:
        if all(text in old.text for text in sealed):
            day = f"{old.at:%Y-%m-%d}"
            message = (
                f"the sealed credentials are those of {old.commit[:_SHOWN]}, {day}: "
                "this restores an earlier version"
            )
            yield _warning(now, "R318", message, ("credentials",))
            return


def _warning(
    source: Source, code: str, message: str, path: Sequence[Any]
) -> Diagnostic:
    return Diagnostic(
        code=code,
        message=message,
        span=source.span(tuple(path), key=True),
        hint=RULES[code].fix.replace("FILE", source.file),
        severity=Severity.WARNING,
    )
