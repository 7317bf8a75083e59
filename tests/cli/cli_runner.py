"""Commands as a user runs them: whole processes, or in this one where cheap."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.cli.boundary import run as run_here

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class OneStdin(io.TextIOWrapper):
    """A stdin that is no terminal."""

    def __init__(self, text):
        super().__init__(io.BytesIO(text.encode()), encoding="utf-8")


@dataclass
class Repo:
    """A repository with its own key, and the commands run in it."""

    path: Path
    monkeypatch: object
    capfd: object
    env: dict[str, str] = field(default_factory=dict)

    def here(self, *arguments, stdin="", code=0):
        """Run in this process; `code` None takes any exit code."""
        self.capfd.readouterr()
        self.monkeypatch.setattr(sys, "stdin", OneStdin(stdin))
        found = run_here([str(argument) for argument in arguments])
        captured = self.capfd.readouterr()
        done = Done(found, captured.out, captured.err)
        assert code is None or found == code, done
        return done

    def run(self, *arguments, stdin="", code=0, **env):
        """Run as a process of its own."""
        found = subprocess.run(
            command_line(*arguments),
            cwd=self.path,
            env=self.environment(**env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        done = Done(found.returncode, found.stdout, found.stderr)
        assert code is None or done.code == code, done
        return done

    def start(self, *arguments, **env):
        """Begin a process and return at once."""
        return subprocess.Popen(
            command_line(*arguments),
            cwd=self.path,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        return {**kept, "PYTHONPATH": str(ROOT), **self.env, **more}

    def new(self, name, provider="binance", kind="ccxt_crypto", **credentials):
        """Write a connection file, sealed; without credentials a public one."""
        arguments = ["new", name, "--type", kind, "--provider", provider]
        if not credentials:
            return self.here(*arguments, "--public")
        stdin = json.dumps(credentials)
        return self.here(*arguments, "--credentials-stdin", stdin=stdin)

    def file(self, name):
        return self.path / "connections.d" / f"{name}.yaml"

    def read(self, path):
        return (self.path / path).read_text()

    def edit(self, name, old, new):
        file = self.file(name)
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    def reseal(self, name, key, value):
        """Replace one credential by another plain text, and seal it."""
        file = self.file(name)
        lines = file.read_text().splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if f"  {key}:" in line)
        lines[at] = f"  {key}: {json.dumps(value)}\n"
        file.write_text("".join(lines))
        return self.here("encrypt", str(file))

    @property
    def report(self):
        return json.loads(self.read(".reconcile/report.json"))


def command_line(*arguments):
    return (sys.executable, "-m", "reconciler", *map(str, arguments))
