"""The `sops:` block: who may open a file, and how its values were chosen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.adapters.sops.age.key_groups import KeyGroup, Stanza, WrappedKey
from reconciler.adapters.sops.age.kinds import Kind, kind_of
from reconciler.adapters.sops.age.shamir import MIN_THRESHOLD
from reconciler.adapters.sops.rules import DEFAULT, Rule, RuleKind, read_rule
from reconciler.adapters.sops.scalars import resolve
from reconciler.adapters.sops.values import Timestamp
from reconciler.core.errors import SecretError

VERSION: Final = "3.9.0"
"""The oldest sops that knows `mac_only_encrypted`, which is all most files need."""
_SINCE: Final = {
    Kind.POST_QUANTUM: "3.12.0",
    Kind.SSH: "3.10.0",
    Kind.PLUGIN: "3.10.0",
}
"""The first sops that knows a kind of recipient."""
_TIMES_SINCE: Final = "3.10.0"
_SEALED_TIME: Final = ",type:time]"

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


def version_for(wrapped: WrappedKey, *, sealed: str = "") -> str:
    """Return the oldest sops that reads a file.

    Args:
        wrapped: Its recipients.
        sealed: Its text, whose sealed values may have a type that came later.
    """
    return max([VERSION, *_reasons(wrapped, sealed)], key=_numbers)


def newer_version(
    metadata: Metadata, wrapped: WrappedKey, *, sealed: str
) -> dict[str, str]:
    """Return the version to write, where new content asks more than the block's."""
    reasons = _reasons(wrapped, sealed)
    needed = max([metadata.version, *reasons], key=_numbers)
    return {"version": needed} if needed != metadata.version else {}


def _reasons(wrapped: WrappedKey, sealed: str) -> list[str]:
    kinds = {kind_of(stanza.recipient) for stanza in wrapped.stanzas}
    times = [_TIMES_SINCE] if _SEALED_TIME in sealed else []
    return [*times, *(_SINCE[kind] for kind in kinds if kind in _SINCE)]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"[0-9]+", version)[:3]))


def block_yaml(  # the parts of the block
    wrapped: WrappedKey,
    rule: Rule,
    *,
    stamp: str,
    mac: str,
    only_encrypted: bool = True,
    sealed: str = "",
) -> str:
    """Write a `sops:` block as sops 3.13 does: sorted, four spaces, no final break.

    `sealed` is the text that it belongs to.
    """
    fields = _fields(
        wrapped, rule, stamp, mac, only_encrypted=only_encrypted, sealed=sealed
    )
    lines = ["sops:"]
    for name, value in fields.items():
        lines += _yaml_lines(name, value)
    return "\n".join(lines)


def block_json(  # noqa: PLR0913  # the parts of the block
    wrapped: WrappedKey,
    rule: Rule,
    *,
    stamp: str,
    mac: str,
    indent: int | None,
    only_encrypted: bool = True,
    sealed: str = "",
) -> str:
    """Write the same block as a JSON object, on one line without `indent`."""
    fields = _fields(
        wrapped, rule, stamp, mac, only_encrypted=only_encrypted, sealed=sealed
    )
    return json.dumps(fields, indent=indent, ensure_ascii=False)


def _keys_fields(wrapped: WrappedKey) -> dict[str, Any]:
    """Return the part of a block that says who may open it, as plain data."""
    if not wrapped.is_split:
        return {"age": _age(wrapped.stanzas)}
    return {
        # sops writes the empty list, whatever else a group holds.
        "key_groups": [
            {"age": _age(group.stanzas), "hc_vault": []} for group in wrapped.groups
        ],
        "shamir_threshold": wrapped.threshold,
    }


def _fields(  # the parts of the block
    wrapped: WrappedKey, rule: Rule, stamp: str, mac: str, *, only_encrypted: bool,
    sealed: str,
) -> dict[str, Any]:  # fmt: skip
    """Return a block as plain data, sorted as sops sorts it."""
    fields = {
        **_keys_fields(wrapped),
        rule.kind.value: rule.pattern,
        "lastmodified": stamp,
        "mac": mac,
        **({"mac_only_encrypted": True} if only_encrypted else {}),
        "version": version_for(wrapped, sealed=sealed),
    }
    return dict(sorted(fields.items()))


def _age(stanzas: Sequence[Stanza]) -> list[dict[str, str]]:
    return [{"enc": _armoured(one), "recipient": one.recipient} for one in stanzas]


def _armoured(stanza: Stanza) -> str:
    return "\n".join(stanza.enc.strip().splitlines()) + "\n"


def _yaml_lines(name: str, value: Any) -> Iterator[str]:
    """Yield a field of the block; lists are those of keys and of groups."""
    if name == "key_groups":
        yield "    key_groups:"
        for group in value:
            yield "        - age:"
            yield from _yaml_keys(group["age"], " " * 12)
            yield "          hc_vault: []"
    elif name == "age":
        yield "    age:"
        yield from _yaml_keys(value, " " * 8)
    elif name == "lastmodified":
        yield f'    lastmodified: "{value}"'  # in quotes, or sops takes it for a time
    else:
        yield f"    {name}: {_yaml_scalar(value)}"


def _yaml_keys(keys: Sequence[Mapping[str, str]], indent: str) -> Iterator[str]:
    for key in keys:
        yield f"{indent}- enc: |"
        yield from (f"{indent}    {line}" for line in key["enc"].splitlines())
        yield f"{indent}  recipient: {_yaml_scalar(key['recipient'])}"


def _yaml_scalar(value: object) -> str:
    """Write text plain where YAML reads it back as it is, else in quotes."""
    if not isinstance(value, str):
        return json.dumps(value)
    is_plain = _PLAIN.fullmatch(value) and not _AMBIGUOUS.search(value)
    if is_plain and resolve(value, plain=True, tag="") == value:
        return value
    return json.dumps(value, ensure_ascii=False)


_PLAIN: Final = re.compile(r"[A-Za-z0-9_^(.$/][!-~]*(?: [!-~]+)*")
_AMBIGUOUS: Final = re.compile(r": |:$| #")


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
    return WrappedKey(groups=found, threshold=_threshold(block, len(found)))


def _threshold(block: Mapping[str, Any], groups: int) -> int:
    given = block.get("shamir_threshold") or groups
    if groups < MIN_THRESHOLD:
        return 0
    if type(given) is not int or not MIN_THRESHOLD <= given <= groups:
        raise SecretError(f"'shamir_threshold' is not from {MIN_THRESHOLD} to {groups}")
    return given


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
