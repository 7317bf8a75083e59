"""What can be said about a seal without any key.

`validate` runs in pull requests, where nobody should hold a key. These checks catch
what people get wrong there: a credential in plain text, a lost `sops` block, half a
merge. Whether the values are genuine, only `unseal` can tell.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final

from reconciler.adapters.sops.block import (
    Metadata,
    SealInfo,
    read_metadata,
    seal_info,
)
from reconciler.adapters.sops.envelope import (
    EnvelopeError,
    looks_sealed,
    parse_envelope,
)
from reconciler.core.binding import bound_fields
from reconciler.core.diagnostic import RULES, Diagnostic, Severity
from reconciler.core.errors import SecretError
from reconciler.core.shape import dotted
from reconciler.core.source import Path, Source


def metadata(source: Source) -> SealInfo | None:
    """Return what a sealed file says about itself; None when it is not sealed.

    A block that cannot be read gives None too; `inspect` says what is wrong with it.
    """
    try:
        return seal_info(read_metadata(source.data or {}, file=source.file))
    except SecretError:
        return None


def inspect(source: Source) -> tuple[Diagnostic, ...]:
    """Check the seal of one document without any key.

    Returns:
        Every problem found, sorted by place: R301 to R305, R308 and R316. Empty for
        a document that is sealed as it should be, or has nothing to seal. No message
        holds a value.
    """
    data = source.data or {}
    credentials = data.get("credentials")
    if not credentials:
        return _sorted(_needless(source, data))
    leaves = list(_leaves(credentials, ("credentials",)))
    found = [*_values(source, leaves), *_binding_value(source, data)]
    if any(looks_sealed(value) for _, value in leaves):
        found += _seal(source, data)
    elif "sops" in data:
        found += _block(source, data)
    return _sorted(found)


def text_lengths(source: Source) -> Mapping[str, int]:
    """Return how many bytes each credential has that was sealed as text.

    AES-GCM keeps the length, so anybody who sees the file can count it: this tells
    nothing that was hidden. Values that are not sealed text are left out.
    """
    credentials = (source.data or {}).get("credentials")
    if not isinstance(credentials, Mapping):
        return {}
    lengths = {name: _text_length(value) for name, value in credentials.items()}
    return {name: size for name, size in lengths.items() if size is not None}


def _text_length(value: object) -> int | None:
    match = _TEXT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    coded = match["data"]
    return len(coded) // 4 * 3 - coded.count("=")


_TEXT: Final = re.compile(r"ENC\[AES256_GCM,data:(?P<data>[^,]*),.*,type:str\]")


def _needless(source: Source, data: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for name in ("binding", "sops"):
        if name in data:
            message = f"'{name}' stands in a document without credentials"
            yield _found(source, "R308", message, (name,), key=True)


def _values(source: Source, leaves: list[tuple[Path, Any]]) -> Iterator[Diagnostic]:
    for path, value in leaves:
        if looks_sealed(value):
            yield from _malformed(source, path, value)
            yield from _too_short(source, path, value)
        elif value == "":
            message = f"{_named(path)} is empty"
            yield _found(source, "R301", message, path, hint=_FILL_IN)
        elif value is not None:
            yield _found(source, "R301", f"{_named(path)} is in plain text", path)


def _too_short(source: Source, path: Path, value: str) -> Iterator[Diagnostic]:
    """Tell of an empty value, or one that is too short to prove anything."""
    size = _text_length(value)
    if size is None or size >= _SHORTEST or path[-1] in _NO_PROOF:
        return
    what = "very short, so hardly whole" if size else "sealed, but empty"
    message, severity = f"{_named(path)} is {what}", Severity.WARNING
    yield _found(source, "R316", message, path, severity=severity)


_SHORTEST: Final = 4
_NO_PROOF: Final = frozenset({"account_id", "api_uid", "login", "username", "timeout"})
"""These say who or how, and may be as short as they like."""


def _binding_value(source: Source, data: Mapping[str, Any]) -> Iterator[Diagnostic]:
    binding = data.get("binding")
    if looks_sealed(binding):
        yield from _malformed(source, ("binding",), str(binding))
    elif binding is not None:
        message = "'binding' is not sealed, so anybody could have written it"
        yield _found(source, "R303", message, ("binding",), hint=RULES["R305"].fix)


def _malformed(source: Source, path: Path, value: str) -> Iterator[Diagnostic]:
    try:
        parse_envelope(value)
    except EnvelopeError as error:
        message = f"{_named(path)} is malformed: {error}"
        yield _found(source, "R303", message, path)


def _named(path: Path) -> str:
    if path == ("sops", "mac"):
        return "the MAC"
    return f"'{dotted(path)}'"


def _seal(source: Source, data: Mapping[str, Any]) -> Iterator[Diagnostic]:
    if not isinstance(data.get("sops"), Mapping):
        message = "the credentials are sealed, but the 'sops' block is missing"
        yield _found(source, "R302", message, ("credentials",), key=True)
        return
    block = yield from _block(source, data)
    if block and data.get("binding") is None:
        yield _unbound(source, block)


def _block(
    source: Source, data: Mapping[str, Any]
) -> Generator[Diagnostic, None, Metadata | None]:
    """Check the block itself: readable, opened by somebody, with a MAC."""
    try:
        block = read_metadata(data, file=source.file)
    except SecretError as error:
        yield _found(source, "R302", str(error), ("sops",), key=True)
        return None
    if not _keys(block):
        message = "the 'sops' block names nobody who could open the file"
        yield _found(source, "R302", message, ("sops",), key=True)
    yield from _mac(source, block)
    return block


def _mac(source: Source, block: Metadata) -> Iterator[Diagnostic]:
    if not block.mac:
        message = "the 'sops' block has no MAC"
        yield _found(source, "R304", message, ("sops",), key=True)
    elif looks_sealed(block.mac):
        yield from _malformed(source, ("sops", "mac"), block.mac)
    else:
        message = "the MAC is not sealed"
        yield _found(source, "R304", message, ("sops", "mac"))


def _keys(block: Metadata) -> bool:
    return bool(block.recipients or block.foreign)


def _unbound(source: Source, block: Metadata) -> Diagnostic:
    """Judge a missing binding: bearable only while the MAC covers the plain values."""
    message = f"the credentials are not bound to {bound_fields()}"
    severity = Severity.ERROR if block.mac_only_encrypted else Severity.WARNING
    path = ("credentials",)
    return _found(source, "R305", message, path, key=True, severity=severity)


_FILL_IN: Final = "fill it in and seal it, or remove the line; sops seals no empty text"


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _leaves(child, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path, value


def _found(  # noqa: PLR0913  # one shape for every finding of this module
    source: Source,
    code: str,
    message: str,
    path: Path,
    *,
    key: bool = False,
    hint: str = "",
    severity: Severity = Severity.ERROR,
) -> Diagnostic:
    fix = (hint or RULES[code].fix).replace("FILE", source.file)
    return Diagnostic(
        code=code, message=message, span=source.span(path, key=key), hint=fix,
        severity=severity,
    )  # fmt: skip


def _sorted(found: Iterator[Diagnostic] | list[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(found, key=lambda one: one.sort_key))
