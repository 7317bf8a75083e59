"""The other programs: real sops, real age, and the npm reader; found or installed.

Each is pinned, built once through its registry's own client, and kept in the user's
cache folder, so that a fresh clone finds it there. What cannot be had is a sentence
in the summary and never a failure: a machine without Go has the committed vectors.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOPS: Final = ("v3.13.3", "v3.12.2")
"""The newest first; a short run takes only that one."""
AGE: Final = "v1.3.2"
NPM_READER: Final = "4.0.2"

OFFLINE: Final = {"SOPS_DISABLE_VERSION_CHECK": "1"}
"""Keeps sops from calling home for its newest version."""
_BUILD_LIMIT_S: Final = 1200
"""sops has hundreds of modules: some minutes on two cores, once per machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One program at one version; `path` is None when it cannot be had."""

    name: str
    version: str
    path: Path | None = None
    why: str = ""

    def __str__(self) -> str:
        state = f"absent: {self.why}" if self.path is None else "present"
        return f"{self.name} {self.version}: {state}"


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "reconcile-connections"


def sops(version: str, *, install: bool) -> Peer:
    """Find real sops at one version, checked by what it says of itself."""
    source = f"github.com/getsops/sops/v3/cmd/sops@{version}"
    peer = _from_go("sops", version, [source], install=install)
    if peer.path is None:
        return peer
    said = subprocess.run(
        [peer.path, "--disable-version-check", "--version"],
        env=OFFLINE, capture_output=True, text=True, check=False, timeout=60,
    ).stdout  # fmt: skip
    if said.split() and said.split()[1] == version.removeprefix("v"):
        return peer
    return Peer(name="sops", version=version, why=f"it calls itself {said.strip()!r}")


def age(*, install: bool) -> Peer:
    """Find real age; `age-keygen` lies beside it."""
    sources = [f"filippo.io/age/cmd/{name}@{AGE}" for name in ("age", "age-keygen")]
    return _from_go("age", AGE, sources, install=install)


def npm_reader(*, install: bool) -> Peer:
    """Find the npm package `sops-age`, a reader in JavaScript; path is its folder."""
    folder = cache_folder() / "npm" / f"sops-age-{NPM_READER}"
    made = folder / "node_modules" / "sops-age"
    why = ""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return Peer(name="sops-age", version=NPM_READER, why="there is no Node here")
    if not made.is_dir():
        command = [
            "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund",
            f"sops-age@{NPM_READER}", "--prefix",
        ]  # fmt: skip
        why = _built(folder, lambda new: ([*command, str(new)], {}), install=install)
    path = made if made.is_dir() else None
    return Peer(name="sops-age", version=NPM_READER, path=path, why=why)


def _from_go(name: str, version: str, sources: list[str], *, install: bool) -> Peer:
    folder = cache_folder() / "bin" / f"{name}-{version}"
    path, why = folder / name, ""
    if not path.is_file():
        if shutil.which("go") is None:
            return Peer(name=name, version=version, why="there is no Go here")
        # The Go that is here must do: no tool chain is fetched for it.
        env = {"GOTOOLCHAIN": "local"}
        command = ["go", "install", *sources]
        why = _built(
            folder, lambda new: (command, {**env, "GOBIN": str(new)}), install=install
        )
    return Peer(
        name=name, version=version, path=path if path.is_file() else None, why=why
    )


def _built(folder: Path, command_for, *, install: bool) -> str:
    """Build into a folder beside the final one; return why not, or nothing."""
    if not install:
        return "not built yet; 'make interop' builds it"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        command, env = command_for(new)
        try:
            done = subprocess.run(
                command, env={**os.environ, **env}, capture_output=True, text=True,
                stdin=subprocess.DEVNULL, timeout=_BUILD_LIMIT_S, check=False,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            return f"{command[0]} failed ({type(error).__name__})"
        if done.returncode != 0:
            said = [
                one for one in done.stderr.splitlines() if "complete log" not in one
            ]
            last = said[-1].strip() if said else "without a word"
            return f"{command[0]} exited with {done.returncode}: {last[:200]}"
        if not folder.exists():
            new.replace(folder)
    return ""


def main() -> None:
    """Build what is absent and say what there is; `make peers` runs it."""
    for peer in (sops(SOPS[0], install=True), age(install=True)):
        print(peer)  # noqa: T201


if __name__ == "__main__":
    main()
