"""Errors become a sentence and an exit code; a traceback never prints."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import click
import pytest

from reconciler.cli.group import cli
from reconciler.core.errors import DamagedError, LockedError, StaleError
from tests.cli.cli_runner import command_line

FULL = Path("/dev/full")
SECRET = "s3cr3t-in-an-exception"


@pytest.fixture
def broken(bare, monkeypatch):
    """A command that raises what a test puts into `error`."""
    held = types.SimpleNamespace(error=ValueError(SECRET))

    @click.command("broken")
    def command():
        raise held.error

    known = cli.get_command
    monkeypatch.setattr(cli, "_entries", {**cli._entries, "broken": None})
    monkeypatch.setattr(
        cli,
        "get_command",
        lambda ctx, name: command if name == "broken" else known(ctx, name),
    )
    return bare, held


def test_a_foreign_error_is_named_by_its_class_alone(broken):
    bare, _ = broken

    done = bare.here("broken", code=1)

    assert "a bug in reconcile (ValueError)" in done.err
    assert SECRET not in done.err + done.out
    assert "Traceback" not in done.err


def test_verbose_shows_places_and_no_values(broken):
    bare, held = broken
    held.error.__cause__ = KeyError(SECRET)

    done = bare.here("-v", "broken", code=1)

    assert "test_boundary.py:" in done.err
    assert "in command" in done.err
    assert "KeyError, raised at:" in done.err
    assert SECRET not in done.err + done.out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LockedError("the lock is held by somebody"), 75),
        (DamagedError("the store is damaged"), 1),
        (StaleError("the store moved on"), 1),
        (PermissionError(13, "Permission denied", "/some/where"), 1),
        (BrokenPipeError(), 1),
        (RecursionError(), 1),
    ],
)
def test_each_class_of_error_has_its_exit_code(broken, error, code):
    bare, held = broken
    held.error = error

    done = bare.here("broken", code=code)

    assert "Traceback" not in done.err


def test_an_error_of_the_system_names_its_file(broken):
    bare, held = broken
    held.error = PermissionError(13, "Permission denied", "/some/wh\x1bere")

    assert "Permission denied: '/some/wh\\x1bere'" in bare.here("broken", code=1).err


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("plan", "--nonsense"),
        ("plan", "--format", "xml"),
        ("sample",),
        ("apply", "--lock-timeout", "soon"),
        ("apply", "--parallelism", "0"),
        ("test",),
        ("state",),
        ("-C", "nowhere", "plan"),
        (),
    ],
)
def test_wrong_usage_ends_with_64(bare, arguments):
    done = bare.here(*arguments, code=64)

    assert "Usage: reconcile" in done.err
    assert done.out == ""


def test_a_mistyped_command_finds_its_neighbour(bare):
    assert "did you mean 'apply'?" in bare.here("aply", code=64).err


def test_invalid_settings_are_told_with_their_place(repo):
    (repo.path / "reconcile.yaml").write_text("prun: true\n")

    done = repo.here("plan", code=3)

    assert "reconcile.yaml:1:1  R201" in done.err
    assert repo.here("validate", "--format", "json", code=3).json["valid"] is False


def test_every_option_can_come_from_the_environment(repo, monkeypatch):
    monkeypatch.setenv("RECONCILE_PLAN_FORMAT", "json")
    monkeypatch.setenv("RECONCILE_PLAN_TARGET", "a-* b-*")
    monkeypatch.setenv("RECONCILE_STATE_LIST_FORMAT", "json")

    assert repo.here("plan").json["scope"]["targets"] == ["a-*", "b-*"]
    assert repo.here("state", "list").json["records"] == []


def test_chdir_moves_every_path(repo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert "No changes" in repo.here("-C", "repo", "plan", "--out", "p.json").out
    assert (repo.path / "p.json").is_file()


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_result_that_cannot_be_delivered_is_no_success(repo):
    with FULL.open("w") as full:
        done = subprocess.run(
            command_line("plan"),
            cwd=repo.path,
            env=repo.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "a bug in reconcile" not in done.stderr


def test_a_reader_that_goes_away_is_no_drama(repo):
    shell = f"{sys.executable} -m reconciler schema | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ("bash", "-c", shell),
        cwd=repo.path,
        env=repo.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.strip() in {"0", "1"}


def test_no_colour_where_no_terminal_watches(repo, monkeypatch):
    monkeypatch.delenv("NO_COLOR")

    assert "\x1b[" not in repo.here("plan").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in repo.here("plan").out
    assert "\x1b[" not in repo.here("--no-color", "plan").out


def test_python_itself_prints_no_traceback(bare):
    code = (
        "import sys, reconciler.cli.boundary as b, reconciler.__main__ as m\n"
        f"def run(): raise ValueError({SECRET!r})\n"
        "b.run = run\nsys.exit(m.main())"
    )
    done = subprocess.run(
        (sys.executable, "-c", code),
        env=bare.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert SECRET not in done.stderr
    assert "Traceback" not in done.stderr


def test_an_output_that_is_a_device_is_not_replaced(repo):
    fifo = repo.path / "pipe"
    os.mkfifo(fifo)
    repo.new("public")

    for command in (("plan", "--out"), ("report", "--now", "-o")):
        done = repo.here(*command, "pipe", code=1)
        assert "'pipe' is not a regular file and is not replaced" in done.err

    assert fifo.is_fifo()
