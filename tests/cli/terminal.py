"""Commands at a terminal, where somebody answers."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys

from tests.cli.cli_runner import command_line

PATIENCE_S = 40
AT_HOME = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes the terminal the process's own, so that Ctrl-C is a signal there."""


def at_terminal(repo, arguments, answers, **env):
    """Run a command at a terminal; answer each prompt once. Returns code and text."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        (sys.executable, "-c", AT_HOME, *command_line(*arguments)),
        cwd=repo.path,
        env=repo.environment(**env),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    seen = ""
    with contextlib.suppress(OSError):  # the terminal is gone with the process
        while part := os.read(master, 1000):
            seen += part.decode()
            for prompt, answer in list(answers.items()):
                if seen.endswith(prompt):
                    os.write(master, answer.encode())
                    del answers[prompt]
    os.close(master)
    return process.wait(timeout=PATIENCE_S), seen
