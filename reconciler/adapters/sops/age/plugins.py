"""Keys behind an age plug-in: `age1NAME1…` and `AGE-PLUGIN-NAME-1…`.

age runs the program `age-plugin-NAME` and speaks with it. Some ask their user for a
PIN or a touch; here nobody is asked, so only those that manage alone can be used.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from reconciler.adapters.sops.age.age_file import read_age
from reconciler.adapters.sops.age.kinds import NotOursError, plugin_of, shown
from reconciler.adapters.sops.age.library import decrypted, pyrage
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret

IDENTITY_PREFIX: Final = "AGE-PLUGIN-"

_NATIVE: Final = frozenset({"X25519", "ssh-ed25519", "ssh-rsa", "scrypt"})
"""Not the post-quantum kind: there is a plug-in for it, for older programs."""


def wrap(recipient: str, data_key: bytes) -> str:
    """Wrap a data key; returns an armoured age file.

    Raises:
        SecretError: The recipient is mistyped, or its program is missing or refuses.
    """
    library, name = pyrage(), plugin_of(recipient)
    try:
        to = library.plugin.Recipient.from_str(recipient)
        key = library.plugin.RecipientPluginV1(name, [to], [], _Nobody())
        armoured: bytes = library.encrypt(data_key, [key], armored=True)
    except library.RecipientError:
        raise SecretError(
            f"'{shown(recipient)}' is not a valid age recipient"
        ) from None
    except library.EncryptError:
        raise SecretError(
            f"'{shown(recipient)}' needs the program 'age-plugin-{name}', which is not"
            " on PATH or cannot work without asking somebody"
        ) from None
    return armoured.decode("ascii")


def read_identity(line: Secret) -> tuple[str, Callable[[str], bytes]]:
    """Read an identity line.

    Returns:
        The plug-in's name, and what unwraps a data key with it; that raises
        `NotOursError`, with a remark when the program is to blame.

    Raises:
        SecretError: It is not one. The message never holds it.
    """
    library = pyrage()
    try:
        identity = library.plugin.Identity.from_str(line.reveal())
    except library.IdentityError:
        raise SecretError("not a valid age identity") from None
    name = str(identity.plugin())

    @cache
    def started() -> Any:
        return library.plugin.IdentityPluginV1(name, [identity], _Nobody())

    def unwrap(armoured: str) -> bytes:
        if _is_native(armoured):
            raise NotOursError
        try:
            return decrypted(started(), armoured)
        except (library.DecryptError, NotOursError):
            raise NotOursError(
                f"age-plugin-{name}: the program is not on PATH, does not fit or cannot"
                " work without asking somebody"
            ) from None

    return name, unwrap


def _is_native(armoured: str) -> bool:
    """Tell whether the file can be none of a plug-in's, so that none is started."""
    try:
        stanzas = read_age(armoured).stanzas
    except ValueError:
        return True
    # Some writers add stanzas with random names, which mean nothing.
    return all(one.kind in _NATIVE or one.kind.endswith("-grease") for one in stanzas)


class _Nobody:
    """Who answers a plug-in: nobody. pyrage calls these by name; they never raise."""

    def display_message(self, message: str) -> None:
        """Drop a message, say one that asks for a touch; a key's light asks too."""

    def confirm(self, message: str, yes: str, no: str | None) -> bool | None:
        """Confirm nothing."""

    def request_public_string(self, description: str) -> str | None:
        """Answer nothing."""

    def request_passphrase(self, description: str) -> str | None:
        """Answer nothing."""
