"""Whether `.sops.yaml` can be used at all, said at the line that is wrong.

sops stops at the first rule that matches and so never sees a mistake in a later one,
and takes a regular expression that does not compile for "seal nothing". Here every
rule is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reconciler.adapters.documents import BOM, locate
from reconciler.adapters.sops.rules import compiled, read_rule
from reconciler.adapters.sops.tree import load_nodes, plain_documents
from reconciler.core.diagnostic import RULES, Diagnostic, Severity, Span
from reconciler.core.errors import SecretError
from reconciler.core.source import Path

Fault = tuple[Path, str, Severity]
"""Where in the file, what is wrong there, and whether nothing can be sealed so."""


def config_problems(data: bytes, *, file: str) -> tuple[Diagnostic, ...]:
    """Return every mistake in a `.sops.yaml` as R313, sorted by place; never raises."""
    try:
        text = data.decode().removeprefix(BOM)
        root = plain_documents(load_nodes(text, file=file), file=file)[0]
    except UnicodeDecodeError:
        return (_problem("it is not UTF-8 text", Span(file)),)
    except SecretError as error:
        return (_unreadable(str(error), file),)
    found = [
        _problem(what, Span(file, *(locate(text, path, key=False) or (1, 1))), severity)
        for path, what, severity in _faults(root)
    ]
    return tuple(sorted(found, key=lambda one: one.sort_key))


_PLACED: Final = re.compile(r":(\d+):(\d+): (.+)", re.DOTALL)
_X25519: Final = re.compile("age1[02-9ac-hj-np-z]{58}")
_OTHER: Final = re.compile(r"age1[a-z0-9-]+1[02-9ac-hj-np-z]+|ssh-(ed25519|rsa) \S+.*")


def _unreadable(message: str, file: str) -> Diagnostic:
    match = _PLACED.match(message.removeprefix(file))
    if match is None:
        return _problem(message.removeprefix(f"{file}: "), Span(file))
    return _problem(match[3], Span(file, int(match[1]), int(match[2])))


def _faults(root: Mapping[str, Any]) -> Iterator[Fault]:
    rules = root.get("creation_rules")
    if not isinstance(rules, list) or not rules:
        yield _error(("creation_rules",), "it has no list of creation_rules")
        return
    for index, rule in enumerate(rules):
        path: Path = ("creation_rules", index)
        if isinstance(rule, Mapping):
            yield from _rule_faults(rule, path)
        else:
            yield _error(path, "a creation rule is not a mapping")


def _rule_faults(rule: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    try:
        compiled(str(rule.get("path_regex") or ""))
    except SecretError as error:
        yield _error((*path, "path_regex"), str(error))
    try:
        read_rule(rule)
    except SecretError as error:
        yield _error(path, str(error))
    yield from _group_faults(rule, path)
    groups = rule.get("key_groups")
    if not isinstance(groups, list | None):
        yield _error((*path, "key_groups"), "key_groups is not a list")
        return
    for index, group in enumerate(groups or ()):
        place: Path = (*path, "key_groups", index)
        if isinstance(group, Mapping):
            yield from _group_faults(group, place)
        else:
            yield _error(place, "a key group is not a mapping")


def _group_faults(group: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    keys = group.get("age")
    parted = keys.split(",") if isinstance(keys, str) else keys or []
    if not isinstance(parted, list) or not all(isinstance(one, str) for one in parted):
        what = "'age' is neither a list nor text with commas"
        yield _error((*path, "age"), what)
        return
    for index, key in enumerate(parted):
        if not _is_recipient(key.strip()):
            place: Path = (index,) if isinstance(keys, list) else ()
            what = "this is no age public key, or not a whole one"
            # A later age may know kinds of keys that we do not.
            yield (*path, "age", *place), what, Severity.WARNING


def _is_recipient(key: str) -> bool:
    return not key or bool(_X25519.fullmatch(key) or _OTHER.fullmatch(key))


def _error(path: Path, what: str) -> Fault:
    return path, what, Severity.ERROR


def _problem(what: str, span: Span, severity: Severity = Severity.ERROR) -> Diagnostic:
    hint = RULES["R313"].fix
    return Diagnostic(
        code="R313", message=what, span=span, hint=hint, severity=severity
    )
