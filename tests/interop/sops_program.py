"""Running real sops on one file in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.interop.peers import OFFLINE

_LIMIT_S: Final = 30
CONFIG: Final = ".sops.yaml"


class SopsError(Exception):
    """sops refused; the exit code and what it said, of throw-away data."""

    def __init__(self, code: int, said: str) -> None:
        self.code = code
        super().__init__(f"sops exited with {code}: {said.strip()[-600:]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sops:
    """One sops in one folder, with the keys that `env` names and no others."""

    path: Path
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def encrypt(self, text: str, rule: Mapping[str, Any], *, name: str = "f") -> str:
        self.put(text, name=name)
        self.configure(rule)
        return self.run("--config", CONFIG, "encrypt", f"{name}.yaml")

    def decrypt(self, text: str, *, name: str = "f", as_json: bool = False) -> str:
        self.put(text, name=name)
        more = ("--output-type", "json") if as_json else ()
        return self.run("decrypt", *more, f"{name}.yaml")

    def change(self, text: str, *words: str, name: str = "f", **env: str) -> str:
        """Run a command that writes the file in place, and return what it wrote."""
        self.put(text, name=name)
        self.run(*words, more=env)
        return self.read(name)

    def configure(self, rule: Mapping[str, Any]) -> None:
        config = json.dumps({"creation_rules": [rule]})
        (self.folder / CONFIG).write_text(config, encoding="utf-8")

    def put(self, text: str, *, name: str = "f") -> None:
        (self.folder / f"{name}.yaml").write_bytes(text.encode())

    def read(self, name: str = "f") -> str:
        return (self.folder / f"{name}.yaml").read_bytes().decode()

    def run(self, *words: str, more: Mapping[str, str] | None = None) -> str:
        """Run sops; raises `SopsError` unless it exits with 0."""
        env = {
            **OFFLINE, **self.env, **(more or {}), "HOME": str(self.folder),
            "TMPDIR": str(self.folder), "PATH": os.environ["PATH"],
            "GOMAXPROCS": "1",
        }  # fmt: skip
        done = subprocess.run(
            [self.path, *words], env=env, cwd=self.folder, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=_LIMIT_S, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise SopsError(done.returncode, done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode()
