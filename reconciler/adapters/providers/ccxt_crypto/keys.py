r"""From unsealed credentials to what ccxt signs with, repairing what is harmless.

Copying a key brings blanks and line ends along: a blank in a key makes the HTTP
library fail, one in a secret makes every signature wrong. They are never part of
a key, so they are cut off and reported. A PEM pasted into one line carries the two
characters `\n` where its line ends were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.adapters.providers.ccxt_crypto.names import CREDENTIAL_ATTRIBUTES
from reconciler.adapters.providers.plain_keys import require_header_text
from reconciler.core.secret import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Plain values by our names, for memory only, and what was repaired."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    warnings: tuple[str, ...] = ()


def read_keys(credentials: Credentials) -> Keys:
    """Return the credentials that ccxt knows; empty for a public connection.

    Raises `ProviderError` for a key that cannot be sent.
    """
    values: dict[str, str] = {}
    warnings: list[str] = []
    for name in CREDENTIAL_ATTRIBUTES:
        if name not in credentials:
            continue
        raw = credentials[name].reveal()
        values[name] = _unfold(raw.strip())
        if raw != raw.strip():
            warnings.append(
                f"credentials.{name} begins or ends with blank characters: "
                "they were left out; seal it again without them"
            )
    key = values.get("api_key")
    if key:
        require_header_text("api_key", key)
    if key and key == values.get("api_secret"):
        warnings.append("credentials.api_key and api_secret are the same value")
    return Keys(values=values, warnings=tuple(warnings))


def _unfold(value: str) -> str:
    return value.replace("\\n", "\n") if "-----BEGIN" in value else value
