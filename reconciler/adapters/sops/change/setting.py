"""One value of a sealed file, set or removed without showing the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reconciler.adapters.documents import parse
from reconciler.adapters.sops.age.key_groups import Recipients
from reconciler.adapters.sops.age.keyring import NO_DATA_KEY, Keyring
from reconciler.adapters.sops.change.keyless import frame_without_key
from reconciler.adapters.sops.change.plain_edits import (
    TOP_FIELDS,
    Steps,
    set_plain,
    unset_plain,
)
from reconciler.adapters.sops.change.resealing import close_file, frame_of
from reconciler.adapters.sops.opened import open_file
from reconciler.adapters.sops.printer import print_opened
from reconciler.adapters.sops.rules import Rule
from reconciler.adapters.sops.values import Scalar
from reconciler.adapters.sops.writer import seal
from reconciler.core.defaults import Merge, as_written
from reconciler.core.errors import DocumentError, SecretError


def set_values(  # noqa: PLR0913  # one public door with everything it depends on
    text: str,
    values: Mapping[str, Scalar],
    *,
    file: str,
    keyring: Keyring,
    now: datetime,
    recipients: Recipients | None = None,
    rule: Rule | None = None,
    only_encrypted: bool | None = None,
    merge: Merge = as_written,
) -> str:
    """Set values of a connection file; only their own text changes.

    Args:
        text: The file.
        values: By the name of a credential, or by a dotted path
            (`config.timeout`, `credentials.a.b`, `settings.symbols.0`).
        file: What to call it in messages.
        keyring: The identities to try.
        now: Becomes `lastmodified` when something changed; aware, cut to seconds.
        recipients: For whom, in a file that is not sealed yet or whose credentials
            are all replaced without a key; None keeps those of the file.
        rule: As for `seal`, as is `only_encrypted`, in a file not sealed yet.
        only_encrypted: See `rule`.
        merge: As for `seal`.

    Returns:
        The sealed text; `text` itself when every value was there already.

    Raises:
        DocumentError: The file is not in our dialect.
        SecretError: No identity opens the file and something in it stays sealed; it
            is damaged; or a path does not lead to a single value. Holds no value.
    """
    data = _read(text, file)
    if "sops" not in data:
        new = _set_all(text, data, values, file)
        if new == text:
            return text
        return seal(
            new, file=file, recipients=recipients or Recipients(), now=now, rule=rule,
            only_encrypted=only_encrypted, merge=merge,
        )  # fmt: skip
    try:
        opened = open_file(text, file=file, keyring=keyring)
    except SecretError as error:
        if error.code != NO_DATA_KEY:
            raise
        paths = {path_of(key, data, file) for key in values}
        emptied = frame_without_key(text, paths, file=file, to=recipients, merge=merge)
        if emptied is None:
            raise
        return close_file(emptied[0], _set_all(emptied[1], data, values, file), now=now)
    shown = print_opened(opened)
    new = _set_all(shown, data, values, file)
    if new != shown:
        text = close_file(frame_of(opened, shown, merge), new, now=now)
    return text


def unset_values(  # the same
    text: str,
    keys: Sequence[str],
    *,
    file: str,
    keyring: Keyring,
    now: datetime,
    merge: Merge = as_written,
) -> str:
    """Remove entries of a connection file, each with its whole line.

    With the last credential go `credentials`, `binding` and `sops`: what is left is
    a public connection.

    Args:
        text: The file.
        keys: As for `set_values`.
        file: What to call it in messages.
        keyring: The identities to try.
        now: Becomes `lastmodified`; aware, cut to seconds.
        merge: As for `seal`.

    Returns:
        The sealed text; `text` itself when no key was there.

    Raises:
        DocumentError: The file is not in our dialect.
        SecretError: No identity opens the file, or it is damaged. Holds no value.
    """
    data = _read(text, file)
    shown, opened = text, None
    if "sops" in data:
        opened = open_file(text, file=file, keyring=keyring)
        shown = print_opened(opened)
    new = shown
    for key in keys:
        new = unset_plain(new, path_of(key, data, file))
    if new == shown:
        return text
    if opened is None:
        return new
    return close_file(frame_of(opened, shown, merge), new, now=now)


def path_of(key: str, data: Mapping[str, Any], file: str) -> Steps:
    """Return the way to a value: the name of a credential, or a dotted path.

    Raises:
        SecretError: The path is not one, or leads to what is written by sealing.
    """
    credentials = data.get("credentials")
    known = isinstance(credentials, Mapping) and key in credentials
    if known or "." not in key:
        return ("credentials", key)
    steps = tuple(key.split("."))
    if steps[0] in ("binding", "sops"):
        raise SecretError(f"{file}: '{steps[0]}' is written when the file is sealed")
    if not all(steps) or steps[0] not in {*TOP_FIELDS, *data}:
        raise SecretError(
            f"{file}: '{key}' is neither a credential nor a path; write"
            " credentials.NAME or config.NAME"
        )
    return steps


def _read(text: str, file: str) -> Mapping[str, Any]:
    source, problems = parse(text, file=file)
    if problems:
        raise DocumentError(problems)
    return source.data or {}


def _set_all(
    text: str, data: Mapping[str, Any], values: Mapping[str, Scalar], file: str
) -> str:
    for key, value in values.items():
        steps = path_of(key, data, file)
        try:
            text = set_plain(text, steps, value)
        except SecretError as error:
            raise SecretError(f"{file}: {error}") from None
    return text
