"""The walk over a document that opens every sealed value in its order.

Ten thousand files are opened in one run, so what does not change from value to value
is looked up once, and what only a message needs is composed when there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.adapters.sops.envelope import BROKEN, Cipher, decrypt, looks_sealed
from reconciler.adapters.sops.mac import Hasher
from reconciler.adapters.sops.rules import Rule
from reconciler.adapters.sops.scalars import decode
from reconciler.adapters.sops.tree import Plain
from reconciler.adapters.sops.values import Comment, Scalar
from reconciler.core.errors import SecretError
from reconciler.core.shape import key_word

OpenMapping = Callable[[Mapping[str, Any], str, bool], Plain]
"""Takes a mapping, its path with the final colon, and whether it lies below a hit."""


def opener(
    cipher: Cipher,
    rule: Rule,
    hasher: Hasher,
    wrap: Callable[[Scalar], Any],
    *,
    plain_ok: bool,
) -> OpenMapping:
    """Return the function that opens a mapping; see `reader.decrypt_values`."""
    below, by_look = rule.below, rule.by_look
    feed, covers_plain = hasher.feed, not hasher.only_encrypted

    def mapping(data: Mapping[str, Any], aad: str, sealed: bool) -> Plain:  # noqa: FBT001
        return {
            key: value(child, f"{aad}{key}:", below(key, sealed=sealed))
            for key, child in data.items()
        }

    def value(found: Any, aad: str, sealed: bool) -> Any:  # noqa: FBT001
        if isinstance(found, dict):
            return mapping(found, aad, sealed)
        if isinstance(found, list):
            items = [value(item, aad, sealed) for item in found]
            return [item for item in items if not isinstance(item, Comment)]
        if by_look or (plain_ok and sealed):
            sealed = looks_sealed(found)
        if not sealed or found is None or found == "":
            if covers_plain:
                feed(found, sealed=False)
            return found
        plain = _opened(cipher, found, aad)
        feed(plain, sealed=True)
        return plain if isinstance(plain, Comment) else wrap(plain)

    return mapping


def _opened(cipher: Cipher, value: Scalar, aad: str) -> Scalar:
    if not isinstance(value, str) or not looks_sealed(value):
        raise SecretError(
            f"'{_place(aad)}' should be sealed but is in plain text; run"
            " 'reconcile encrypt' on the file",
            code=BROKEN,
        )
    try:
        return decode(*decrypt(cipher, value, aad))
    except SecretError as error:
        raise SecretError(f"'{_place(aad)}': {error}", code=error.code) from None


def _place(aad: str) -> str:
    return ".".join(map(key_word, aad.split(":")[:-1]))
