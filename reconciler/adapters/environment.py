"""Who runs this and where: read once from the process's surroundings."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping

ACTOR_VARIABLES = ("RECONCILE_WHO", "GITHUB_ACTOR", "GITLAB_USER_LOGIN")
"""The first that is set names the person behind a CI run."""


def process_environment() -> dict[str, str]:
    """Return the environment as it is; for programs, which have no options."""
    return dict(os.environ)  # noqa: TID251  # this is its home


def who_am_i(env: Mapping[str, str]) -> str:
    """Return `actor@host` for locks, logs and reports."""
    actor = next((env[name] for name in ACTOR_VARIABLES if env.get(name)), None)
    return f"{actor or _user()}@{vantage()}"


def vantage() -> str:
    """Return the name of the place that tests run from."""
    return socket.gethostname()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no passwd entry, as in bare containers
        return "unknown"
