"""Sandbox accounts: credentials published on purpose, worth nothing anywhere.

Every provider knows the same four people, so a story told on one exchange can be
told on all: `reader` may only read, `trader` may also trade and withdraw,
`office` may read from one address that is not yours, `blind` may do nothing.
Exchanges that tell when a key ends know `ending` too, whose key has five days left.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OFFICE_IP = "203.0.113.7"  # TEST-NET-3 (RFC 5737): nobody calls from there
_PERMISSIONS = {
    "reader": ("read",),
    "trader": ("read", "trade", "withdraw"),
    "office": ("read",),
    "blind": (),
    "ending": ("read",),
}
_EVERYBODY = ("reader", "trader", "office", "blind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One customer of one pretend provider.

    `name` identifies the account in faults and logs; `permissions` are our words
    (read, trade, withdraw), each provider translates them into its own.
    `method` is how the custom feed registered the key, `demo` marks keys of an
    exchange's demo environment. `days_left` is how long the key still works, None
    for one without an end.
    """

    name: str
    api_key: str
    api_secret: str = field(default="", repr=False)
    api_passphrase: str = field(default="", repr=False)
    account_id: str = ""
    permissions: tuple[str, ...] = ("read",)
    ip_allowlist: tuple[str, ...] = ()
    method: str = ""
    demo: bool = False
    days_left: int | None = None

    def may(self, permission: str) -> bool:
        """Say whether this account holds a permission."""
        return permission in self.permissions

    def admits(self, ip: str) -> bool:
        """Say whether this account may be used from an address."""
        return not self.ip_allowlist or ip in self.ip_allowlist

    def ends_at_s(self, now_s: float) -> int | None:
        """Return when the key ends, in seconds since the epoch, at a full hour."""
        if self.days_left is None:
            return None
        return (int(now_s) // 3600 + 1) * 3600 + self.days_left * 86_400


_LENGTHS = {
    "binance": (64, 64),
    "binance-testnet": (64, 64),
    "okx": (36, 32),
    "okx-demo": (36, 32),
    "kraken": (56, 64),  # bytes of the secret: 88 characters of base64
    "kucoin": (24, 36),
    "bybit": (18, 36),
    "bitget": (35, 64),
    "gate": (32, 64),
    "bingx": (64, 64),
    "mexc": (22, 32),
}
"""Characters of a real key and secret, so that checks of lengths can be tried."""


def _make(provider: str, name: str, number: int) -> Account:
    with_passphrase = provider.startswith(("okx", "kucoin", "bitget"))
    return Account(
        name=name,
        api_key=_key(provider, name),
        api_secret=_secret(provider, name),
        api_passphrase=f"sandbox-{provider}-{name}-pass" if with_passphrase else "",
        account_id=str(1000 + number),
        permissions=_PERMISSIONS[name],
        ip_allowlist=(OFFICE_IP,) if name == "office" else (),
        demo=provider == "okx-demo",
        days_left=5 if name == "ending" else None,
    )


def _key(provider: str, name: str) -> str:
    if provider == "coinbase":  # its keys are called by a path
        number = hashlib.sha256(f"{provider}-{name}".encode()).hexdigest()
        return f"organizations/{_uuid('0' * 32)}/apiKeys/{_uuid(number)}"
    key_chars, _ = _LENGTHS.get(provider, (0, 0))
    return _of_length(f"sandbox-{provider}-{name}-key", key_chars)


def _secret(provider: str, name: str) -> str:
    _, secret_chars = _LENGTHS.get(provider, (0, 0))
    secret = _of_length(f"sandbox-{provider}-{name}-secret", secret_chars)
    match provider:
        case "kraken":  # its secrets are base64, and clients decode them
            return base64.b64encode(secret.encode()).decode()
        case "coinbase":
            return _elliptic_key(secret)
        case _:
            return secret


def _uuid(digits: str) -> str:
    ends = (0, 8, 12, 16, 20, 32)
    return "-".join(digits[a:b] for a, b in pairwise(ends))


def _elliptic_key(seed: str) -> str:
    """Return a P-256 key as PEM (SEC 1), always the same for the same seed.

    Written by hand: this module must not load a library for cryptography. Any
    number below the curve's order, which nearly all numbers of 256 bits are, is a
    key; its public half is left out, which RFC 5915 allows.
    """
    number = hashlib.sha256(seed.encode()).digest()
    document = bytes.fromhex("30310201010420") + number + _NAME_OF_P256
    body = base64.encodebytes(document).decode().replace("\n", "")
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN {_PEM_LABEL}-----\n{lines}\n-----END {_PEM_LABEL}-----"


_NAME_OF_P256 = bytes.fromhex("a00a06082a8648ce3d030107")
_PEM_LABEL = "EC PRIVATE KEY"


def _of_length(text: str, chars: int) -> str:
    """Return a text as long as the provider's own keys are; 0 leaves it alone."""
    return text.ljust(chars, "0")[:chars] if chars else text


def _people(provider: str, *more: str) -> tuple[Account, ...]:
    names = (*_EVERYBODY, *more)
    return tuple(_make(provider, name, i) for i, name in enumerate(names, 1))


def _feed_account(
    name: str, method: str, number: int, *, feed: str = "feed"
) -> Account:
    secret = f"sandbox-{feed}-{name}-secret"
    if method == "base64":  # its clients decode the secret
        secret = base64.b64encode(secret.encode()).decode()
    return Account(
        name=name,
        api_key=f"sandbox-{feed}-{name}-key",
        api_secret=secret,
        account_id=str(1000 + number),
        permissions=_PERMISSIONS.get(name, ("read",)),
        ip_allowlist=(OFFICE_IP,) if name == "office" else (),
        method=method,
    )


_FEED = tuple(
    _feed_account(name, method, number)
    for number, (name, method) in enumerate(
        (
            ("reader", "bearer"),
            ("trader", "bearer"),
            ("office", "bearer"),
            ("blind", "bearer"),
            ("header", "header"),
            ("query", "query"),
            ("basic", "basic"),
        ),
        1,
    )
)


def _signed_feed(feed: str, *methods: str) -> tuple[Account, ...]:
    return tuple(
        _feed_account(method, method, number, feed=feed)
        for number, method in enumerate(methods, 1)
    )


_CLIENTS = tuple(
    _feed_account(name, "oauth", number, feed="feed-oauth")
    for number, name in enumerate(("reader", "brief", "blind"), 1)
)
"""Clients of the token issuer; tokens of `brief` live for two seconds."""

_BRIDGE = _people("mtapi")

SANDBOX_ACCOUNTS: Mapping[str, tuple[Account, ...]] = MappingProxyType(
    {
        "binance": _people("binance"),
        "binance-testnet": _people("binance-testnet"),
        "okx": _people("okx") + _people("okx-demo"),
        "kraken": _people("kraken", "ending"),
        "kucoin": _people("kucoin"),
        "bybit": _people("bybit", "ending"),
        "coinbase": _people("coinbase"),
        "bitget": _people("bitget"),
        "gate": _people("gate"),
        "bingx": _people("bingx"),
        "mexc": _people("mexc"),
        "mtapi": _BRIDGE,
        "mtapi-native": _BRIDGE,  # one company, two dialects: the same customers
        "metaapi": _people("metaapi"),
        "feed": _FEED,
        "feed-backup": _FEED,  # the same company's second site: the same keys
        "feed-hmac": _signed_feed("feed-hmac", "hex", "base64", "query"),
        "feed-oauth": _CLIENTS,
        "feed-login": _CLIENTS,  # who issues the tokens of feed-oauth
        "feed-mtls": (_feed_account("reader", "mtls", 1, feed="feed-mtls"),),
    }
)


def sandbox_account(provider: str, name: str = "reader") -> Account:
    """Return a published account, OKX's demo environment as provider `okx-demo`.

    Raises:
        KeyError: there is no such provider or account.
    """
    demo = provider == "okx-demo"
    for account in SANDBOX_ACCOUNTS["okx" if demo else provider]:
        if account.name == name and account.demo == demo:
            return account
    raise KeyError(f"no sandbox account '{name}' at '{provider}'")
