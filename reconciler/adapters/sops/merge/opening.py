"""The versions of a file that is to be merged, opened and verified."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.adapters.sops.age.keyring import Keyring, data_key
from reconciler.adapters.sops.envelope import Cipher, decrypt, new_cipher
from reconciler.adapters.sops.mac import Hasher, verify_mac
from reconciler.adapters.sops.merge.sides import (
    BINDING,
    Draft,
    Opener,
    Piece,
    Side,
    as_side,
    opaque,
)
from reconciler.adapters.sops.reader import decrypt_values
from reconciler.adapters.sops.scalars import decode
from reconciler.core.binding import binding_digest
from reconciler.core.errors import InputError, SecretError

_GUESSABLE: Final = 10
"""Characters below which a value may be guessed: a number, a flag, a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One version with its data key; base may have none."""

    side: Side
    key: bytes | None = field(repr=False)
    cipher: Cipher | None = field(repr=False)

    @property
    def digest(self) -> Any:
        """Return what the binding was sealed for; None without a sealed binding."""
        piece = self.side.binding
        return piece.value if piece and piece.sealed else None

    @property
    def is_bound(self) -> bool:
        """Whether somebody with the key bound the credentials to what it says now."""
        digest = self.digest
        return digest is not None and digest == bound_digest(self.side.draft)


def open_side(draft: Draft, keyring: Keyring, *, file: str) -> Opened:
    """Open one side and verify its MAC.

    Raises:
        SecretError: No identity opens it, or something in it is damaged.
    """
    if draft.metadata is None:
        raise AssertionError("only a sealed side is opened")
    return open_with(data_key(draft.metadata, keyring, file=file), draft, file=file)


def open_with(key: bytes, draft: Draft, *, file: str) -> Opened:
    """Open a sealed version whose data key is known, and verify its MAC.

    What the rule selects may stand in plain text, where the MAC allows it.

    Raises:
        SecretError: A value or the MAC does not fit.
    """
    metadata, cipher = draft.metadata, new_cipher(key)
    if metadata is None:
        raise AssertionError("only a sealed version is opened")
    hasher = Hasher(only_encrypted=metadata.mac_only_encrypted)
    place = f"{file} ({draft.name})"
    decrypt_values(
        [draft.data], metadata.rule, cipher, hasher=hasher, file=place, plain_ok=True
    )
    verify_mac(
        cipher, metadata.mac, hasher.hexdigest(),
        lastmodified=metadata.lastmodified, file=place,
    )  # fmt: skip
    side = as_side(draft, lambda text, aad: decode(*decrypt(cipher, text, aad)))
    return Opened(side=side, key=key, cipher=cipher)


def open_base(
    draft: Draft, keyring: Keyring, sides: Sequence[Opened], *, file: str
) -> Opened:
    """Open the common ancestor as far as it can be: it is only compared with.

    A value that cannot be opened is known all the same where a side still has the
    same ciphertext; otherwise it equals nothing.
    """
    key = None
    if draft.metadata:
        with contextlib.suppress(SecretError):
            key = data_key(draft.metadata, keyring, file=file)
    cipher = new_cipher(key) if key else None
    return Opened(side=as_side(draft, _lenient(cipher, sides)), key=key, cipher=cipher)


def shares_secret(kept: Opened, others: Sequence[Opened]) -> bool:
    """Tell whether a data key was made by somebody who knew a secret of the file.

    Public keys are public: anybody can seal a file for the team under a data key of
    their own, its MAC and its binding in order. What a merge then sealed under that
    key, they could read. A credential that both sides have, they cannot forge.
    """
    known = {
        (piece.path, piece.value)
        for other in others
        for piece in other.side.pieces
        if _is_secret(piece)
    }
    pieces = (piece for piece in kept.side.pieces if _is_secret(piece))
    return any((piece.path, piece.value) in known for piece in pieces)


def _is_secret(piece: Piece) -> bool:
    """Tell whether a value is hard to guess; an address often is known."""
    value = piece.value if piece.sealed and piece.path != BINDING else None
    return isinstance(value, str) and len(value) >= _GUESSABLE and "://" not in value


def bound_digest(draft: Draft) -> str | None:
    """Return the digest that a binding should hold; None where there can be none."""
    try:
        return binding_digest(draft.whole)
    except InputError:
        return None


def _lenient(cipher: Cipher | None, sides: Sequence[Opened]) -> Opener:
    known = {
        (piece.aad, piece.sealed): piece.value
        for opened in sides
        for piece in opened.side.pieces
        if piece.sealed
    }

    def opener(text: str, aad: str) -> Any:
        if cipher:
            with contextlib.suppress(SecretError):
                return decode(*decrypt(cipher, text, aad))
        return known.get((aad, text), opaque(text, aad))

    return opener
