"""How far a sealed file is from what `.sops.yaml` asks; no key is needed to tell.

Rules are used when a file is made, and then never again: whoever leaves stays a
recipient of every old file, whoever joins is none, and nobody notices. What matters
most is somebody who can open a file and should not, so that is said apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.adapters.sops.age.key_groups import Recipients
from reconciler.adapters.sops.block import Metadata, read_metadata
from reconciler.adapters.sops.rules import OURS, suits_connections
from reconciler.adapters.sops.upkeep.creation_rules import CreationRule
from reconciler.core.diagnostic import RULES, Diagnostic, Severity
from reconciler.core.errors import SecretError
from reconciler.core.source import Path, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference: `code` is that of its diagnostic, `path` where it shows."""

    code: str
    message: str
    path: Path
    remedy: str = ""
    """What mends it, where that is not what mends others of its code."""

    def fix(self, file: str) -> str:
        """Return what mends it, mostly a command."""
        return (self.remedy or RULES[self.code].fix).replace("FILE", file)


def find_drift(
    block: Metadata, rule: CreationRule, *, called: Callable[[str], str]
) -> tuple[Drift, ...]:
    """Compare what a file is with what its rule asks.

    Args:
        block: The file's `sops` block.
        rule: The creation rule that applies to it. One that names nobody says
            nothing about recipients.
        called: What to call a recipient in messages.

    Returns:
        The differences, the dangerous one first; empty when it is as it should be.
    """
    found: list[Drift] = []
    if rule.recipients or rule.foreign:
        found += _recipients(block, rule, called)
    return (*found, *_values(block, rule))


def drift_findings(
    source: Source, rule: CreationRule, *, called: Callable[[str], str]
) -> tuple[Diagnostic, ...]:
    """Return the differences as warnings, sorted by place.

    A block that cannot be read has none: `inspect` says what is wrong with it.
    """
    try:
        block = read_metadata(source.data or {}, file=source.file)
    except SecretError:
        return ()
    found = [
        Diagnostic(
            code=one.code,
            message=one.message,
            span=source.span(one.path, key=True),
            hint=one.fix(source.file),
            severity=Severity.WARNING,
        )
        for one in find_drift(block, rule, called=called)
    ]
    return tuple(sorted(found, key=lambda item: item.sort_key))


def _recipients(
    block: Metadata, rule: CreationRule, called: Callable[[str], str]
) -> Iterator[Drift]:
    config = rule.config.name
    there = {_bare(key): key for key in block.recipients}
    wanted = {_bare(key): key for key in rule.recipients.all}
    extra = [called(key) for bare, key in there.items() if bare not in wanted]
    missing = [called(key) for bare, key in wanted.items() if bare not in there]
    path: Path = ("sops", "age")
    if extra:
        message = f"{config} does not name {_and(extra)}, who can open this file"
        yield Drift(code="R310", message=message, path=path)
    if missing:
        message = f"{_and(missing)} cannot open this file, though {config} names them"
        yield Drift(code="R311", message=message, path=path)
    if not extra and not missing:
        yield from _groups(block, rule, path)


def _groups(block: Metadata, rule: CreationRule, path: Path) -> Iterator[Drift]:
    there, wanted = Recipients.in_file(block.wrapped), rule.recipients
    if _grouped(there) != _grouped(wanted):
        message = f"the recipients stand in other key groups than in {rule.config.name}"
        yield Drift(code="R311", message=message, path=path)
    elif _threshold(there) != _threshold(wanted):
        message = (
            f"{_threshold(there)} key groups open this file, {rule.config.name} "
            f"asks for {_threshold(wanted)}"
        )
        yield Drift(code="R311", message=message, path=path)


def _values(block: Metadata, rule: CreationRule) -> Iterator[Drift]:
    config, wanted = rule.config.name, rule.rule
    if wanted is not None and wanted != block.rule:
        name = block.rule.kind.value
        message = (
            f"values were chosen by {name} {block.rule.pattern}, {config} asks for "
            f"{wanted.kind.value} {wanted.pattern}"
        )
        fits = suits_connections(wanted)
        remedy = "" if fits else f"it suits no connection: {_NO_RULE} in {config}"
        yield Drift(code="R314", message=message, path=("sops", name), remedy=remedy)
    asked = rule.mac_only_encrypted
    if asked is not None and asked != block.mac_only_encrypted:
        covers = "every value" if asked else "the sealed values only"
        wish = "the sealed values only" if asked else "every value"
        message = f"the MAC covers {covers}, {config} asks for {wish}"
        yield Drift(code="R314", message=message, path=("sops", "mac_only_encrypted"))


_NO_RULE: Final = f"write {OURS.kind.value}: {OURS.pattern}, or no rule at all,"


def _bare(key: str) -> str:
    """Return a recipient without the comment that an SSH key may carry."""
    return " ".join(key.split()[:2])


def _grouped(recipients: Recipients) -> list[list[str]]:
    return sorted(sorted({_bare(key) for key in group}) for group in recipients.groups)


def _threshold(recipients: Recipients) -> int:
    """Return how many groups it takes: all of them where nothing is said."""
    groups = len(recipients.groups)
    return (recipients.threshold or groups) if groups > 1 else groups


def _and(items: list[str]) -> str:
    return " and ".join([", ".join(items[:-1]), items[-1]] if items[1:] else items)
