"""Following a branch with the real git: whole revisions, or the last good one."""

from __future__ import annotations

import os
import subprocess
import threading
from base64 import b64decode
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from reconciler.adapters.git_follow import GitFollower, Upstream
from reconciler.core.errors import InputError

PASSWORD = "hunter2-in-the-address"


class Upstreams:
    """A repository that others push to."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Alice")
        self.git("config", "user.email", "alice@example.com")
        self.git("config", "commit.gpgsign", "false")

    def git(self, *arguments):
        done = subprocess.run(
            ("git", "-C", str(self.path), *arguments),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, text="one", *options, file="connections.d/a.yaml"):
        target = self.path / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", text, *options)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def theirs(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return Upstreams(tmp_path / "theirs")


def follower(theirs, **changes):
    upstream = Upstream(
        url=str(theirs.path), branch="main", needs="connections.d", **changes
    )
    return GitFollower(upstream, theirs.path.parent / "ours")


def text_of(checkout):
    return (checkout.path / "connections.d/a.yaml").read_text()


def test_the_newest_revision_is_taken_as_a_whole(theirs):
    theirs.commit("one")
    ours = follower(theirs)
    first = ours.update()
    second_commit = theirs.commit("two")

    second = ours.update()

    assert (text_of(first), text_of(second)) == ("one", "two")
    assert second.commit == second_commit
    assert ours.update() == second
    assert not (second.path / ".git").exists()


def test_after_a_restart_the_last_good_revision_is_there_without_the_network(theirs):
    theirs.commit("one")
    taken = follower(theirs).update()
    theirs.path.rename(theirs.path.with_name("away"))
    ours = follower(theirs)

    with pytest.raises(InputError, match=r"git fetch of .*theirs failed"):
        ours.update()

    assert ours.current() == taken


def test_old_revisions_are_cleared_away(theirs):
    ours = follower(theirs)
    for number in range(5):
        theirs.commit(str(number))
        ours.update()

    assert len(list((theirs.path.parent / "ours/revisions").iterdir())) == 2


def test_a_rewritten_history_is_refused_unless_allowed(theirs):
    first = theirs.commit("one")
    theirs.commit("two")
    ours = follower(theirs)
    taken = ours.update()
    theirs.git("reset", "--quiet", "--hard", first)
    other = theirs.commit("other")

    with pytest.raises(InputError, match="was rewritten"):
        ours.update()

    assert ours.current() == taken
    ours.upstream = replace(ours.upstream, rewind=True)
    assert ours.update().commit == other


def test_a_revision_without_the_folder_is_not_taken(theirs):
    theirs.commit("one")
    ours = follower(theirs)
    taken = ours.update()
    theirs.git("mv", "connections.d", "elsewhere")
    theirs.commit("two", file="README")

    with pytest.raises(InputError, match=r"has no folder 'connections.d'"):
        ours.update()

    assert ours.current() == taken
    assert text_of(taken) == "one"


def test_a_folder_of_the_repository_may_be_what_is_followed(theirs):
    theirs.commit("one", file="desk/connections.d/a.yaml")

    assert text_of(follower(theirs, directory="desk").update()) == "one"


def test_links_are_no_links_any_more(theirs):
    (theirs.path / ".reconcile").symlink_to("/tmp")  # noqa: S108
    (theirs.path / "connections.d").mkdir()
    (theirs.path / "connections.d/b.yaml").symlink_to("/etc/passwd")
    theirs.commit("one")

    taken = follower(theirs).update()

    assert not (taken.path / ".reconcile").is_symlink()
    assert (taken.path / "connections.d/b.yaml").read_text() == "/etc/passwd"


def test_a_disk_that_refuses_keeps_the_last_good_revision(theirs):
    theirs.commit("one")
    ours = follower(theirs)
    taken = ours.update()
    theirs.commit("two")
    folder = theirs.path.parent / "ours/revisions"
    folder.rename(folder.with_name("kept"))
    folder.write_text("in the way")

    with pytest.raises(InputError, match="cannot keep"):
        ours.update()

    folder.unlink()
    folder.with_name("kept").rename(folder)
    assert ours.current() == taken
    assert text_of(ours.update()) == "two"


@pytest.fixture
def signed(theirs, tmp_path):
    """A repository whose Alice signs with an SSH key."""
    for name in ("alice", "mallory"):
        command = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name)
        subprocess.run(command, check=True)
    public = (tmp_path / "alice.pub").read_text()
    (tmp_path / "allowed").write_text(f"alice@example.com {public}")
    theirs.git("config", "gpg.format", "ssh")
    theirs.git("config", "user.signingkey", str(tmp_path / "alice.pub"))
    theirs.commit("one", "-S")
    return theirs


def checking(theirs):
    allowed = theirs.path.parent / "allowed"
    return follower(theirs, verify=True, allowed_signers=allowed)


def test_commits_of_known_signers_are_taken(signed):
    ours = checking(signed)
    ours.update()
    signed.commit("two", "-S")

    assert text_of(ours.update()) == "two"


def test_an_unsigned_commit_is_refused(signed):
    ours = checking(signed)
    taken = ours.update()
    commit = signed.commit("two")

    with pytest.raises(
        InputError, match=f"{commit[:12]} .*not signed by anybody known"
    ):
        ours.update()

    assert ours.current() == taken


def test_an_unsigned_commit_below_a_signed_one_is_refused(signed):
    ours = checking(signed)
    taken = ours.update()
    smuggled = signed.commit("smuggled")
    signed.commit("honest", "-S", file="README")

    with pytest.raises(InputError, match=smuggled[:12]):
        ours.update()

    assert ours.current() == taken


def test_what_a_signed_merge_brings_in_needs_no_signature_of_its_own(signed):
    ours = checking(signed)
    ours.update()
    signed.git("checkout", "--quiet", "-b", "topic")
    signed.commit("topic")
    signed.git("checkout", "--quiet", "main")
    signed.git("merge", "--quiet", "--no-ff", "-S", "-m", "merge", "topic")

    assert text_of(ours.update()) == "topic"


def test_a_strangers_signature_is_refused(signed):
    ours = checking(signed)
    ours.update()
    signed.git("config", "user.signingkey", str(signed.path.parent / "mallory.pub"))
    signed.commit("two", "-S")

    with pytest.raises(InputError, match="not signed by anybody known"):
        ours.update()


def test_a_missing_file_of_signers_refuses_everything(signed):
    ours = checking(signed)
    (signed.path.parent / "allowed").unlink()

    with pytest.raises(InputError, match=r"allowed signers .* is missing"):
        ours.update()

    assert ours.current() is None


def test_a_commit_signed_with_gpg_is_known_by_the_keyring(
    theirs, tmp_path, monkeypatch
):
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    generate = ("--passphrase", "", "--quick-gen-key", "alice@example.com")
    subprocess.run(("gpg", "--batch", "--quiet", *generate), check=True)
    theirs.git("config", "user.signingkey", "alice@example.com")
    theirs.commit("one", "-S")
    ours = follower(theirs, verify=True)

    assert text_of(ours.update()) == "one"
    theirs.commit("two")
    with pytest.raises(InputError, match="not signed"):
        ours.update()
    # With a file of SSH signers, the keyring counts for nothing.
    (tmp_path / "allowed").write_text("")
    strict = GitFollower(
        replace(ours.upstream, allowed_signers=tmp_path / "allowed"), tmp_path / "new"
    )
    theirs.commit("three", "-S")
    with pytest.raises(InputError, match="not signed"):
        strict.update()
    subprocess.run(("gpgconf", "--kill", "gpg-agent"), check=True)


@pytest.fixture
def server():
    """A Git host that refuses everybody, and remembers how they tried to log in."""
    logins = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            logins.append(self.headers.get("Authorization", ""))
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    served = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield served.server_address[1], logins
    served.shutdown()
    thread.join()
    served.server_close()


def test_a_password_in_the_address_is_used_and_never_shown(tmp_path, server):
    port, logins = server
    url = f"http://deploy:{PASSWORD}@127.0.0.1:{port}/desk.git"
    ours = GitFollower(Upstream(url=url, branch="main"), tmp_path / "ours")

    with pytest.raises(InputError) as caught:
        ours.update()

    sent = [b64decode(login.split()[-1]).decode() for login in logins if login]
    assert f"deploy:{PASSWORD}" in sent
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in repr(ours.upstream)
    kept = [path for path in (tmp_path / "ours").rglob("*") if path.is_file()]
    assert not any(PASSWORD.encode() in path.read_bytes() for path in kept)


def test_without_a_password_nobody_is_asked_for_one(tmp_path, server):
    url = f"http://127.0.0.1:{server[0]}/desk.git"
    ours = GitFollower(Upstream(url=url, branch="main"), tmp_path / "ours")

    with pytest.raises(InputError, match=r"git fetch of http://127.0.0.1:"):
        ours.update()


def test_git_sees_neither_keys_nor_the_terminal(theirs, monkeypatch, tmp_path):
    monkeypatch.setenv("SOPS_AGE_KEY", "AGE-SECRET-KEY-1")
    seen = tmp_path / "seen"
    fake = tmp_path / "bin/git"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nenv > {seen}\necho "$@" >> {seen}\nexit 1\n')
    fake.chmod(0o700)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    url = f"https://deploy:{PASSWORD}@git.example.com/desk.git"

    with pytest.raises(InputError):
        GitFollower(Upstream(url=url, branch="main"), tmp_path / "ours").update()

    text = seen.read_text()
    arguments = text.splitlines()[-1]
    assert "GIT_TERMINAL_PROMPT=0" in text
    assert "AGE-SECRET-KEY" not in text
    assert PASSWORD not in arguments
