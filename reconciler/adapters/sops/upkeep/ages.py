"""Since when a ciphertext, or a data key, is what it is: read from a file's versions.

A value that nobody changed keeps its ciphertext, so one look for the text in older
versions dates it; nothing is parsed. A new data key changes every ciphertext and
every wrapped key at once, which is how it shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import Final

from reconciler.adapters.git_history import Version
from reconciler.core.seals import Since


@dataclass(frozen=True, slots=True, kw_only=True)
class Aging:
    """A file's text now, and its versions, newest first; `cut` as `Past.is_cut`."""

    text: str = field(repr=False)
    versions: Sequence[Version]
    cut: bool = False


def data_key_since(aging: Aging) -> Since:
    """Return since when the file has its data key."""
    newer = [aging.text, *(version.text for version in aging.versions)]
    same = (
        bool(_marks(text) & _marks(version.text))
        for text, version in zip(newer, aging.versions, strict=False)
    )
    return _oldest(aging, same)


def credential_since(aging: Aging, sealed: Sequence[str], *, key: Since) -> Since:
    """Return since when a credential has its ciphertexts.

    A change of the data key hides when the value itself changed: then it is not exact.

    Args:
        aging: The file.
        sealed: The credential's sealed texts.
        key: Since when the file has its data key.
    """
    same = (all(text in old.text for text in sealed) for old in aging.versions)
    since = _oldest(aging, same)
    resealed = since.commit == key.commit and since.commit != _first(aging)
    return Since(at=since.at, commit=since.commit, exact=since.exact and not resealed)


def _oldest(aging: Aging, same: Iterable[bool]) -> Since:
    """Return the version at the end of the unbroken row from now backwards."""
    row = list(takewhile(bool, same))
    if not row:
        return Since()
    last = aging.versions[len(row) - 1]
    known = not (aging.cut and last is aging.versions[-1])
    return Since(at=last.at, commit=last.commit, exact=known)


def _first(aging: Aging) -> str:
    return aging.versions[-1].commit if aging.versions else ""


_MARK: Final = re.compile(
    r"ENC\[AES256_GCM,[^\]]*\]"
    r"|-----BEGIN AGE ENCRYPTED FILE-----(?:\s|\\n)*[A-Za-z0-9+/]+"
    r"(?:(?:\s|\\n)+[A-Za-z0-9+/=]+)*"
)
_BREAKS: Final = re.compile(r"\s|\\n")


@lru_cache(maxsize=64)
def _marks(text: str) -> frozenset[str]:
    """Return what a data key left in a text: sealed values, and itself wrapped."""
    return frozenset(_BREAKS.sub("", mark) for mark in _MARK.findall(text))
