"""A private key in memory: whom it opens files for, and how.

The key itself is parsed once and kept inside the function that unwraps with it, so
that ten thousand files cost ten thousand unwraps and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from reconciler.adapters.sops.age import plugins, post_quantum, x25519
from reconciler.adapters.sops.age.kinds import Kind, plain_recipient
from reconciler.adapters.sops.age.passphrase import Ask
from reconciler.adapters.sops.age.ssh import read_private_key
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A private key that may open a file."""

    recipient: str
    """Its public key; of a plug-in, which does not tell, only the name."""
    kind: Kind
    asks: bool = False
    """Whether to use it may take a passphrase or start a program."""
    unwrap: Callable[[str], bytes] = field(repr=False, compare=False)
    """Unwraps an armoured age file; raises `NotOursError`."""


def read_keys(text: str) -> tuple[tuple[Identity, ...], str]:
    """Read an identity file.

    Returns:
        The identities, and a remark that counts them and names every line that is
        none. A line that cannot be used spoils no other, and is never quoted.
    """
    found: list[Identity] = []
    remarks: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        try:
            found.append(_read_key(Secret(entry.split(maxsplit=1)[0])))
        except SecretError as error:
            remarks.append(f"line {number}: {error}")
    return tuple(found), "; ".join([counted(len(found)), *remarks])


def read_ssh_key(
    raw: bytes, *, name: str, ask: Ask | None, public: str = ""
) -> tuple[tuple[Identity, ...], str]:
    """Read an SSH private key; returns what `read_keys` does."""
    try:
        key = read_private_key(raw, name=name, ask=ask, public=public)
    except SecretError as error:
        return (), str(error)
    identity = Identity(
        recipient=plain_recipient(key.recipient),
        kind=Kind.SSH,
        asks=key.is_protected,
        unwrap=key.unwrap,
    )
    return (identity,), "1 SSH key" + (", with a passphrase" * key.is_protected)


def counted(number: int) -> str:
    """Return how many identities there are, in words."""
    return f"{number} identit{'y' if number == 1 else 'ies'}"


def _read_key(line: Secret) -> Identity:
    for prefix, read in _READ.items():
        if line.reveal().startswith(prefix):
            return read(line)
    raise SecretError("not an age identity")


def _x25519(line: Secret) -> Identity:
    key = x25519.read_identity(line)
    return Identity(
        recipient=key.recipient,
        kind=Kind.X25519,
        unwrap=partial(x25519.unwrap, key),
    )


def _post_quantum(line: Secret) -> Identity:
    key = post_quantum.read_identity(line)
    return Identity(
        recipient=key.recipient,
        kind=Kind.POST_QUANTUM,
        unwrap=partial(post_quantum.unwrap, key),
    )


def _plugin(line: Secret) -> Identity:
    name, unwrap = plugins.read_identity(line)
    return Identity(
        recipient=f"age-plugin-{name}", kind=Kind.PLUGIN, asks=True, unwrap=unwrap
    )


_READ: Final[dict[str, Callable[[Secret], Identity]]] = {
    post_quantum.IDENTITY_PREFIX: _post_quantum,
    plugins.IDENTITY_PREFIX: _plugin,
    x25519.IDENTITY_PREFIX: _x25519,
}
