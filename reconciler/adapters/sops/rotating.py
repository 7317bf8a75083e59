"""A new data key for a file: everything sealed anew, and nothing else touched."""

from __future__ import annotations

from datetime import datetime

from reconciler.adapters.sops.key_groups import Recipients
from reconciler.adapters.sops.keyring import Keyring


def rotate(
    text: str,
    *,
    file: str,
    keyring: Keyring,
    now: datetime,
    recipients: Recipients | None = None,
) -> str:
    """Seal a whole file anew under a new data key; verifies it first.

    Args:
        text: The file; any sops YAML or JSON, also of several documents.
        file: What to call it in messages.
        keyring: The identities to try.
        now: Becomes `lastmodified`; aware, cut to seconds.
        recipients: For whom; None keeps those of the file.

    Returns:
        The same text with every sealed value, the keys, `lastmodified` and `mac` new.

    Raises:
        SecretError: No identity opens the file, or something in it is damaged.
    """
    raise NotImplementedError
