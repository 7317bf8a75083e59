"""Keys behind a passphrase, which is asked for once and only when it is needed.

Two kinds: SSH keys, and whole identity files that `age -p` encrypted (scrypt). Who
asks is given from outside; without it such a key stays shut, and a remark says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from reconciler.adapters.sops.age.kinds import NotOursError
from reconciler.adapters.sops.age.library import pyrage
from reconciler.core.secret import Secret

Ask = Callable[[str], Secret | None]
"""Asks a question, and returns the answer; None when nobody answers."""

_TRIES: Final = 3
_STARTS: Final = (b"age-encryption", b"-----BEGIN AGE ENC")

T = TypeVar("T")


class WrongPassphraseError(Exception):
    """It does not open what it should."""


class Protected(Generic[T]):
    """Something behind a passphrase; safe to open from several threads."""

    __slots__ = ("_ask", "_lock", "_name", "_opened", "_remark", "_unlock")

    def __init__(
        self, name: str, unlock: Callable[[Secret], T], *, ask: Ask | None
    ) -> None:
        self._name, self._unlock, self._ask = name, unlock, ask
        self._lock = threading.Lock()
        self._opened: list[T] = []
        self._remark = ""

    def open(self) -> T:
        """Return what is behind it, asking the first time.

        Raises:
            NotOursError: Nobody knew the passphrase; it is not asked for again.
        """
        with self._lock:
            if not self._opened and not self._remark:
                self._try()
            if self._opened:
                return self._opened[0]
            raise NotOursError(f"{self._name}: {self._remark}")

    def _try(self) -> None:
        if self._ask is None:
            self._remark = "needs a passphrase, and no terminal is there to ask at"
            return
        question = f"Passphrase of {self._name}"
        for _ in range(_TRIES):
            answer = self._ask(question)
            if answer is None:
                self._remark = "needs a passphrase, which was not given"
                return
            try:
                self._opened.append(self._unlock(answer))
            except WrongPassphraseError:
                question = f"That was wrong. Passphrase of {self._name}"
            except NotOursError as error:
                self._remark = str(error)
                return
            else:
                return
        self._remark = "the passphrase was wrong"


def is_encrypted(raw: bytes) -> bool:
    """Tell whether an identity file is itself an age file."""
    return raw.lstrip().startswith(_STARTS)


def decrypt_file(raw: bytes, passphrase: Secret) -> str:
    """Return the text of an identity file that `age -p` encrypted.

    Raises:
        WrongPassphraseError: It does not open the file, or the file is damaged.
    """
    library = pyrage()
    try:
        plain: bytes = library.passphrase.decrypt(raw.strip(), passphrase.reveal())
        return plain.decode()
    except (library.DecryptError, UnicodeDecodeError):
        raise WrongPassphraseError from None
