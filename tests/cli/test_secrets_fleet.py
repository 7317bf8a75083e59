"""encrypt, rotate and updatekeys over many files: every one is tried."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from reconciler.cli.console import Console
from reconciler.cli.sealing import each_file
from reconciler.report.sealed_files import FileOutcome, FileResult
from tests.cli.editor_scripts import use_editor
from tests.cli.terminal import at_terminal


@pytest.fixture
def fleet(repo):
    for name in ("a", "b", "c"):
        repo.new(name, api_key=f"key-{name}", api_secret=f"secret-{name}")
    repo.new("public")
    return repo


def texts(repo):
    folder = repo.path / "connections.d"
    return {file.stem: file.read_text() for file in sorted(folder.glob("*.yaml"))}


def sealed_line(text, key):
    return next(line for line in text.splitlines() if f"  {key}:" in line)


def new_key(repo, name="other.agekey"):
    return repo.here("keygen", "-o", repo.path.parent / name).out.strip()


def name_recipients(repo, *keys):
    file = repo.path / ".sops.yaml"
    data = yaml.safe_load(file.read_text())
    for rule in data["creation_rules"]:
        rule["age"] = list(keys)
    file.write_text(yaml.safe_dump(data))


def own_key(repo):
    text = (repo.path.parent / "home/config/sops/age/keys.txt").read_text()
    return text.partition("public key: ")[2].split()[0]


def recipients_of(repo, name):
    data = yaml.safe_load(repo.file(name).read_text())
    return {one["recipient"] for one in data["sops"]["age"]}


def test_rotate_gives_every_file_a_new_data_key(fleet):
    fleet.file("a").chmod(0o640)
    before = texts(fleet)

    done = fleet.here("rotate", "--all")

    after = texts(fleet)
    assert done.out.splitlines()[-1] == "4 files: 3 rotated, 1 public."
    for name in "abc":
        for key in ("api_key", "api_secret"):
            assert sealed_line(before[name], key) not in after[name]
        assert fleet.here("decrypt", name, "--extract", "api_key").out == f"key-{name}"
    assert after["public"] == before["public"]
    assert stat.S_IMODE(fleet.file("a").stat().st_mode) == 0o640
    fleet.here("validate")


def test_one_bad_file_does_not_hold_back_the_others(fleet):
    text = fleet.file("b").read_text()
    line = sealed_line(text, "api_key")
    fleet.file("b").write_text(text.replace(line, line.replace("data:", "data:AAAA")))
    before = texts(fleet)

    done = fleet.here("rotate", "connections.d", "--format", "json", code=1)

    after = texts(fleet)
    assert done.json["files"] == {
        "connections.d/a.yaml": "rotated",
        "connections.d/b.yaml": "failed",
        "connections.d/c.yaml": "rotated",
        "connections.d/public.yaml": "public",
    }
    assert list(done.json["problems"]) == ["connections.d/b.yaml"]
    assert "connections.d/b.yaml" in done.err
    assert after["b"] == before["b"]
    assert after["c"] != before["c"]


def test_rotate_takes_names_and_files_and_nothing_else(fleet):
    before = texts(fleet)

    fleet.here("rotate", "a", "connections.d/b.yaml")

    after = texts(fleet)
    assert {name for name in after if after[name] != before[name]} == {"a", "b"}
    fleet.here("rotate", code=64)
    fleet.here("rotate", "a", "--all", code=64)
    done = fleet.here("rotate", "nowhere", "c", code=1)
    assert "nowhere" in done.err
    assert "rotated    connections.d/c.yaml" in done.out


def test_what_is_not_sealed_yet_is_not_rotated(fleet):
    fleet.file("a").write_text(
        "name: a\ntype: mtapi\nprovider: x\ncredentials: {api_key: s3cr3t}\n"
    )

    done = fleet.here("rotate", "a", code=1)

    assert "run 'reconcile encrypt connections.d/a.yaml'" in done.err
    assert "s3cr3t" not in done.err


def test_a_link_stays_a_link(fleet):
    file = fleet.file("a")
    real = fleet.path / "real.yaml"
    file.rename(real)
    file.symlink_to("../real.yaml")
    before = real.read_text()

    fleet.here("rotate", "a")

    assert file.is_symlink()
    assert real.read_text() != before


def test_a_link_out_of_the_repository_is_not_followed(fleet, tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text(fleet.file("a").read_text())
    fleet.file("out").symlink_to(outside)
    before = outside.read_text()

    done = fleet.here("rotate", "--all", code=1)

    assert "leads out of the repository" in done.err
    assert "3 rotated, 1 failed, 1 public" in done.out
    assert outside.read_text() == before


def test_updatekeys_needs_no_key_to_tell_what_it_would_do(fleet):
    old, new = own_key(fleet), new_key(fleet)
    name_recipients(fleet, new)
    (fleet.path.parent / "home/config/sops/age/keys.txt").unlink()
    before = texts(fleet)

    done = fleet.here("updatekeys", "--dry-run")

    assert f"differs    connections.d/a.yaml\n  + {new}\n  - {old}\n" in done.out
    assert "change the credentials at the provider" in done.out
    assert "4 files: 3 differ, 1 public." in done.out
    assert texts(fleet) == before
    fleet.here("updatekeys", "--dry-run", "--exit-code", code=6)
    fleet.here("updatekeys", "--exit-code", code=64)


def test_updatekeys_changes_who_can_open_and_no_value(fleet):
    old, new = own_key(fleet), new_key(fleet)
    name_recipients(fleet, old, new)
    before = texts(fleet)

    done = fleet.here("updatekeys", "--format", "json")

    after = texts(fleet)
    assert done.json["recipients"]["connections.d/b.yaml"]["added"] == [new]
    assert done.json["advice"] == []
    assert recipients_of(fleet, "b") == {old, new}
    for name in "abc":
        for key in ("api_key", "api_secret"):
            assert sealed_line(before[name], key) in after[name]
    fleet.monkeypatch.setenv(
        "SOPS_AGE_KEY_FILE", str(fleet.path.parent / "other.agekey")
    )
    (fleet.path.parent / "home/config/sops/age/keys.txt").unlink()
    assert fleet.here("decrypt", "c", "--extract", "api_key").out == "key-c"


def test_updatekeys_says_what_a_removed_person_still_knows(fleet):
    old, new = own_key(fleet), new_key(fleet)
    name_recipients(fleet, new)

    done = fleet.here("updatekeys", "a", "--format", "json")

    assert done.json["recipients"]["connections.d/a.yaml"]["removed"] == [old]
    assert "at the provider" in done.json["advice"][0]
    assert "reconcile rotate" in done.json["advice"][0]
    assert recipients_of(fleet, "a") == {new}
    assert recipients_of(fleet, "b") == {old}


def test_updatekeys_names_the_people_that_sops_yaml_names(fleet):
    new = new_key(fleet)
    rules = f"creation_rules:\n  - age:\n      - {new}  # Bob\n"
    (fleet.path / ".sops.yaml").write_text(rules)

    done = fleet.here("updatekeys", "a", "--dry-run")
    data = fleet.here("updatekeys", "a", "--dry-run", "--format", "json").json

    assert f"  + {new} (Bob)\n" in done.out
    assert data["recipients"]["connections.d/a.yaml"]["people"] == {new: "Bob"}


def test_updatekeys_again_writes_nothing(fleet):
    before = {name: fleet.file(name).stat().st_mtime_ns for name in "abc"}

    done = fleet.here("updatekeys")

    assert done.out.splitlines()[-1] == "4 files: 3 unchanged, 1 public."
    assert {name: fleet.file(name).stat().st_mtime_ns for name in "abc"} == before
    fleet.here("updatekeys", "--dry-run", "--exit-code")


def test_updatekeys_without_rules_says_where_they_belong(fleet):
    (fleet.path / ".sops.yaml").unlink()

    done = fleet.here("updatekeys", "a", code=1)

    assert ".sops.yaml names nobody" in done.err


def test_encrypt_goes_on_after_a_bad_file(fleet):
    good = fleet.file("good")
    good.write_text(
        "name: good\ntype: mtapi\nprovider: x\n"
        "credentials: {api_key: k, account_id: '1'}\n"
    )
    fleet.file("bad").write_text("name: bad\ncredentials:\n  - [s3cr3t\n")

    done = fleet.here("encrypt", "connections.d", code=3)

    assert "sealed     connections.d/good.yaml" in done.out
    assert "failed     connections.d/bad.yaml" in done.out
    assert "6 files: 4 unchanged, 1 failed, 1 sealed." in done.out
    assert "connections.d/bad.yaml:" in done.err
    assert "s3cr3t" not in done.err
    assert "ENC[" in good.read_text()


def test_encrypt_seals_by_the_rule_of_sops_yaml(repo):
    file = repo.path / ".sops.yaml"
    data = yaml.safe_load(file.read_text())
    for rule in data["creation_rules"]:
        rule["encrypted_regex"] = "^(credentials|binding|labels)$"
        rule["mac_only_encrypted"] = False
    file.write_text(yaml.safe_dump(data))

    repo.new("spot", api_key="k", api_secret="s")

    sops = yaml.safe_load(repo.file("spot").read_text())["sops"]
    assert sops["encrypted_regex"] == "^(credentials|binding|labels)$"
    assert sops.get("mac_only_encrypted") is not True
    repo.here("validate")


def test_a_signal_lets_the_file_at_hand_end_and_begins_no_other():
    console = Console()

    def work(file):
        os.kill(os.getpid(), signal.SIGTERM)
        return FileOutcome(file=str(file), result=FileResult.ROTATED)

    with console.stop.watching():
        files = {Path("a"): "", Path("b"): ""}
        outcomes, code = each_file(console, files, work, words=("", ""))

    found = [one.result for one in outcomes]
    assert found == [FileResult.ROTATED, FileResult.SKIPPED]
    assert code == 143


@pytest.mark.skipif(not shutil.which("sops"), reason="sops is not installed")
def test_files_of_plain_sops_are_edited_and_rotated_as_well(repo):
    use_editor(repo, 'path.write_text(text.replace("old", "new"))')
    file = repo.path / "other.yaml"
    file.write_text("db: {user: u, password: old}\nlist: [a, b]\n---\nsecond: x\n")

    def sops(*arguments):
        command = ("sops", *arguments, str(file))
        env = repo.environment()
        done = subprocess.run(command, env=env, capture_output=True, check=True)
        return list(yaml.safe_load_all(done.stdout)) if done.stdout else None

    (repo.path / ".sops.yaml").unlink()  # it has no rule for such a file
    sops("encrypt", "--age", own_key(repo), "-i")
    repo.here("edit", "other.yaml")
    repo.here("rotate", "other.yaml")

    assert sops("decrypt") == [
        {"db": {"user": "u", "password": "new"}, "list": ["a", "b"]},
        {"second": "x"},
    ]


def test_a_terminal_sees_how_far_it_is(fleet):
    code, seen = at_terminal(fleet, ("rotate", "--all"), {})

    assert code == 0, seen
    assert "rotat" in seen.partition("rotated    connections.d/a.yaml")[0]
    assert "4 files: 3 rotated, 1 public." in seen


def test_progress_is_no_part_of_a_pipe(fleet):
    done = fleet.run("rotate", "--all")

    assert done.err == ""
    assert os.linesep not in done.out.splitlines()[0]
