"""Closed streams, full disks, no home, another user: an exit code and a sentence."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SELF = f"{sys.executable} -m reconciler"


def shell(repo, command, **env):
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=repo.path,
        env=repo.environment(**env),
        capture_output=True,
        text=True,
        timeout=60,
        errors="replace",
        check=False,
    )


@pytest.mark.parametrize(
    "end", ["| true", "| head -c1 >/dev/null", ">&-", ">&- 2>&-", ">/dev/full"]
)
@pytest.mark.parametrize("command", ["list --format json", "schema connection"])
def test_a_result_that_nobody_takes_is_no_crash(applied, command, end):
    done = shell(applied, f"{SELF} {command} {end}")

    assert done.returncode in {0, 1}
    assert done.returncode == 1 or end.startswith("|")
    for word in ("Traceback", "this is a bug", "Exception ignored"):
        assert word not in done.stderr


@pytest.mark.parametrize(
    "prefix",
    [
        *(
            "env -u HOME -u XDG_CONFIG_HOME",
            "env HOME= XDG_CONFIG_HOME=",
            "env -u USER",
        ),
        *("env LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0", "env -u PATH"),
    ],
)
def test_bare_surroundings_are_enough(applied, prefix):
    done = shell(applied, f"{prefix} {SELF} plan <&-")

    assert (done.returncode, done.stderr) == (0, "")


def test_words_beyond_ascii_pass_a_locale_without_them(repo):
    repo.file("x").write_text("name: x\nlabels: {desk: [漢]}\n")

    done = shell(
        repo, f"env LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 {SELF} validate"
    )

    assert done.returncode == 3
    assert "this is a bug" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_reads_what_is_public_and_changes_nothing(applied, tmp_path):
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o001 == 0:
            pytest.skip("the temporary folder is closed to other users")
    nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups"
    before = {f: f.read_bytes() for f in applied.path.rglob("*") if f.is_file()}

    for command in ("list", "apply", "state pull", "state backup"):
        done = shell(applied, f"{nobody} {SELF} {command}", HOME="/nonexistent")
        assert done.returncode == 1, command
        assert "this is a bug" not in done.stderr

    assert before == {f: f.read_bytes() for f in applied.path.rglob("*") if f.is_file()}
