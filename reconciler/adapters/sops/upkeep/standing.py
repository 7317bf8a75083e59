"""How sealed files stand: readers, rule, drift, ages and binding, for people to act on.

Everything but the binding is told without a key: who a file is sealed for stands in
it, and when a ciphertext became what it is stands in Git. Where there is no history,
the file's own date is the youngest that everything in it can be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.adapters import documents
from reconciler.adapters.git_history import Past, read_past
from reconciler.adapters.layers import Parsed, layer_beside, surrounded
from reconciler.adapters.sops.age.keyring import Keyring
from reconciler.adapters.sops.block import Metadata, read_metadata
from reconciler.adapters.sops.envelope import looks_sealed
from reconciler.adapters.sops.reader import BindingState, unseal_source
from reconciler.adapters.sops.upkeep.ages import Aging, credential_since, data_key_since
from reconciler.adapters.sops.upkeep.creation_rules import (
    CreationRule,
    find_creation_rule,
)
from reconciler.adapters.sops.upkeep.drift import find_drift
from reconciler.adapters.sops.upkeep.rulebook import NO_RULE, Rulebook
from reconciler.core.diagnostic import RULES
from reconciler.core.errors import SecretError
from reconciler.core.seals import FileSeal, Opener, SealDrift, SealedValue, Since, Tie
from reconciler.core.source import Source
from reconciler.core.variables import Variables

_NO_KEY = 128
"""The exit code of sops when no identity fits."""


def file_seals(
    directory: Path,
    files: Sequence[str],
    *,
    keyring: Keyring | None,
    variables: Variables,
) -> tuple[FileSeal, ...]:
    """Return how each sealed file stands, in the order given.

    Args:
        directory: The working directory, where `.sops.yaml` is looked for.
        files: Documents, relative to it; those that seal nothing are left out.
        keyring: What checks the bindings; None opens nothing.
        variables: What the files take from the environment.
    """
    book = Rulebook(str(directory))
    past = read_past(directory, files)
    found = (
        _file_seal(directory, _read(directory, file, variables), book, past, keyring)
        for file in files
    )
    return tuple(one for one in found if one is not None)


def _read(directory: Path, file: str, variables: Variables) -> Parsed:
    source, problems = documents.read(directory / file, file=file)
    layer = layer_beside(str(directory), file)
    return surrounded(source, layer, variables).source, problems


def _file_seal(
    directory: Path,
    read: Parsed,
    book: Rulebook,
    past: Past,
    keyring: Keyring | None,
) -> FileSeal | None:
    source, problems = read
    file = source.file
    path = directory / file
    if source.data is None:
        return FileSeal(file=file, problem=problems[0].message)
    if not ({"sops", "credentials"} & source.data.keys()):
        return None
    try:
        block = read_metadata(source.data, file=file)
    except SecretError as error:
        return FileSeal(file=file, problem=str(error).removeprefix(f"{file}: "))
    key, values = _ages(source, block, past)
    seal = FileSeal(
        file=file,
        recipients=tuple(
            Opener(recipient=key, name=book.people.get(key, ""))
            for key in block.recipients
        ),
        groups=len(block.wrapped.groups),
        data_key=key,
        credentials=values,
    )
    seal = _tied(seal, source, block, keyring)
    return _ruled(seal, path, block, book)


def _ruled(seal: FileSeal, path: Path, block: Metadata, book: Rulebook) -> FileSeal:
    """Add the rule that applies, and how far the file is from it."""
    if not book.path:
        return seal
    seal = replace(seal, config=book.name)
    try:
        rule = find_creation_rule(Path(book.path), path)
    except SecretError as error:
        code = "R312" if error.code == NO_RULE else "R313"
        drift = SealDrift(code=code, message=str(error), fix=RULES[code].fix)
        return replace(seal, drift=(drift,))
    return replace(
        seal, rule=rule.path_regex if rule else None,
        drift=_drift(seal.file, block, rule, book),
    )  # fmt: skip


def _drift(
    file: str, block: Metadata, rule: CreationRule | None, book: Rulebook
) -> tuple[SealDrift, ...]:
    found = find_drift(block, rule, called=book.called) if rule else ()
    return tuple(
        SealDrift(code=one.code, message=one.message, fix=one.fix(file))
        for one in found
    )


def _tied(
    seal: FileSeal, source: Source, block: Metadata, keyring: Keyring | None
) -> FileSeal:
    data = source.data or {}
    told = _tie_by_look(data, block)
    if keyring is None or told is Tie.NONE:
        return replace(seal, binding=told)
    try:
        opened = unseal_source(source, keyring=keyring, verify_binding=False)
    except SecretError as error:
        if error.code == _NO_KEY:
            return replace(seal, binding=told)
        problem = str(error).removeprefix(f"{source.file}: ")
        return replace(seal, binding=Tie.BROKEN, problem=problem)
    return replace(seal, binding=_TIES[opened.binding_state])


_TIES: Mapping[BindingState, Tie] = {
    BindingState.BOUND: Tie.BOUND,
    BindingState.UNBOUND_MAC_COVERS_ALL: Tie.MAC,
    BindingState.UNBOUND: Tie.UNBOUND,
    BindingState.MISMATCH: Tie.MISMATCH,
    BindingState.NOTHING_SEALED: Tie.NONE,
}


def _tie_by_look(data: Mapping[str, Any], block: Metadata) -> Tie:
    """Return what ties the credentials as far as it shows without a key."""
    if not data.get("credentials"):
        return Tie.NONE
    if looks_sealed(data.get("binding")):
        return Tie.UNCHECKED
    return Tie.UNBOUND if block.mac_only_encrypted or not block.mac else Tie.MAC


def _ages(
    source: Source, block: Metadata, past: Past
) -> tuple[Since | None, tuple[SealedValue, ...]]:
    """Return since when the data key, and each credential, is what it is."""
    versions = past.versions.get(source.file, ())
    aging = Aging(text=source.text, versions=versions, cut=past.is_cut)
    key = data_key_since(aging) if versions else _by_file(block)
    values = []
    for name, sealed in _sealed_credentials(source).items():
        since = credential_since(aging, sealed, key=key) if versions and key else key
        if since:
            values.append(SealedValue(name=name, since=since))
    return key, tuple(values)


def _sealed_credentials(source: Source) -> dict[str, list[str]]:
    credentials = (source.data or {}).get("credentials")
    if not isinstance(credentials, Mapping):
        return {}
    texts = {name: _sealed(value) for name, value in credentials.items()}
    return {name: sealed for name, sealed in texts.items() if sealed}


def _sealed(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        return [text for item in value for text in _sealed(item)]
    return [value] if looks_sealed(value) else []


def _by_file(block: Metadata) -> Since | None:
    """Return the date that the file gives itself: nothing in it is younger."""
    try:
        at = datetime.fromisoformat(block.lastmodified)
    except ValueError:
        return None
    return Since(at=at if at.tzinfo else at.replace(tzinfo=UTC), exact=False)
