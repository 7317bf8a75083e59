"""The socket of a socket unit: taken when it is ours and right, refused otherwise."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys

import pytest

from reconciler.core.errors import InputError
from reconciler.daemon.http.server.listening import listen_at
from reconciler.daemon.http.server.passing import passed_socket

HERE = str(os.getpid())
TAKING = """
import json, os, sys
from reconciler.core.errors import InputError
from reconciler.daemon.http.server.listening import listen_at
told = os.environ
if sys.argv[1:]:
    os.dup2(int(sys.argv[1]), 3)
    told = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
try:
    listen = listen_at("systemd", environment=told)
except InputError as error:
    print(json.dumps({"refused": str(error)}))
else:
    print(json.dumps({"host": listen.host, "port": listen.port,
                      "inherited": listen.passed.get_inheritable()}))
"""


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "no socket was passed"),
        ({"LISTEN_FDS": "1", "LISTEN_PID": "1"}, "no socket was passed"),
        ({"LISTEN_FDS": "0", "LISTEN_PID": HERE}, "no socket was passed"),
        ({"LISTEN_FDS": "2", "LISTEN_PID": HERE}, "2 sockets were passed"),
    ],
)
def test_without_one_socket_for_us_it_says_what_to_do(told, why):
    with pytest.raises(InputError, match=f"{why}.*reconcile.socket"):
        passed_socket(told)


def test_a_command_line_that_names_systemd_elsewhere_says_so():
    with pytest.raises(InputError, match="cannot listen at 'systemd'"):
        listen_at("systemd")


def taken(passed):
    """Return what a process makes of a socket that it gets as its third descriptor."""
    number = passed.fileno()
    done = subprocess.run(
        [sys.executable, "-c", TAKING, str(number)],
        pass_fds=[number],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_it_listens_where_the_socket_does_and_keeps_it_from_its_children():
    with socket.create_server(("127.0.0.1", 0)) as passed:
        found = taken(passed)

        port = passed.getsockname()[1]
    assert found == {"host": "127.0.0.1", "port": port, "inherited": False}


def test_a_socket_that_is_no_tcp_is_refused(tmp_path):
    with socket.socket(socket.AF_UNIX) as passed:
        passed.bind(str(tmp_path / "s"))

        assert "no TCP socket" in taken(passed)["refused"]


def test_the_program_of_systemd_that_listens_for_others_is_understood():
    if not (activate := shutil.which("systemd-socket-activate")):
        pytest.skip("no systemd-socket-activate here")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [activate, f"--listen=127.0.0.1:{port}", sys.executable, "-c", TAKING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stderr:
            if "Listening on" in line:
                break
        with socket.create_connection(("127.0.0.1", port)):
            out, _ = process.communicate(timeout=60)

    assert json.loads(out)["port"] == port
