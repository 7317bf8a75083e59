"""What the README tells newcomers to type, typed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from reconciler.sandbox import sandbox_account
from tests.cli.cli_runner import ROOT
from tests.cli.editor_scripts import editor

pytestmark = pytest.mark.skipif(
    not (shutil.which("git") and shutil.which("bash")), reason="no Git or no bash here"
)
README = (ROOT / "README.md").read_text()
BIN = Path(sys.executable).parent


def blocks(language):
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", README)


def script_of(block):
    """Return a block as a script: nothing is installed, and nothing stays running."""
    lines = ["set -euo pipefail"]
    for line in block.splitlines():
        command = line.split("  #")[0].rstrip()
        if command.startswith("reconcile new"):
            command += ' --credentials-stdin <<< "$KEYS"'
        if not command.startswith(("pip ", "reconcile daemon ")):
            lines.append(command)
    return "\n".join(lines)


@pytest.fixture
def typed(bare, sandbox):
    """Type a block in a folder, and return what was said."""
    account = sandbox_account("binance")
    keys = {"api_key": account.api_key, "api_secret": account.api_secret}
    who = {f"GIT_{one}_NAME": "a" for one in ("AUTHOR", "COMMITTER")}
    mail = {f"GIT_{one}_EMAIL": "a@b.test" for one in ("AUTHOR", "COMMITTER")}
    env = bare.environment(
        **who,
        **mail,
        PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}",
        KEYS=json.dumps(keys),
        EDITOR=editor(bare, "path.write_text(text.replace('[1h]', '[1h, 4h]'))"),
        RECONCILE_SANDBOX=str(sandbox.file),
    )

    def type_(script, folder):
        done = subprocess.run(
            ("bash", "-c", script), cwd=folder, env=env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=110, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return type_


def test_every_block_of_commands_is_known():
    makes, *story = blocks("sh")

    assert re.findall(r"(?m)^make \w+", makes) == ["make demo", "make test"]
    assert len(story) == 2


def test_from_nothing_to_a_reviewed_change_that_runs(bare, typed):
    _, use, review = map(script_of, blocks("sh"))
    (program,) = blocks("python")
    desk = bare.path.parent / "desk"

    used = typed(use, bare.path)
    assert "Plan: 1 to create; 0 unchanged." in used
    assert "Apply: 1 applied; 1 healthy." in used
    assert "100 candles of BTC/USDT 1h" in used

    reviewed = typed(review, desk)
    assert "~ settings.timeframes: [1h] -> [1h, 4h]" in reviewed
    assert "Apply: 1 applied; 1 healthy." in reviewed

    imports, _, body = program.partition("\n\n")
    body = f"{body}    print(len(candles))\n"
    main = f"async def main():\n{textwrap.indent(body, '    ')}\nasyncio.run(main())\n"
    (desk / "program.py").write_text(f"import asyncio\n{imports}\n{main}")
    assert typed(f"{sys.executable} program.py", desk) == "100\n"
