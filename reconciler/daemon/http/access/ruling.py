"""Who may ask, as the files say it.

Settings count when the daemon reads them; the policy as soon as its file changes, since
whoever is struck from it must not see on.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from reconciler.adapters.policy_file import FILE, PolicyBook
from reconciler.core.errors import DocumentError
from reconciler.core.http_settings import HttpSection
from reconciler.core.policy import Policy
from reconciler.daemon.http.site import Rules
from reconciler.wiring import App

_LOGGER = logging.getLogger(__name__)


def read_rules(app: App) -> Rules:
    """Return what the files say of who may ask.

    Raises:
        DocumentError: `http:` in the settings, or the policy, is invalid. After a
            reload keep the rules that were there: no policy would show other things.
    """
    folder = app.files_at
    stamp = _stamp(folder)
    return Rules(
        section=app.part(HttpSection),
        policy=_policy(folder),
        folder=folder,
        policy_stamp=stamp,
    )


def renewed(rules: Rules) -> Rules:
    """Return the rules with the policy as its file has it now.

    A policy with a mistake changes nothing but is told in the log: what was good last
    holds.
    """
    stamp = _stamp(rules.folder)
    if stamp == rules.policy_stamp:
        return rules
    try:
        policy = _policy(rules.folder)
    except DocumentError as error:
        _LOGGER.warning("policy not taken", extra={"error": str(error)})
        return replace(rules, policy_stamp=stamp)
    _LOGGER.info("policy taken")
    return replace(rules, policy=policy, policy_stamp=stamp)


def _policy(folder: Path) -> Policy | None:
    book = PolicyBook(str(folder))
    if book.problems:
        raise DocumentError(book.problems)
    return book.policy


def _stamp(folder: Path) -> tuple[int, ...]:
    try:
        found = (folder / FILE).stat()
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_ino, found.st_size)
