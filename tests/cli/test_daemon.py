"""`reconcile daemon` as a process: it follows files, obeys signals, and ends well."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
import uuid
from functools import partial

import httpx
import pytest

PATIENCE_S = 60


class Running:
    """A daemon's process, and the lines of its log as they come."""

    def __init__(self, repo, *arguments, **env):
        self.process = repo.start("daemon", "--log-format", "json", *arguments, **env)
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)

    @property
    def log(self):
        return [json.loads(line) for line in list(self.lines) if line[:1] == "{"]

    def said(self, message, **more):
        wanted = {"message": message, **more}.items()
        return [line for line in self.log if wanted <= line.items()]

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(timeout=PATIENCE_S)
        self.reader.join(timeout=PATIENCE_S)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


@pytest.fixture
def start():
    running = []

    def begin(repo, *arguments, **env):
        one = Running(repo, *arguments, **env)
        running.append(one)
        return one

    yield begin
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.end()


def wait_until(condition, daemon=None):
    until = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        said = "".join(daemon.lines[-20:]) if daemon else ""
        assert time.monotonic() < until, f"waited in vain\n{said}"
        time.sleep(0.05)
    return found


def healthy(repo):
    rows = repo.here("list", "--format", "json").json["connections"]
    return {row["name"] for row in rows if row["health"] == "healthy"}


def test_it_applies_what_is_there_and_what_comes(binance, start):
    daemon = start(binance)
    wait_until(lambda: healthy(binance) == {"spot"})

    binance.new("public")
    wait_until(lambda: healthy(binance) == {"spot", "public"})

    assert daemon.end() == 143
    assert binance.report["command"] == "daemon"
    assert binance.report["exit_code"] == 143
    assert "The lock is free." in binance.here("state", "list").out
    assert not any("Traceback" in line for line in daemon.lines)


def test_it_serves_what_there_is_and_tests_on_request(applied, start):
    daemon = start(applied, "--listen", "127.0.0.1:0")
    url = wait_until(lambda: daemon.said("listening"))[0]["url"]
    wait_until(lambda: daemon.said("cycle finished"))

    assert httpx.get(f"{url}readyz").status_code == 200
    assert "spot" in httpx.get(url).text
    before = applied.here("show", "spot", "--format", "json").json
    told = httpx.post(f"{url}api/v1/connections/spot/test", json={}).json()

    assert told["outcome"]["result"] == "applied"
    after = applied.here("show", "spot", "--format", "json").json
    assert before != after
    assert daemon.end() == 143


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_a_signal_in_the_middle_of_a_test_ends_it_well(
    applied, sandbox, start, number, code
):
    sandbox.set_fault("binance", "timeout")
    sandbox.reset_requests()
    applied.edit("spot", "timeframes: [1h]", "timeframes: [4h]")
    daemon = start(applied)
    wait_until(lambda: any("binance" in one.host for one in sandbox.requests))

    assert daemon.end(number) == code
    name = signal.Signals(number).name
    assert daemon.said("daemon stopped", signal=name, exit_code=code)
    assert applied.report["exit_code"] == code
    assert healthy(applied) == {"spot"}
    assert "The lock is free." in applied.here("state", "list").out


def test_a_second_signal_ends_it_now(applied, sandbox, start):
    sandbox.set_fault("binance", "timeout")
    sandbox.reset_requests()
    applied.edit("spot", "timeframes: [1h]", "timeframes: [4h]")
    daemon = start(applied)
    wait_until(lambda: any("binance" in one.host for one in sandbox.requests))
    daemon.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    began = time.monotonic()

    assert daemon.end(signal.SIGINT) == 130
    assert time.monotonic() - began < 8
    assert applied.report["exit_code"] == 130


def test_a_refused_revision_leaves_the_last_good_one_running(applied, sandbox, start):
    daemon = start(applied)
    wait_until(lambda: daemon.said("cycle finished"))
    sandbox.set_fault("binance", "bad_key")

    applied.edit("spot", "timeframes: [1h]", "timeframes: [4h]")
    [row] = wait_until(
        lambda: [
            row
            for row in applied.report["connections"]
            if row.get("sync") == "rejected"
        ]
    )

    assert row["outcome"] == "rejected"
    assert row["active_revision"] != row["attempted_revision"]
    assert daemon.end() == 143


def test_a_lost_file_takes_nothing_away_until_somebody_agrees(applied, start):
    applied.new("public")
    applied.here("apply")
    text = applied.file("public").read_text()
    daemon = start(applied)
    wait_until(lambda: daemon.said("cycle finished"))

    applied.file("public").unlink()
    [line] = wait_until(lambda: daemon.said("cycle finished", exit_code=4))

    assert "no file declares public any more" in line["refused"]
    assert healthy(applied) == {"spot", "public"}
    applied.file("public").write_text(text)
    wait_until(lambda: daemon.log[-1].get("exit_code") == 0)
    applied.file("public").unlink()
    wait_until(lambda: len(daemon.said("cycle finished", exit_code=4)) == 2)
    applied.here("apply", "--yes")
    assert healthy(applied) == {"spot"}
    assert daemon.end() == 143


def test_bad_settings_leave_the_last_good_ones_and_are_said(applied, start):
    daemon = start(applied)
    wait_until(lambda: daemon.said("cycle finished"))
    settings = applied.path / "reconcile.yaml"
    good = settings.read_text()
    applied.new("public")
    applied.file("public").rename(applied.path / "public.yaml")

    settings.write_text("paralelism: 3\n")
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: daemon.said("settings refused"))
    (applied.path / "public.yaml").rename(applied.file("public"))
    wait_until(lambda: len(daemon.said("cycle finished", changes=1)) == 1)
    settings.write_text(good)
    wait_until(lambda: daemon.said("settings taken"))
    assert healthy(applied) == {"spot", "public"}

    assert daemon.end() == 143


def test_a_deleted_checkout_that_comes_back_is_followed_again(applied, start):
    daemon = start(applied)
    wait_until(lambda: daemon.said("cycle finished"))
    folder = applied.path / "connections.d"

    folder.rename(applied.path / "away")
    wait_until(lambda: daemon.said("cycle finished", exit_code=1))
    assert healthy(applied) == {"spot"}
    (applied.path / "away").rename(folder)
    wait_until(lambda: daemon.log[-1].get("exit_code") == 0)
    applied.new("public")
    wait_until(lambda: healthy(applied) == {"spot", "public"})

    assert daemon.end() == 143


def test_killed_and_started_again_it_carries_on(applied, sandbox, start):
    applied.new("public")
    sandbox.set_fault("*", "slow", seconds=1)
    sandbox.reset_requests()
    first = start(applied)
    wait_until(lambda: sandbox.requests)
    first.process.kill()
    first.end()
    sandbox.clear_faults()

    second = start(applied)
    wait_until(lambda: healthy(applied) == {"spot", "public"})

    assert second.end() == 143
    actions = applied.here("history", "--format", "json").json["actions"]
    created = [one for one in actions if one["action"] == "create"]
    assert sorted(one["name"] for one in created) == ["public", "spot"]


def test_while_ci_applies_the_daemon_waits_and_both_end_well(applied, sandbox, start):
    daemon = start(applied)
    wait_until(lambda: daemon.said("cycle finished"))
    sandbox.set_fault("binance", "slow", seconds=1)
    applied.edit("spot", "timeframes: [1h]", "timeframes: [4h]")

    done = applied.run("apply", "--lock-timeout", "30s")
    wait_until(lambda: healthy(applied) == {"spot"})

    assert done.code == 0
    assert daemon.end() == 143


def test_once_applies_and_tests_what_is_due(applied, sandbox):
    applied.new("public")
    sandbox.reset_requests()

    applied.here("daemon", "--once")

    assert healthy(applied) == {"spot", "public"}
    assert applied.report["command"] == "daemon"


def test_it_follows_a_git_repository_and_keeps_the_last_good_revision(live, start):
    live.new("public")
    theirs = live.path / "theirs"
    git("init", "--quiet", "--initial-branch=main", theirs)
    (live.path / "connections.d").rename(theirs / "connections.d")
    commit(theirs)
    settings = live.path / "reconcile.yaml"
    source = f"daemon: {{source: {{git: {theirs}, interval: 5s}}}}\n"
    settings.write_text(settings.read_text() + source)
    daemon = start(live)
    [first] = wait_until(lambda: daemon.said("cycle finished", changes=1), daemon)
    assert healthy(live) == {"public"}

    (theirs / "connections.d").rename(theirs / "elsewhere")
    commit(theirs)
    [line] = wait_until(lambda: daemon.said("revision not taken"))
    assert "has no folder 'connections.d'" in line["error"]
    assert healthy(live) == {"public"}
    (theirs / "elsewhere").rename(theirs / "connections.d")
    text = (theirs / "connections.d/public.yaml").read_text()
    other = text.replace("name: public", "name: other")
    (theirs / "connections.d/other.yaml").write_text(other)
    last = commit(theirs)
    wait_until(lambda: daemon.said("cycle finished", commit=last))

    assert first["commit"] != last
    assert healthy(live) == {"public", "other"}
    assert daemon.end() == 143


def git(*arguments):
    command = ("git", *map(str, arguments))
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(theirs):
    git("-C", theirs, "add", "--all")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    git("-C", theirs, *who, "commit", "--quiet", "--no-gpg-sign", "--message", "x")
    return git("-C", theirs, "rev-parse", "HEAD").strip()


def test_a_test_on_request_is_made_by_the_running_daemon(applied, sandbox, start):
    daemon = start(applied)
    wait_until(lambda: daemon.said("cycle finished"))

    passed = applied.here("test", "spot", "--wait", "--format", "json")
    sandbox.set_fault("binance", "bad_key")
    failed = applied.here("test", "spot", code=5)
    asked = applied.here("test", "spot", "--no-wait")
    wait_until(lambda: len(daemon.said("tests asked for")) == 3)
    wait_until(lambda: len(daemon.said("test finished", connection="spot")) == 3)

    assert "spot" in passed.out
    assert "spot" in failed.out
    assert "not waiting" in asked.err
    assert daemon.end() == 143
    applied.here("test", "spot", "--wait", code=1)


def test_the_daemons_socket_is_for_its_owner_only(applied, start):
    daemon = start(applied)
    wait_until(lambda: daemon.said("cycle finished"))
    [place] = applied.path.glob(".reconcile/daemon/*/socket")

    assert place.stat().st_mode & 0o777 == 0o600
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert daemon.end() == 143
    assert not place.exists()


def test_a_second_daemon_for_the_same_store_is_refused(applied, start):
    first = start(applied)
    wait_until(lambda: list(applied.path.glob(".reconcile/daemon/*/socket")))

    done = applied.run("daemon", code=75)

    assert "a daemon runs already" in done.err
    assert first.end() == 143


def test_a_daemon_that_was_killed_leaves_nothing_in_the_way(applied, start):
    first = start(applied)
    wait_until(lambda: list(applied.path.glob(".reconcile/daemon/*/socket")))
    first.process.kill()
    first.end()

    applied.here("test", "spot")
    second = start(applied)
    wait_until(lambda: second.said("cycle finished"))

    applied.here("test", "spot", "--wait")
    assert second.end() == 143


def test_other_networks_are_taken_without_a_restart(applied, start):
    daemon = start(applied)
    wait_until(lambda: daemon.said("cycle finished"))
    settings = applied.path / "reconcile.yaml"

    settings.write_text(settings.read_text() + "network: {allow: [10.0.0.0/8]}\n")
    wait_until(lambda: daemon.said("settings taken"))

    applied.here("test", "spot", "--wait")
    assert not daemon.said("something was left behind")
    assert daemon.end() == 143


def test_a_refused_revision_is_tried_again_when_its_time_comes(applied, sandbox, start):
    text = applied.file("spot").read_text()
    applied.file("spot").write_text(f"health: {{retry_interval: 10s}}\n{text}")
    applied.here("apply")
    daemon = start(applied)
    wait_until(lambda: daemon.said("cycle finished"))
    sandbox.set_fault("binance", "maintenance")
    applied.edit("spot", "timeframes: [1h]", "timeframes: [4h]")
    wait_until(lambda: daemon.said("cycle finished", exit_code=5))
    sandbox.clear_faults()

    again = wait_until(lambda: daemon.said("cycle finished", exit_code=0, changes=1))

    assert again
    assert healthy(applied) == {"spot"}
    assert daemon.end() == 143


def test_systemd_is_told_that_it_is_ready_reloads_and_stops(applied, start):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        name = f"reconcile-{uuid.uuid4().hex}"
        manager.bind(f"\0{name}")
        manager.settimeout(PATIENCE_S)
        told = partial(_told, manager)
        daemon = start(applied, NOTIFY_SOCKET=f"@{name}", WATCHDOG_USEC="4000000")

        told("READY=1")
        told("WATCHDOG=1")
        daemon.process.send_signal(signal.SIGHUP)
        told("RELOADING=1")
        told("READY=1")
        told("WATCHDOG=1")
        code = daemon.end()
        told("STOPPING=1")

    assert code == 143


def _told(manager, what):
    while what not in manager.recv(4096).decode().splitlines():
        pass
