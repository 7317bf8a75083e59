"""The files of `deploy/`, read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PORT = 8080
USER = 65532
STATE = "/var/lib/reconcile"
CONFIG = "/etc/reconcile/reconcile.yaml"


def load(path):
    return yaml.load((DEPLOY / path).read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  # makes text only


def tool(name, *arguments):
    """Run a program of the development tools; return its exit code and words."""
    program = Path(sys.executable).parent / name
    done = subprocess.run(
        (str(program), *map(str, arguments)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def unit(name):
    """Return a unit's settings as a list of (section, key, value)."""
    section, found = "", []
    for line in (DEPLOY / "systemd" / name).read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.append((section, key, value))
    return found
