"""What systemd is told, over a real socket."""

import socket

import pytest

from reconciler.daemon.process.notifying import Notifier


@pytest.fixture
def manager(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("notify")
        listening.settimeout(5)
        yield listening


def told(manager):
    return manager.recv(4096).decode().splitlines()


def test_it_tells_what_it_is_doing(manager):
    notifier = Notifier.of({"NOTIFY_SOCKET": "notify"})

    notifier.ready("working")
    notifier.reloading()
    notifier.stopping()

    assert told(manager) == ["READY=1", "STATUS=working"]
    name, microseconds = told(manager)
    assert (name, microseconds.partition("=")[0]) == ("RELOADING=1", "MONOTONIC_USEC")
    assert told(manager) == ["STOPPING=1"]


def test_the_watchdog_is_fed_no_more_often_than_it_needs(manager):
    notifier = Notifier.of({"NOTIFY_SOCKET": "notify", "WATCHDOG_USEC": "60000000"})

    for _ in range(100):
        notifier.beat()
    notifier.stopping()

    assert [told(manager), told(manager)] == [["WATCHDOG=1"], ["STOPPING=1"]]


def test_without_a_watchdog_there_is_no_beat(manager):
    notifier = Notifier.of({"NOTIFY_SOCKET": "notify"})

    notifier.beat()
    notifier.stopping()

    assert told(manager) == ["STOPPING=1"]


def test_an_abstract_name_is_spoken_to(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        name = f"reconcile-{tmp_path.name}"
        listening.bind(f"\0{name}")
        listening.settimeout(5)

        Notifier(address=f"@{name}").stopping()

        assert told(listening) == ["STOPPING=1"]


def test_nobody_listening_is_no_failure(tmp_path):
    Notifier(address=str(tmp_path / "nowhere")).ready("x")
    Notifier().ready("x")
