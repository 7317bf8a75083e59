"""`.sops.yaml` as the checks see it: read once, judged once, asked for every file.

Reading it costs nothing: its digest goes into the cache's fingerprint, so that a
changed rule is noticed and an unchanged one parses nothing. What parses YAML and
compiles expressions loads when a file must really be compared.
"""

# As in `adapters/files`: this is on the way of every warm run.
# ruff: noqa: PTH100, PTH113, PTH118, PTH120

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from reconciler.adapters import files
from reconciler.core.diagnostic import RULES, Diagnostic, Severity
from reconciler.core.errors import SecretError
from reconciler.core.source import Source

CONFIG_NAME: Final = ".sops.yaml"
NO_RULE: Final = 1
"""The exit code of sops when no rule matches."""


class Rulebook:
    """The creation rules that hold in one folder; there may be none."""

    def __init__(self, folder: str) -> None:
        """Find and read the file from the folder upwards, as sops does.

        `path` is where it lies, empty without one; `data` is its content.
        """
        self.folder = os.path.abspath(folder)
        self.path = next(_candidates(self.folder), "")
        self.data = _content(self.path) if self.path else b""

    @cached_property
    def digest(self) -> str:
        """Return what tells this rulebook from any other; empty without one."""
        if not self.path:
            return ""
        return hashlib.sha256(self.path.encode() + b"\0" + self.data).hexdigest()

    @property
    def name(self) -> str:
        """Return what to call it in messages: relative where it lies below."""
        below = self.path.removeprefix(f"{self.folder}{os.sep}")
        return below if below != self.path else self.path

    @cached_property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Return what makes it unusable (R313), each at its place."""
        from reconciler.adapters.sops.upkeep.config_check import config_problems

        return config_problems(self.data, file=self.name) if self.path else ()

    @cached_property
    def people(self) -> Mapping[str, str]:
        """Return the names of recipients: its comments and anchors, by public key."""
        return dict(_people(self.data.decode(errors="replace")))

    def called(self, recipient: str) -> str:
        """Return a recipient as people are shown it: cut short, with its name."""
        known = self.people.get(recipient)
        return f"{short(recipient)} ({known})" if known else short(recipient)

    def check(self, source: Source, path: str) -> tuple[Diagnostic, ...]:
        """Compare a sealed file with its rule, without any key (R310 to R314).

        Args:
            source: The file; one that is not sealed is not judged.
            path: Where it lies; rules are matched against it.
        """
        if "sops" not in (source.data or {}) or not self._is_usable:
            return ()
        from reconciler.adapters.sops.upkeep.creation_rules import find_creation_rule
        from reconciler.adapters.sops.upkeep.drift import drift_findings

        try:
            rule = find_creation_rule(Path(self.path), Path(path))
        except SecretError as error:
            return (self._no_rule(source),) if error.code == NO_RULE else ()
        return drift_findings(source, rule, called=self.called) if rule else ()

    @cached_property
    def _is_usable(self) -> bool:
        broken = any(one.severity is Severity.ERROR for one in self.problems)
        return bool(self.path) and not broken

    def _no_rule(self, source: Source) -> Diagnostic:
        return Diagnostic(
            code="R312",
            message=f"no creation rule of {self.name} matches this file",
            span=source.span(("sops",), key=True),
            hint=RULES["R312"].fix,
            severity=Severity.WARNING,
        )


def short(recipient: str) -> str:
    """Return a public key as people recognise it: its beginning and its end."""
    key = recipient.strip()
    return f"{key[:_HEAD]}…{key[-_TAIL:]}" if len(key) > _HEAD + _TAIL + 1 else key


_HEAD: Final = 12
_TAIL: Final = 6
_MAX_FOLDERS: Final = 100
_PERSON: Final = (
    r"(?:&(?P<anchor>[\w.-]+)\s+)?[\"']?"
    r"(?P<key>age1[0-9a-z]+|ssh-(?:ed25519|rsa) [A-Za-z0-9+/=]+)[\"']?"
    r"\s*,?[ \t]*(?:#[ \t]*(?P<comment>[^\n]+))?"
)


def _candidates(folder: str) -> Iterator[str]:
    for _ in range(_MAX_FOLDERS):
        path = os.path.join(folder, CONFIG_NAME)
        if os.path.isfile(path):
            yield path
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def _content(path: str) -> bytes:
    try:
        return files.read_bytes(path)
    except OSError:
        return b""


def _people(text: str) -> Iterator[tuple[str, str]]:
    for match in re.finditer(_PERSON, text):
        name = (match["comment"] or match["anchor"] or "").strip()
        if name:
            yield match["key"], name
