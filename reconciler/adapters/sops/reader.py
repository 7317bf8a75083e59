"""Opening a sealed file: every value authenticated, then the file's MAC.

Nothing is returned before the MAC was verified. Credentials leave as `Secret`, so
nothing that holds them can print them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from reconciler.adapters.sops.age.keyring import Keyring, data_key
from reconciler.adapters.sops.block import Metadata, read_metadata
from reconciler.adapters.sops.envelope import (
    BROKEN,
    Cipher,
    looks_sealed,
    new_cipher,
)
from reconciler.adapters.sops.mac import Hasher, verify_mac
from reconciler.adapters.sops.opener import opener
from reconciler.adapters.sops.rules import Rule
from reconciler.adapters.sops.scalars import encode
from reconciler.adapters.sops.tree import Plain, load_nodes, plain_documents
from reconciler.adapters.sops.values import Scalar
from reconciler.core.binding import binding_digest, bound_fields
from reconciler.core.defaults import Merge, as_written
from reconciler.core.diagnostic import Diagnostic, Severity, Span
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret
from reconciler.core.source import Source

_UNBOUND: Final = (
    f"the credentials are not bound to {bound_fields()}; the MAC covers the plain"
    " values, but not the names of keys"
)


class BindingState(StrEnum):
    """How far the credentials are tied to where they may be sent."""

    BOUND = "bound"
    UNBOUND_MAC_COVERS_ALL = "unbound, but the MAC covers the plain values"
    UNBOUND = "unbound"
    MISMATCH = "mismatch"
    NOTHING_SEALED = "nothing sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """One connection file, opened and verified."""

    file: str
    credentials: Mapping[str, Secret]
    """By name; numbers and booleans as text (`30`, `true`),
    lists and mappings as JSON. Nulls are left out."""
    data: Mapping[str, Any] = field(repr=False)
    """The whole document without `sops`; every value that was sealed, and all of
    `credentials`, is a `Secret`."""
    binding: str | None = field(repr=False)
    """The digest that was sealed; None when there is no sealed binding."""
    binding_state: BindingState
    mac_covers_plain: bool
    """False: plain values may have been edited without a key, by design."""

    @property
    def warning(self) -> str:
        """What somebody should know before relying on it; empty when all is well."""
        unbound = self.binding_state is BindingState.UNBOUND_MAC_COVERS_ALL
        return _UNBOUND if unbound else ""


def unseal(
    source_text: str, *, file: str, keyring: Keyring, verify_binding: bool = True
) -> Unsealed:
    """Open and verify one connection file from its text.

    Args:
        source_text: The whole file.
        file: What to call it in messages.
        keyring: The identities to try.
        verify_binding: Refuse as `check_binding` does. False is for looking, not for
            using: the credentials may then point anywhere.

    Raises:
        SecretError: No identity fits (code 128), a value or the MAC is damaged
            (25, 51), the text is not a sealed file (1, 2), or the binding does not
            allow to use it. Holds no value.
    """
    documents = plain_documents(load_nodes(source_text, file=file), file=file)
    if len(documents) != 1:
        raise SecretError(f"{file}: more than one document in the file", code=2)
    found = _unsealed(documents[0], file=file, keyring=keyring)
    if verify_binding:
        check_binding(found)
    return found


def unseal_source(
    source: Source, *, keyring: Keyring, verify_binding: bool = True
) -> Unsealed:
    """Do the same for a document that was parsed already; nothing is parsed twice.

    The source must have come without errors from `documents.parse`: its dialect is
    typed alike by sops, so its data is what the MAC covers.
    """
    if source.data is None:
        raise SecretError(f"{source.file}: there is no mapping to unseal", code=2)
    found = _unsealed(source.data, file=source.file, keyring=keyring)
    if verify_binding:
        check_binding(found)
    return found


def check_binding(unsealed: Unsealed) -> tuple[Diagnostic, ...]:
    """Judge whether the credentials may be used where the file now points.

    Returns:
        Nothing, or a warning for a file whose MAC stands in for a binding.

    Raises:
        SecretError: The bound fields changed since the credentials were sealed, or
            nothing protects them.
    """
    file = unsealed.file
    match unsealed.binding_state:
        case BindingState.MISMATCH:
            raise rebind_needed(file)
        case BindingState.UNBOUND:
            raise SecretError(
                f"{file}: the credentials are not bound to {bound_fields()}, and the"
                " MAC does not cover them either. Review the file; then run"
                f" 'reconcile encrypt {file}' to bind them"
            )
        case BindingState.UNBOUND_MAC_COVERS_ALL:
            return (_unbound_warning(file),)
        case _:
            return ()


def rebind_needed(file: str) -> SecretError:
    """Compose the refusal of credentials whose destination changed."""
    return SecretError(
        f"{file}: the credentials were sealed for another destination: one of"
        f" {bound_fields()} changed since. Review the change; then somebody"
        f" who can unseal runs 'reconcile encrypt --rebind {file}'"
    )


def open_documents(
    documents: Sequence[Mapping[str, Any]],
    metadata: Metadata,
    cipher: Cipher,
    *,
    file: str,
    wrap: Callable[[Scalar], Any] = lambda value: value,
) -> list[Plain]:
    """Decrypt every sealed value and verify the MAC over all documents.

    Args:
        documents: Typed data, `sops` blocks included (they are left out).
        metadata: The block of the first document.
        cipher: The cipher of the file's data key.
        file: For messages.
        wrap: Applied to each decrypted value.

    Returns:
        The same documents with typed plain values; sealed comments in lists gone.

    Raises:
        SecretError: A value cannot be opened (25) or the MAC differs (51).
    """
    hasher = Hasher(only_encrypted=metadata.mac_only_encrypted)
    opened = decrypt_values(
        documents, metadata.rule, cipher, hasher=hasher, file=file, wrap=wrap
    )
    verify_mac(
        cipher, metadata.mac, hasher.hexdigest(),
        lastmodified=metadata.lastmodified, file=file,
    )  # fmt: skip
    return opened


def decrypt_values(  # noqa: PLR0913  # the parts of a file, each needed
    documents: Sequence[Mapping[str, Any]],
    rule: Rule,
    cipher: Cipher,
    *,
    hasher: Hasher,
    file: str,
    wrap: Callable[[Scalar], Any] = lambda value: value,
    plain_ok: bool = False,
) -> list[Plain]:
    """Decrypt without judging the MAC; the hasher collects what it covers.

    Args:
        documents: As for `open_documents`.
        rule: Which values are sealed.
        cipher: The cipher of the file's data key.
        hasher: Fed with every covered value, in order.
        file: For messages.
        wrap: Applied to each decrypted value.
        plain_ok: Take plain text where a sealed value is due, instead of refusing.

    Raises:
        SecretError: A value cannot be opened (25).
    """
    mapping = opener(cipher, rule, hasher, wrap, plain_ok=plain_ok)
    try:
        return [
            mapping(
                {key: value for key, value in document.items() if key != "sops"},
                "",
                rule.at_root,
            )
            for document in documents
        ]
    except SecretError as error:
        raise SecretError(f"{file}: {error}", code=error.code) from None


def _unsealed(data: Mapping[str, Any], *, file: str, keyring: Keyring) -> Unsealed:
    if "sops" not in data and not data.get("credentials"):
        return Unsealed(
            file=file, credentials={}, data=data, binding=None, mac_covers_plain=False,
            binding_state=BindingState.NOTHING_SEALED,
        )  # fmt: skip
    metadata = read_metadata(data, file=file)
    cipher = new_cipher(data_key(metadata, keyring, file=file))
    return unseal_with(data, metadata, cipher, file=file)


def unseal_with(
    data: Mapping[str, Any],
    metadata: Metadata,
    cipher: Cipher,
    *,
    file: str,
    merge: Merge = as_written,
) -> Unsealed:
    """Open and verify a document whose data key is at hand; judges no binding.

    `merge` returns what holds for it, which is what its binding was made for.

    Raises:
        SecretError: A value or the MAC is damaged (25, 51).
    """
    plain = open_documents([data], metadata, cipher, file=file, wrap=_secret)[0]
    if "credentials" in plain:
        plain["credentials"] = _all_secret(plain["credentials"], file)
    binding = plain.get("binding")
    digest = binding.reveal() if isinstance(binding, Secret) else None
    covers = not metadata.mac_only_encrypted
    return Unsealed(
        file=file, credentials=_by_name(plain.get("credentials")), data=plain,
        binding=digest, mac_covers_plain=covers,
        binding_state=_binding_state(digest, merge(data), covers=covers, plain=plain),
    )  # fmt: skip


def _binding_state(
    digest: str | None, data: Mapping[str, Any], *, covers: bool, plain: Plain
) -> BindingState:
    """Compare; a binding in plain text counts as none, since anybody can write it."""
    if digest is not None:
        same = digest == binding_digest(data)
        return BindingState.BOUND if same else BindingState.MISMATCH
    if covers and _DIGEST.search("".join(_stream(plain))):
        return BindingState.MISMATCH
    return BindingState.UNBOUND_MAC_COVERS_ALL if covers else BindingState.UNBOUND


_DIGEST: Final = re.compile("[0-9a-f]{64}")


def _stream(value: Any) -> Iterator[str]:
    """Yield the plain values as the MAC sees them, without keys and gaps.

    A binding that somebody took out without the key must still stand among them,
    under whatever names and in however many pieces, or the MAC would differ.
    """
    if isinstance(value, Mapping):
        for child in value.values():
            yield from _stream(child)
    elif isinstance(value, list):
        for item in value:
            yield from _stream(item)
    elif isinstance(value, Secret):
        yield " "
    elif value is not None:
        yield encode(value)[0].decode("latin-1")


def _unbound_warning(file: str) -> Diagnostic:
    return Diagnostic(
        code="R305",
        message=_UNBOUND,
        span=Span(file),
        hint=f"run 'reconcile encrypt {file}' to add the binding",
        severity=Severity.WARNING,
    )


def _secret(value: Scalar) -> Secret:
    if isinstance(value, str):
        return Secret(value)
    if isinstance(value, bool):
        return Secret(json.dumps(value))
    raw, _ = encode(value)
    return Secret(raw.decode("utf-8", "surrogateescape"))


def _all_secret(value: Any, file: str) -> Any:
    """Refuse what the file's own rule leaves in plain text below `credentials`.

    The rule is in nobody's MAC: whoever narrows it could put an endpoint or a proxy
    of their own beside the sealed keys.
    """
    if isinstance(value, dict):
        return {key: _all_secret(child, file) for key, child in value.items()}
    if isinstance(value, list):
        return [_all_secret(item, file) for item in value]
    if value is None or isinstance(value, Secret):
        return value
    if value == "":
        return Secret("")  # sops seals no empty text
    look = "looks sealed" if looks_sealed(value) else "is in plain text"
    raise SecretError(
        f"{file}: a credential {look}, but the file's own rule does not cover it;"
        " review the file and seal it again",
        code=BROKEN,
    )


def _by_name(credentials: Any) -> dict[str, Secret]:
    if not isinstance(credentials, dict):
        return {}
    return {
        name: value if isinstance(value, Secret) else _as_json(value)
        for name, value in credentials.items()
        if value is not None
    }


def _as_json(value: Any) -> Secret:
    """Flatten a list or a mapping of secrets into one secret text."""
    return Secret(json.dumps(value, default=Secret.reveal, ensure_ascii=False))
