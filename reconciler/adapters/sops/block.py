"""The `sops:` block: who may open a file, and how its values were chosen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.adapters.sops.key_groups import KeyGroup, Stanza, WrappedKey
from reconciler.adapters.sops.rules import DEFAULT, Rule, RuleKind, read_rule
from reconciler.adapters.sops.values import Timestamp
from reconciler.core.errors import SecretError

VERSION: Final = "3.9.0"
"""The oldest sops that knows `mac_only_encrypted`, which is all our files need."""

_FOREIGN: Final = ("kms", "gcp_kms", "azure_kv", "hc_vault", "hckms", "pgp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A `sops:` block, read leniently: a damaged one must still be explainable."""

    wrapped: WrappedKey
    rule: Rule
    lastmodified: str
    """As written; RFC 3339."""
    mac: str = field(repr=False)
    """Sealed; empty when missing."""
    mac_only_encrypted: bool
    version: str

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who may open the file, in the order of the file."""
        return tuple(stanza.recipient for stanza in self.wrapped.stanzas)

    @property
    def foreign(self) -> tuple[str, ...]:
        """Kinds of keys in the block that are not age: kms, pgp and so on."""
        kinds = (kind for group in self.wrapped.groups for kind in group.foreign)
        return tuple(dict.fromkeys(kinds))


@dataclass(frozen=True, slots=True, kw_only=True)
class SealInfo:
    """What a sealed file says about itself without any key."""

    recipients: tuple[str, ...]
    has_mac: bool
    encrypted_regex: str | None
    mac_only_encrypted: bool
    lastmodified: str
    version: str


def read_metadata(data: Mapping[str, Any], *, file: str) -> Metadata:
    """Read the `sops:` block of a document.

    Raises:
        SecretError: There is none, or it does not have the shape of one.
    """
    block = data.get("sops")
    if not isinstance(block, Mapping):
        raise SecretError(
            f"{file}: sops metadata not found; run 'reconcile encrypt {file}'", code=1
        )
    try:
        return _metadata(block)
    except SecretError as error:
        raise SecretError(f"{file}: in 'sops': {error}", code=1) from None


def seal_info(found: Metadata) -> SealInfo:
    """Summarise a block for people and for plans."""
    regex = found.rule.kind is RuleKind.ENCRYPTED_REGEX
    return SealInfo(
        recipients=found.recipients,
        has_mac=bool(found.mac),
        encrypted_regex=found.rule.pattern if regex else None,
        mac_only_encrypted=found.mac_only_encrypted,
        lastmodified=found.lastmodified,
        version=found.version,
    )


def block_yaml(wrapped: WrappedKey, rule: Rule, *, stamp: str, mac: str) -> str:
    """Write a `sops:` block as sops 3.13 does: sorted, four spaces, no final break."""
    lines = ["sops:", "    age:"]
    for stanza in wrapped.stanzas:
        lines.append("        - enc: |")
        lines += [f"            {line}" for line in stanza.enc.strip().splitlines()]
        lines.append(f"          recipient: {stanza.recipient}")
    lines += [
        f"    {rule.kind.value}: {rule.pattern}",
        f'    lastmodified: "{stamp}"',
        f"    mac: {mac}",
        "    mac_only_encrypted: true",
        f"    version: {VERSION}",
    ]
    return "\n".join(lines)


def block_json(
    wrapped: WrappedKey, rule: Rule, *, stamp: str, mac: str, indent: int | None
) -> str:
    """Write the same block as a JSON object, on one line without `indent`."""
    block = {
        "age": [
            {"enc": _armoured(one), "recipient": one.recipient}
            for one in wrapped.stanzas
        ],
        rule.kind.value: rule.pattern,
        "lastmodified": stamp,
        "mac": mac,
        "mac_only_encrypted": True,
        "version": VERSION,
    }
    return json.dumps(block, indent=indent, ensure_ascii=False)


def _armoured(stanza: Stanza) -> str:
    return "\n".join(stanza.enc.strip().splitlines()) + "\n"


def _metadata(block: Mapping[str, Any]) -> Metadata:
    return Metadata(
        wrapped=_wrapped(block),
        rule=read_rule(block) or DEFAULT,
        lastmodified=_text(block, "lastmodified"),
        mac=_text(block, "mac"),
        mac_only_encrypted=block.get("mac_only_encrypted") is True,
        version=_text(block, "version"),
    )


def _wrapped(block: Mapping[str, Any]) -> WrappedKey:
    """Read the keys: those at the top win over `key_groups`, as in sops."""
    groups, top = _list(block, "key_groups"), _group(block)
    if not groups or top.stanzas or top.foreign:
        return WrappedKey(groups=(top,))
    found = tuple(_group(item) for item in groups)
    threshold = block.get("shamir_threshold")
    return WrappedKey(
        groups=found,
        threshold=threshold if isinstance(threshold, int) and len(found) > 1 else 0,
    )


def _group(group: object) -> KeyGroup:
    if not isinstance(group, Mapping):
        raise SecretError("an entry of 'key_groups' is not a mapping")
    return KeyGroup(
        stanzas=tuple(_stanza(item) for item in _list(group, "age")),
        foreign=tuple(name for name in _FOREIGN if _list(group, name)),
    )


def _stanza(item: object) -> Stanza:
    if not isinstance(item, Mapping):
        raise SecretError("an entry of 'age' is not a mapping")
    return Stanza(recipient=_text(item, "recipient"), enc=_text(item, "enc"))


def _list(block: Mapping[str, Any], name: str) -> list[Any]:
    found = block.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise SecretError(f"'{name}' is not a list")
    return found


def _text(block: Mapping[str, Any], name: str) -> str:
    found = block.get(name, "")
    if isinstance(found, Timestamp):
        # sops refuses an unquoted timestamp here; others write it, the MAC covers it.
        return found.text
    if isinstance(found, str):
        return found
    if found is None:
        return ""
    raise SecretError(f"'{name}' is not text")
