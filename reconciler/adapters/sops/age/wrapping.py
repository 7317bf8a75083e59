"""Wrapping a data key for a recipient of any kind, and making new identities.

pyrage does what it can (X25519, SSH, plug-ins); `post_quantum` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from reconciler.adapters.sops.age import plugins, post_quantum
from reconciler.adapters.sops.age.kinds import Kind, kind_of, shown
from reconciler.adapters.sops.age.library import pyrage
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret


def wrap(recipient: str, data_key: bytes) -> str:
    """Wrap a data key for one recipient.

    Returns:
        An armoured age file, ending in a line break.

    Raises:
        SecretError: The recipient is mistyped, of a kind that age does not know, or
            needs a plug-in or a library that is not there.
    """
    return _WRAP[kind_of(recipient)](recipient, data_key)


def generate_identity(
    now: datetime, *, post_quantum_key: bool = False
) -> tuple[Secret, str]:
    """Make a new key pair: X25519, or post-quantum when asked for.

    Args:
        now: Noted in the file; aware.
        post_quantum_key: For sops 3.12 and age 1.3, or later; the public key is two
            thousand characters long.

    Returns:
        The text of a key file, ready to be written with mode 0600, and the public
        key to name as a recipient.

    Raises:
        SecretError: Post-quantum keys need a newer `cryptography`.
    """
    identity, public = _new_hybrid() if post_quantum_key else _new_x25519()
    created = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    head = f"# created: {created}\n# public key: {public}\n"
    return Secret(f"{head}{identity.reveal()}\n"), public


def _new_x25519() -> tuple[Secret, str]:
    identity = pyrage().x25519.Identity.generate()
    return Secret(str(identity)), str(identity.to_public())


def _new_hybrid() -> tuple[Secret, str]:
    identity = post_quantum.generate()
    return identity, post_quantum.read_identity(identity).recipient


def _wrap_x25519(recipient: str, data_key: bytes) -> str:
    return _encrypted(pyrage().x25519.Recipient.from_str, recipient, data_key)


def _wrap_ssh(recipient: str, data_key: bytes) -> str:
    return _encrypted(pyrage().ssh.Recipient.from_str, recipient, data_key)


def _encrypted(read: Callable[[str], Any], recipient: str, data_key: bytes) -> str:
    library = pyrage()
    try:
        to = read(recipient)
    except library.RecipientError:
        raise SecretError(
            f"'{shown(recipient)}' is not a valid age recipient; copy the public key"
            " again"
        ) from None
    armoured: bytes = library.encrypt(data_key, [to], armored=True)
    return armoured.decode("ascii")


def _wrap_unknown(recipient: str, _data_key: bytes) -> str:
    raise SecretError(
        f"'{shown(recipient)}' is not an age recipient; give a key that begins with"
        " age1 or ssh-"
    )


_WRAP: Final[dict[Kind, Callable[[str, bytes], str]]] = {
    Kind.X25519: _wrap_x25519,
    Kind.POST_QUANTUM: post_quantum.wrap,
    Kind.PLUGIN: plugins.wrap,
    Kind.SSH: _wrap_ssh,
    Kind.UNKNOWN: _wrap_unknown,
}
