"""`.sops.yaml`: for whom a new file is sealed.

Read as sops reads it: found from a folder upwards, rules in order, the first whose
`path_regex` matches the path below the file's folder (or that has none) wins.
Later rules are not looked at, so a mistake in one of them stays unnoticed, as there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from reconciler.adapters.sops.age.key_groups import Recipients
from reconciler.adapters.sops.age.shamir import MIN_THRESHOLD
from reconciler.adapters.sops.rules import Rule, compiled, read_rule
from reconciler.adapters.sops.tree import load_nodes, plain_documents
from reconciler.core.errors import SecretError

CONFIG_NAME: Final = ".sops.yaml"
MISNAMED: Final = ".sops.yml"
_MAX_FOLDERS: Final = 100
_CONFIG: Final = 5
"""The exit code of sops for a configuration that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationRule:
    """The rule that applies to one file."""

    config: Path
    recipients: Recipients
    """age public keys by group, each once in its group; blank entries dropped."""
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
        SecretError: The configuration cannot be read or is misnamed (5), or no rule
            of it matches (1).
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
_GROUP_FOREIGN: Final = (
    "kms", "gcp_kms", "azure_keyvault", "vault", "hc_vault", "hckms", "pgp",
)  # fmt: skip


def _search(start: Path) -> Path | None:
    """Return the nearest configuration; refuse one that sops would pass over."""
    folders = [start, *start.absolute().parents][:_MAX_FOLDERS]
    found = _nearest(folders, CONFIG_NAME)
    misnamed = None if found else _nearest(folders, MISNAMED)
    if misnamed:
        raise SecretError(
            f"{misnamed}: sops ignores a file of this name, and so do we; rename it to"
            f" {CONFIG_NAME}",
            code=_CONFIG,
        )
    return found


def _nearest(folders: Sequence[Path], name: str) -> Path | None:
    candidates = (folder / name for folder in folders)
    return next((one for one in candidates if one.is_file()), None)


def _load(config: Path) -> Mapping[str, Any]:
    try:
        text = config.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(
            f"{config}: cannot be read ({type(error).__name__})", code=_CONFIG
        ) from None
    return _parsed(text, str(config))


@lru_cache(maxsize=8)
def _parsed(text: str, name: str) -> Mapping[str, Any]:
    """Parse once: every file of a repository asks for the same one."""
    return plain_documents(load_nodes(text, file=name), file=name)[0]


def _matched_text(config: Path, file: Path) -> str:
    """Return the path that rules are matched against: below the config's folder."""
    folder = f"{config.absolute().parent}/"
    whole = str(file.absolute())
    return whole.removeprefix(folder)


def _creation_rule(
    config: Path, pattern: str, entry: Mapping[str, Any]
) -> CreationRule:
    groups = _mappings(entry.get("key_groups"), "key_groups")
    # Groups win over the flat keys beside them.
    keys = [_group_keys(group) for group in groups] or [_keys(entry.get("age"))]
    named = [_group_foreign(group) for group in groups] or [_named(entry, _FOREIGN)]
    only = entry.get("mac_only_encrypted")
    return CreationRule(
        config=config,
        recipients=_recipients(keys, entry.get("shamir_threshold")),
        path_regex=pattern,
        rule=read_rule(entry),
        mac_only_encrypted=only if isinstance(only, bool) else None,
        foreign=tuple(dict.fromkeys(name for names in named for name in names)),
    )


def _recipients(keys: Sequence[Iterable[str]], threshold: object) -> Recipients:
    """Return the recipients; without a threshold every group must come together."""
    groups = tuple(tuple(dict.fromkeys(group)) for group in keys)
    if len(groups) < MIN_THRESHOLD:
        # sops lets a threshold beside a single group pass, and does without it.
        return Recipients.of(groups[0])
    number = threshold or len(groups)
    if type(number) is not int or not MIN_THRESHOLD <= number <= len(groups):
        raise SecretError(
            f"shamir_threshold is not from {MIN_THRESHOLD} to {len(groups)}, the number"
            " of key groups"
        )
    return Recipients(groups=groups, threshold=number)


def _group_keys(group: Mapping[str, Any]) -> Iterator[str]:
    """Yield the age keys of what a group merges, then its own, as sops does."""
    for merged in _mappings(group.get("merge"), "merge"):
        yield from _group_keys(merged)
    yield from _keys(group.get("age"))


def _group_foreign(group: Mapping[str, Any]) -> Iterator[str]:
    yield from _named(group, _GROUP_FOREIGN)
    for merged in _mappings(group.get("merge"), "merge"):
        yield from _group_foreign(merged)


def _named(keys: Mapping[str, Any], kinds: Sequence[str]) -> Iterator[str]:
    return (kind for kind in kinds if keys.get(kind))


def _mappings(value: Any, name: str) -> list[Mapping[str, Any]]:
    found = value or []
    if not isinstance(found, list):
        raise SecretError(f"'{name}' is not a list")
    if not all(isinstance(one, Mapping) for one in found):
        raise SecretError(f"an entry of '{name}' is not a mapping")
    return found


def _keys(value: Any) -> Iterator[str]:
    entries = [value] if isinstance(value, str) else value or []
    if not isinstance(entries, list) or any(
        not isinstance(one, str) for one in entries
    ):
        raise SecretError("'age' is neither a list nor text with commas")
    keys = (key.strip() for entry in entries for key in entry.split(","))
    yield from (key for key in keys if key)
