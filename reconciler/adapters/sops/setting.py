"""One value of a sealed file, set or removed without showing the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from reconciler.adapters.sops.key_groups import Recipients
from reconciler.adapters.sops.keyring import Keyring
from reconciler.adapters.sops.values import Scalar


def set_values(  # one public door with everything it depends on
    text: str,
    values: Mapping[str, Scalar],
    *,
    file: str,
    keyring: Keyring,
    now: datetime,
    recipients: Recipients | None = None,
) -> str:
    """Set values of a connection file; only their own text changes.

    Args:
        text: The file.
        values: By key: the name of a credential, or a dotted path
            (`config.timeout`, `credentials.a.b`, `settings.symbols.0`).
        file: What to call it in messages.
        keyring: The identities to try.
        now: Becomes `lastmodified` when something changed; aware, cut to seconds.
        recipients: For whom, in a file that is not sealed yet or whose credentials
            are all replaced without a key; None keeps those of the file.

    Returns:
        The sealed text; `text` itself when every value was there already.

    Raises:
        DocumentError: The file is not in our dialect.
        SecretError: No identity opens the file and something in it stays sealed; it
            is damaged; or a path does not lead to a single value. Holds no value.
    """
    raise NotImplementedError


def unset_values(
    text: str, keys: Sequence[str], *, file: str, keyring: Keyring, now: datetime
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

    Returns:
        The sealed text; `text` itself when no key was there.

    Raises:
        DocumentError: The file is not in our dialect.
        SecretError: No identity opens the file, or it is damaged. Holds no value.
    """
    raise NotImplementedError
