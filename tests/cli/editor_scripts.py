"""Editors that need no person: scripts that do what a person might."""

from __future__ import annotations

import shlex
import sys
import textwrap

HEAD = """
import os, signal, sys, time
from pathlib import Path
path = Path(sys.argv[-1])
text = path.read_text()
"""


def editor(repo, body, name="editor.py"):
    """Return the command line of an editor that runs `body`, for EDITOR.

    The body knows `path` and `text`; the script lies outside of the repository.
    """
    script = repo.path.parent / name
    script.write_text(HEAD + textwrap.dedent(body))
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"


def use_editor(repo, body):
    """Make it the editor of every command of this repository."""
    command = editor(repo, body)
    repo.env["EDITOR"] = command
    repo.monkeypatch.setenv("EDITOR", command)


def private_place(repo):
    """Give the repository's commands a place for private files, and return it."""
    place = repo.path.parent / "runtime"
    place.mkdir(mode=0o700, exist_ok=True)
    repo.env["XDG_RUNTIME_DIR"] = str(place)
    repo.monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))
    return place
