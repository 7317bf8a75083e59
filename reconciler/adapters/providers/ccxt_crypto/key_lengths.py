"""How long the keys are that an exchange issues, where that is known.

Only exchanges are listed whose keys have one length; everybody else's are not judged.
Asymmetric keys (Binance's Ed25519 and RSA) are PEM texts and far longer, which is
never held against them. As of November 2026:

- Binance: the FAQ on API key types;
- Kraken: "What is the authentication algorithm for private endpoints?", support pages;
- KuCoin: the sample answer of its call about a key has 24 hexadecimal digits; that
  its secrets are UUIDs is what secret scanners look for, and no page of its own;
- OKX: "Signature" in the API guide for the secret; that its keys are UUIDs is known
  from use only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_UUID = 36
_BINANCE: Mapping[str, Sequence[int]] = {"api_key": (64,), "api_secret": (64,)}

KEY_LENGTHS: Final[Mapping[str, Mapping[str, Sequence[int]]]] = {
    **dict.fromkeys(("binance", "binancecoinm", "binanceusdm"), _BINANCE),
    "kraken": {"api_key": (56,), "api_secret": (88,)},
    "kucoin": {"api_key": (24,), "api_secret": (_UUID,)},
    "okx": {"api_key": (_UUID,), "api_secret": (32,)},
}
"""Characters by exchange and credential, shortest first."""
