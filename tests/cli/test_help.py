"""Every command explains itself, and help stays light."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reconciler.cli.lazy import LazyGroup
from reconciler.cli.manual import commands_page, every_command, help_of
from tests.cli.cli_runner import ROOT

COMMANDS = {" ".join(path): (path, command) for path, command in every_command()}
HEAVY = {"ccxt", "httpx", "aiohttp", "tinydb", "rich", "pyrage", "yaml", "pydantic"}
LOADED = """
import sys
from reconciler.cli.boundary import run
code = run({arguments!r})
print(code, file=sys.stderr)
print(*sorted({{name.partition(".")[0] for name in sys.modules}}), file=sys.stderr)
"""


def loaded_by(*arguments, cwd):
    done = subprocess.run(
        (sys.executable, "-c", LOADED.format(arguments=list(arguments))),
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    *_, code, names = done.stderr.splitlines()
    return int(code), set(names.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_an_example(name):
    path, command = COMMANDS[name]

    text = help_of(path, command)

    assert command.help
    assert "Example:" in text
    assert name in text.partition("Example:")[2] or len(path) == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_help_text(name):
    _, command = COMMANDS[name]

    options = [p for p in command.params if p.param_type_name == "option"]

    assert [o.name for o in options if not o.help] == []


def test_every_line_of_a_groups_help_is_about_a_command_that_exists():
    for _, command in COMMANDS.values():
        if isinstance(command, LazyGroup):
            for section in command.sections.values():
                assert all(entry.about.endswith(".") for entry in section.values())


def test_the_page_of_commands_is_what_help_says():
    assert commands_page() == (ROOT / "docs" / "commands.md").read_text(), (
        "renew it: python -m reconciler.cli.manual > docs/commands.md"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("validate", "-v"), "before the command: reconcile -v validate"),
        (("state", "list", "--state", "x"), "reconcile --state URL state list"),
        (("plan", "-C", "x"), "reconcile -C DIRECTORY plan"),
    ],
)
def test_an_option_that_stands_too_far_back_is_told_its_place(bare, arguments, said):
    assert said in bare.here(*arguments, code=64).err


def test_exit_codes_stand_in_the_help(bare):
    out = bare.here("--help").out

    for code in (0, 1, 2, 3, 4, 5, 6, 64, 75, 130, 143):
        assert f"\n    {code:<5}" in out


def test_help_loads_click_and_nothing_else(tmp_path):
    _, before = loaded_by("--version", cwd=tmp_path)
    code, names = loaded_by("--help", cwd=tmp_path)
    standard = set(sys.stdlib_module_names) | before

    assert code == 0
    assert names & HEAVY == set()
    foreign = {name for name in names - standard if not name.startswith("__")}
    assert foreign <= {"click", "reconciler"}


@pytest.mark.parametrize("command", ["plan", "apply", "sample", "validate", "new"])
def test_a_commands_help_loads_nothing_heavy(tmp_path, command):
    code, names = loaded_by(command, "--help", cwd=tmp_path)

    assert (code, names & HEAVY) == (0, set())


def test_validate_loads_no_client_and_no_store(tmp_path):
    folder = tmp_path / "connections.d"
    folder.mkdir()
    (folder / "a.yaml").write_text("name: a\ntype: ccxt_crypto\nprovider: binance\n")

    code, names = loaded_by("validate", cwd=tmp_path)

    assert code == 0
    assert names & {"ccxt", "httpx", "aiohttp", "tinydb", "rich", "pyrage"} == set()
