"""Real Git: branches that meet, and diffs, with the driver in place."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.cli_runner import ROOT, Done, command_line

BIN = Path(sys.executable).parent
NOISE = ("ENC[", "BEGIN AGE", 'lastmodified: "')
HUNK = re.compile(r"(?s)<{7} ours\n(.*?)={7}\n(.*?)>{7} theirs\n")


class GitRepo:
    """A laid-out repository in Git, with `reconcile` on the PATH."""

    def __init__(self, repo):
        self.repo = repo
        self.path = repo.path
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_EDITOR": "true",
            **{f"GIT_{who}_NAME": "a" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "a@b.test" for who in ("AUTHOR", "COMMITTER")},
        }

    def git(self, *arguments, code=0):
        done = subprocess.run(
            ("git", *arguments), cwd=self.path, env=self.env, capture_output=True,
            text=True, check=False, timeout=60,
        )  # fmt: skip
        assert code is None or done.returncode == code, done
        return Done(done.returncode, done.stdout, done.stderr)

    def put(self, **values):
        """Change credentials of `spot` and commit."""
        for key, value in values.items():
            file = self.repo.file("spot")
            text = re.sub(rf"(?m)^  {key}: .*$", f"  {key}: {value}", file.read_text())
            file.write_text(text)
            self.repo.here("encrypt", "connections.d/spot.yaml")
        self.commit()

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-qm", "edit")

    def on(self, branch, *, new=True):
        self.git("checkout", "-q", *(["-b"] if new else []), branch)

    def defaults(self, text, *, commit=True):
        """Change the folder's defaults, bind `spot` to them, and commit."""
        self.repo.file("_defaults").write_text(text)
        self.repo.here("encrypt", "--rebind", "connections.d/spot.yaml")
        if commit:
            self.commit()

    def is_bound(self):
        """Tell whether the binding of `spot` holds."""
        (found,) = self.repo.here("secrets", "status", "--format", "json").json["files"]
        return found["binding"] == "bound"

    @property
    def text(self):
        return self.repo.file("spot").read_text()

    def credentials(self):
        names = re.findall(r"(?m)^  (api_\w+): ENC", self.text)
        file = "connections.d/spot.yaml"
        return {
            name: self.repo.here("decrypt", file, "--extract", name).out
            for name in names
        }


@pytest.fixture
def team(bare):
    bare.here("keygen")
    git = GitRepo(bare)
    git.git("init", "-q", "-b", "main")
    bare.here("init", "--workspace", "test")
    bare.new("spot", api_key="key-0-base", api_secret="secret-0-base")
    git.commit()
    return git


def test_init_tells_git_and_names_the_files(team):
    driver = team.git("config", "merge.reconcile.driver").out
    attributes = team.git(
        "check-attr", "merge", "diff", "eol", "--", "connections.d/a/b.yaml"
    ).out

    assert "reconcile -C . merge-driver" in driver
    assert attributes.count(": reconcile\n") == 2
    assert "eol: lf" in attributes


def test_init_outside_git_only_says_what_to_do(bare):
    said = bare.here("init").err

    assert "reconcile merge-driver --install" in said


def test_a_fresh_clone_is_told_by_one_command(team, tmp_path, monkeypatch):
    team.git("clone", "-q", str(team.path), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone" / "connections.d")

    team.repo.here("merge-driver", "--install")
    team.repo.here("merge-driver", "--install")

    done = team.git("-C", str(tmp_path / "clone"), "config", "--get-all",
                    "merge.reconcile.driver")  # fmt: skip
    assert len(done.out.splitlines()) == 1


def test_installing_outside_git_is_an_error(bare):
    done = bare.here("merge-driver", "--install", code=1)

    assert "not in a Git repository" in done.err


def neighbours_changed(team):
    team.on("theirs")
    team.put(api_key="key-1-theirs")
    team.on("main", new=False)
    team.put(api_secret="secret-1-ours")


BOTH = {"api_key": "key-1-theirs", "api_secret": "secret-1-ours"}


def test_merging_neighbouring_credentials(team):
    neighbours_changed(team)

    team.git("merge", "-q", "theirs", "-m", "merged")

    assert team.credentials() == BOTH
    assert team.git("status", "--porcelain").out == ""
    sops = shutil.which("sops")
    if sops:
        done = subprocess.run(
            (sops, "-d", "--output-type", "json", "connections.d/spot.yaml"),
            cwd=team.path, env=team.env, capture_output=True, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout)["credentials"] == BOTH


@pytest.mark.parametrize(
    "how",
    [("rebase", "-q", "theirs"), ("cherry-pick", "theirs")],
    ids=lambda how: how[0],
)
def test_replaying_neighbouring_credentials(team, how):
    neighbours_changed(team)

    team.git(*how)

    assert team.credentials() == BOTH


def test_the_same_credential_is_the_only_conflict(team):
    team.on("theirs")
    team.put(api_key="key-1-theirs", api_secret="secret-1-theirs")
    team.on("main", new=False)
    team.put(api_key="key-2-ours")

    done = team.git("merge", "theirs", code=1)

    assert "both sides changed credentials.api_key" in done.err
    assert "reconcile encrypt --rebind connections.d/spot.yaml" in done.err
    (hunk,) = HUNK.findall(team.text)
    assert [side.count("\n") for side in hunk] == [1, 1]
    team.repo.file("spot").write_text(HUNK.sub(r"\2", team.text))
    team.repo.here("encrypt", "--rebind", "connections.d/spot.yaml")
    assert team.credentials() == {
        "api_key": "key-1-theirs", "api_secret": "secret-1-theirs",
    }  # fmt: skip
    team.repo.here("validate")


def test_adding_different_credentials_on_both_sides(team):
    for branch, line in (("theirs", "api_passphrase: words"), ("main", "api_uid: 77")):
        team.on(branch, new=branch != "main")
        text = team.text.replace("binding:", f"  {line}\nbinding:")
        team.repo.file("spot").write_text(text)
        team.repo.here("encrypt", "connections.d/spot.yaml")
        team.commit()

    team.git("merge", "-q", "theirs", "-m", "merged")

    assert team.credentials() == {
        "api_key": "key-0-base", "api_secret": "secret-0-base",
        "api_uid": "77", "api_passphrase": "words",
    }  # fmt: skip


def test_without_a_key_nothing_is_lost_and_a_key_mends_it(team):
    neighbours_changed(team)
    kept, team.env["XDG_CONFIG_HOME"] = team.env["XDG_CONFIG_HOME"], "/nonexistent"

    done = team.git("merge", "theirs", code=1)

    assert "no identity opens it" in done.err
    assert "<<<<<<<" in team.text
    team.env["XDG_CONFIG_HOME"] = kept
    team.git("checkout", "--merge", "--", "connections.d/spot.yaml")
    assert team.credentials() == BOTH


def test_without_a_key_settings_still_merge(team):
    team.on("theirs")
    team.repo.edit("spot", "settings:", "labels: {desk: spot}\nsettings:")
    team.commit()
    team.on("main", new=False)
    team.put(api_key="key-1-ours")
    team.env["XDG_CONFIG_HOME"] = "/nonexistent"

    team.git("merge", "-q", "theirs", "-m", "merged")

    assert "labels: {desk: spot}" in team.text
    assert team.credentials()["api_key"] == "key-1-ours"


def test_a_diff_shows_that_a_value_changed_and_no_ciphertext(team):
    team.put(api_key="key-1")

    shown = [
        team.git("diff", "HEAD~1").out,
        team.git("log", "-p", "--", "connections.d").out,
    ]

    for text in shown:
        assert not any(noise in text for noise in NOISE)
    changed = [line for line in shown[0].splitlines() if re.match(r"[-+]\s", line)]
    marks = re.compile(r"[-+]  api_key: <sealed str, \d+ bytes, #[0-9a-f]{6}>")
    assert len(changed) == 2
    assert all(marks.fullmatch(line) for line in changed)


def test_an_unresolved_conflict_is_shown_without_ciphertext(team):
    team.on("theirs")
    team.put(api_key="key-1-theirs")
    team.on("main", new=False)
    team.put(api_key="key-2-ours")
    team.git("merge", "theirs", code=1)

    text = team.git("diff").out

    assert "<<<<<<< ours" in text
    assert not any(noise in text for noise in NOISE)


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe ENC[AES256_GCM,data:?,iv:\n", b"a: [\n", b"", b"sops: 5\n",
     b"sops: {age: 5}\n", b"a: ENC[AES256_GCM,data:?,iv:,tag:,type:str]\n"],
)  # fmt: skip
def test_any_file_can_be_shown(bare, content):
    file = bare.path / "f.yaml"
    file.write_bytes(content)

    done = subprocess.run(
        command_line("textconv", "f.yaml"),
        cwd=bare.path,
        env=bare.environment(),
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"type:str]" not in done.stdout
    assert bool(done.stdout) == bool(content)


def test_a_name_that_says_nothing_of_options_is_merged(team):
    team.on("theirs")
    team.git("mv", "connections.d/spot.yaml", "connections.d/it's $(x) spot.yaml")
    team.commit()
    team.on("main", new=False)
    team.put(api_secret="secret-1-ours")

    team.git("merge", "-q", "theirs", "-m", "merged")

    assert (team.path / "connections.d" / "it's $(x) spot.yaml").exists()


def test_no_message_and_no_conflict_holds_a_value(team):
    team.on("theirs")
    team.put(api_key="CANARY-theirs-0123", api_secret="CANARY-secret-0123")
    team.on("main", new=False)
    team.put(api_key="CANARY-ours-0123456")

    merge = team.git("merge", "theirs", code=1)
    shown = [
        merge.out,
        merge.err,
        team.git("diff").out,
        team.git("log", "-p", "--", "connections.d").out,
    ]

    places = [*shown, *(p.read_bytes().decode("latin-1") for p in files_of(team))]
    assert not [text for text in places if "CANARY" in text]


def files_of(team):
    return [file for file in team.path.rglob("*") if file.is_file()]


@pytest.fixture
def desk(team):
    """`spot` bound to its folder's defaults; `topic` changed them, `main` a key."""
    team.defaults("config: {timeout: 20}\n")
    team.on("topic")
    team.defaults("config: {timeout: 30}\n")
    team.on("main", new=False)
    team.put(api_key="key-1-main")
    return team


REPLAYS = {
    "merge": [("main", ["merge", "-q", "topic"])],
    "merge the other way": [("topic", ["merge", "-q", "main"])],
    "rebase": [("topic", ["rebase", "-q", "main"])],
    "cherry-pick": [("main", ["cherry-pick", "topic"])],
    "revert": [
        ("main", ["merge", "-q", "topic"]),
        ("main", ["revert", "--no-edit", "HEAD^1"]),
    ],
}


@pytest.mark.parametrize("how", REPLAYS)
def test_each_side_is_bound_to_the_defaults_of_its_own_branch(desk, how):
    for branch, arguments in REPLAYS[how]:
        desk.on(branch, new=False)
        done = desk.git(*arguments)
        assert "bound" not in done.err

    settings = desk.repo.file("_defaults").read_text()
    plan = desk.repo.here("plan", "--format", "json").json
    assert settings == "config: {timeout: 30}\n"
    assert [one["notes"] for one in plan["changes"]] == [[]]
    assert desk.is_bound()


def test_a_stash_is_bound_to_the_defaults_it_was_made_with(team):
    team.defaults("config: {timeout: 20}\n")
    team.defaults("config: {timeout: 30}\n", commit=False)
    team.git("stash")
    team.put(api_key="key-1-main")

    team.git("stash", "pop", "-q")

    assert team.repo.file("_defaults").read_text() == "config: {timeout: 30}\n"
    assert team.is_bound()


def test_defaults_changed_without_the_key_bind_nothing_in_a_merge(team):
    team.defaults("config: {timeout: 20}\n")
    team.on("topic")
    team.repo.file("_defaults").write_text("config: {timeout: 30}\n")
    team.repo.edit("spot", "BTC/USDT", "ETH/USDT")
    team.commit()
    team.on("main", new=False)
    team.put(api_key="key-1-main")

    done = team.git("merge", "-q", "topic")

    assert "reconcile encrypt --rebind connections.d/spot.yaml" in done.err
    assert not team.is_bound()
