"""Files that somebody wants to hurt with: told in time, and nothing else happens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

STRANGE = {
    "deep flow": "a: " + "[" * 200_000,
    "deep mappings": "a: " + "{a: " * 5_000,
    "deep block": "\n".join(" " * depth + "a:" for depth in range(1_000)),
    "billion laughs": "a0: &a0 [x, x]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20)),
    "NUL": "name: x\n\x00\n",
    "not UTF-8": b"name: \xff\xfe\n",
    "UTF-16": "name: x\n".encode("utf-16"),
    "a long number": f"name: x\nversion: {'9' * 100_000}\n",
    "an endless number": "name: x\nconfig: {a: 1e999999, b: .inf}\n",
    "escapes": 'name: "\\e[31m\\u202e"\nlabels: {"\\u202ex": "\\u202e"}\n'
    '"\\u202e\\e[2J": 1\n',
    "larger than a connection": "#" * 2_000_000,
}


def write_strange(repo, kind):
    content = STRANGE[kind]
    content = content if isinstance(content, bytes) else content.encode()
    repo.file("x").write_bytes(content)


@pytest.mark.parametrize("kind", STRANGE)
def test_a_strange_file_is_told_of_and_holds_nothing_else_back(repo, kind):
    repo.new("good")
    write_strange(repo, kind)

    told = repo.here("validate", code=3)
    planned = repo.here("plan", code=None)

    assert "connections.d/x.yaml" in told.out
    for said in (told.out, told.err, planned.out, planned.err):
        assert "\x1b" not in said
        assert "\u202e" not in said
        assert "this is a bug" not in said
    assert "good" in planned.out


@pytest.mark.parametrize("target", ["/dev/zero", "/etc/passwd", "loop.yaml", "gone"])
def test_a_link_out_of_the_repository_is_not_opened(repo, target):
    repo.file("loop").symlink_to(target)

    for command in ("validate", "plan", "apply"):
        done = repo.run(command, code=3)

        assert "R107" in done.out + done.err
        assert "root:" not in done.out + done.err


def test_the_first_line_behind_a_link_is_not_quoted(repo, tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text("name: hunter2-abcdef\n")
    repo.file("x").symlink_to(outside)

    done = repo.here("validate", code=3)

    assert "hunter2" not in done.out + done.err


def test_a_pipe_with_a_documents_name_does_not_hang(repo):
    os.mkfifo(repo.file("x"))

    for command in ("validate", "plan", "apply"):
        assert "not a regular file" in str(repo.run(command, code=3))


@pytest.mark.parametrize("command", ["encrypt", "decrypt", "apply"])
def test_a_device_is_never_read_to_its_end(repo, command):
    Path("endless.yaml").symlink_to("/dev/zero")

    done = repo.run(command, "endless.yaml", code=1)

    assert "not a regular file" in done.err


@pytest.mark.parametrize(
    "name", ["a\nb", "a\x1b[31m", "\u202eb", b"\xff\xfe", "ü", "..x"]
)
def test_no_file_name_steers_a_terminal(repo, name):
    raw = name if isinstance(name, bytes) else name.encode()
    folder = os.fsencode(repo.path / "connections.d")
    Path(os.fsdecode(folder + b"/" + raw + b".yaml")).write_text("name: x\n")

    for command in ("validate", "plan", "apply"):
        done = repo.here(command, code=None)

        for sign in ("\x1b", "\u202e", "a\nb"):
            assert sign not in done.out + done.err


@pytest.mark.parametrize("folder", ["..", "../..", "a/../..", "/etc", "./../x"])
@pytest.mark.parametrize("key", ["connections", "report"])
def test_reconcile_yaml_names_nothing_outside(repo, key, folder, tmp_path):
    (tmp_path / "leak.yaml").write_text("labels: {x: [hunter2-abcdef]}\n")
    Path("reconcile.yaml").write_text(f"{key}: {folder}\n")

    done = repo.here("validate", code=3)

    assert "inside the repository" in done.out
    assert "hunter2" not in done.out + done.err


@pytest.mark.parametrize("folder", ["...", "a..b/c", "connections.d/", "./x", "..a"])
def test_dots_in_a_name_are_fine(repo, folder):
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path("reconcile.yaml").write_text(f"connections: {folder}\n")

    repo.here("validate")


def test_a_state_address_that_leads_to_another_file_leaves_it_alone(binance, tmp_path):
    precious = tmp_path / "precious.json"
    precious.write_text('{"precious": 1}')
    Path("reconcile.yaml").write_text("state: tinydb:../precious.json\n")

    binance.here("apply", code=1)

    assert precious.read_text() == '{"precious": 1}'


@pytest.mark.parametrize(
    "suffix",
    ["tmp", "journal", "journal.tmp", "heads.tmp", "lock.tmp", "bak.tmp", "mutex"],
)
def test_a_planted_link_beside_the_store_is_not_followed(binance, tmp_path, suffix):
    victim = tmp_path / "victim"
    folder = Path(".reconcile")
    folder.mkdir()
    (folder / f"state.json.{suffix}").symlink_to(victim)

    binance.here("apply", code=None)

    assert not victim.exists()


def test_what_is_written_is_ours_alone(applied):
    applied.here("plan", "--out", "p.json")
    applied.here("state", "backup")
    applied.here("report", "--format", "markdown", "-o", "r.md")

    written = [file for file in Path(".reconcile").rglob("*") if file.is_file()]
    for file in (*written, Path("p.json")):
        assert file.stat().st_mode & 0o077 == 0, file
    assert len(written) > 4
