"""Random rules and recipients: every kind of key that age has, alone and in groups."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final

from reconciler.adapters.sops import Recipients
from tests.interop.throwaway import recipient

_RULES: Final[tuple[dict[str, Any], ...]] = (
    {}, {}, {"unencrypted_suffix": "_unencrypted"}, {"encrypted_suffix": "_enc"},
    {"encrypted_regex": "^(api_key|password|token|note|a:b)$"},
    {"encrypted_regex": "e"}, {"unencrypted_regex": "^(symbols|yes|depth)$"},
    {"encrypted_regex": r"(?i)^API_|^\[0\]$"}, {"unencrypted_regex": "[[:digit:]]"},
    {"encrypted_regex": "^(credentials|binding)$"},
)  # fmt: skip
_OURS: Final = ("^(credentials|binding)$", "^credentials$")


def some(rng: Random, names: tuple[str, ...]) -> list[str]:
    return rng.sample(names, rng.randint(1, len(names)))


def any_rule(rng: Random) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a creation rule, and the keys with which its files are to be opened."""
    return _with_people(rng, dict(rng.choice(_RULES)))


def connection_rule(rng: Random) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the same for connections that sops seals as ours are sealed."""
    return _with_people(rng, {"encrypted_regex": rng.choice(_OURS)})


def any_recipients(rng: Random) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return whom a creation rule names, and keys that are enough to open its files."""
    kind = rng.random()
    if kind < 0.2:
        return _split(rng)
    if kind < 0.35:
        ssh = rng.choice(("ssh_ed25519", "ssh_rsa"))
        return {"age": _listed(rng, [ssh, "bob"])}, (ssh,)
    if kind < 0.5:
        return {"age": _listed(rng, ["quantum", "carol"])}, ("quantum",)
    people = some(rng, ("alice", "bob", "carol"))
    return {"age": _listed(rng, people)}, (rng.choice(people),)


def as_recipients(rule: Mapping[str, Any]) -> Recipients:
    """Return whom such a rule names, as our functions take it."""
    groups = rule.get("key_groups") or [{"age": rule["age"]}]
    keys = [
        one["age"].split(",") if isinstance(one["age"], str) else one["age"]
        for one in groups
    ]
    threshold = rule.get("shamir_threshold", 0)
    return Recipients(groups=tuple(map(tuple, keys)), threshold=threshold)


def _with_people(
    rng: Random, rule: dict[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    if rng.random() < 0.4:
        rule["mac_only_encrypted"] = True
    people, keys = any_recipients(rng)
    return rule | people, keys


def _listed(rng: Random, names: list[str]) -> list[str] | str:
    keys = [recipient(name) for name in rng.sample(names, len(names))]
    return keys if rng.random() < 0.5 else ",".join(keys)


def _split(rng: Random) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return key groups: the data key in shares, any two or three of which do."""
    count = rng.randint(2, 3)
    names = ("alice", "bob", rng.choice(("carol", "ssh_ed25519", "quantum")))[:count]
    threshold = rng.randint(2, count)
    groups = [{"age": [recipient(name)]} for name in names]
    groups[0]["age"].append(recipient("dave"))
    holders = rng.sample([rng.choice(("alice", "dave")), *names[1:]], threshold)
    return {"key_groups": groups, "shamir_threshold": threshold}, tuple(holders)
