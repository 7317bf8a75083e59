"""`.sops.yaml`: for whom a new file is sealed.

Read as sops reads it: found from a folder upwards, rules in order, the first whose
`path_regex` matches the path below the file's folder (or that has none) wins.
Later rules are not looked at, so a mistake in one of them stays unnoticed, as there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.adapters.sops.key_groups import Recipients
from reconciler.adapters.sops.rules import Rule, compiled, read_rule
from reconciler.adapters.sops.tree import load_nodes, plain_documents
from reconciler.core.errors import SecretError

CONFIG_NAME: Final = ".sops.yaml"
_MAX_FOLDERS: Final = 100
_CONFIG: Final = 5
"""The exit code of sops for a configuration that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationRule:
    """The rule that applies to one file."""

    config: Path
    recipients: Recipients
    """age public keys by group; blank entries dropped."""
    path_regex: str
    rule: Rule | None
    """Which values to seal; None leaves it to us."""
    mac_only_encrypted: bool | None
    foreign: tuple[str, ...]
    """Kinds of keys that are named there but are not age."""


def find_creation_rule(start: Path, file: Path) -> CreationRule | None:
    """Find the creation rule for a file.

    Args:
        start: A configuration file, or the folder from which to look upwards (sops
            takes the current folder, not that of the file).
        file: The file to be sealed; need not exist.

    Returns:
        The first rule that matches; None without a configuration.

    Raises:
        SecretError: The configuration cannot be read (5), no rule of it matches
            (1), or the rule asks for what this release cannot do.
    """
    config = start if start.is_file() else _search(start)
    if config is None:
        return None
    name = str(config)
    rules = _load(config).get("creation_rules")
    if not isinstance(rules, list) or not rules:
        raise SecretError(f"{name}: it has no creation_rules", code=_CONFIG)
    matched = _matched_text(config, file)
    for entry in rules:
        if not isinstance(entry, Mapping):
            raise SecretError(f"{name}: a creation rule is not a mapping", code=_CONFIG)
        pattern = entry.get("path_regex") or ""
        try:
            if not pattern or compiled(str(pattern))(matched):
                return _creation_rule(config, str(pattern), entry)
        except SecretError as error:
            raise SecretError(f"{name}: {error}", code=_CONFIG) from None
    raise SecretError(
        f"{name}: no matching creation rules found for {matched}; add a rule whose"
        " path_regex matches it",
        code=1,
    )


_FOREIGN: Final = (
    "kms", "gcp_kms", "azure_keyvault", "hc_vault_transit_uri", "hckms", "pgp",
)  # fmt: skip
_GROUP_FOREIGN: Final = ("kms", "gcp_kms", "azure_keyvault", "vault", "hc_vault", "pgp")


def _search(start: Path) -> Path | None:
    folders = [start, *start.absolute().parents][:_MAX_FOLDERS]
    candidates = (folder / CONFIG_NAME for folder in folders)
    return next((one for one in candidates if one.is_file()), None)


def _load(config: Path) -> Mapping[str, Any]:
    try:
        text = config.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(
            f"{config}: cannot be read ({type(error).__name__})", code=_CONFIG
        ) from None
    name = str(config)
    return plain_documents(load_nodes(text, file=name), file=name)[0]


def _matched_text(config: Path, file: Path) -> str:
    """Return the path that rules are matched against: below the config's folder."""
    folder = f"{config.absolute().parent}/"
    whole = str(file.absolute())
    return whole.removeprefix(folder)


def _creation_rule(
    config: Path, pattern: str, entry: Mapping[str, Any]
) -> CreationRule:
    groups = entry.get("key_groups") or []
    if len(groups) > 1:
        raise SecretError(
            f"the rule has {len(groups)} key groups (Shamir), which is not in this"
            " release; use one group"
        )
    # A group wins over the flat keys beside it.
    age = list(_group_keys(groups[0])) if groups else list(_keys(entry.get("age")))
    names, keys = (_GROUP_FOREIGN, groups[0]) if groups else (_FOREIGN, entry)
    only = entry.get("mac_only_encrypted")
    return CreationRule(
        config=config,
        recipients=Recipients.of(age),
        path_regex=pattern,
        rule=read_rule(entry),
        mac_only_encrypted=only if isinstance(only, bool) else None,
        foreign=tuple(name for name in names if keys.get(name)),
    )


def _group_keys(group: Any) -> Iterator[str]:
    """Yield the age keys of a group and of what it merges."""
    if not isinstance(group, Mapping):
        raise SecretError("a key group is not a mapping")
    yield from _keys(group.get("age"))
    for merged in group.get("merge") or []:
        yield from _group_keys(merged)


def _keys(value: Any) -> Iterator[str]:
    entries = value.split(",") if isinstance(value, str) else value or []
    if not isinstance(entries, list) or any(
        not isinstance(one, str) for one in entries
    ):
        raise SecretError("'age' is neither a list nor text with commas")
    yield from (one.strip() for one in entries if one.strip())
