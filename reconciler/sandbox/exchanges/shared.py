"""What several exchanges have in common: markets by name, holdings, signatures."""

from __future__ import annotations

import hashlib
import hmac

from reconciler.sandbox.candles import INSTRUMENTS, Instrument

COINS = ("BTC", "ETH", "BNB", "SOL", "XRP", "ADA", "DOGE", "LTC", "USDT", "USDC")
HOLDINGS = (("BTC", "0.25", "0"), ("USDT", "12500", "500"))
"""Rows of coin, free and locked: what every customer of an exchange owns."""


def listed(separator: str, *quotes: str) -> dict[str, Instrument]:
    """Return the pairs against some currencies, by the exchange's names of them."""
    return {
        f"{item.base}{separator}{item.quote}": item
        for item in INSTRUMENTS.values()
        if item.quote in quotes
    }


def signed_hex(secret: str, text: str, algorithm: str = "sha256") -> str:
    """Return the HMAC of a text as lower-case hexadecimal digits."""
    return hmac.new(
        secret.encode(), text.encode(), getattr(hashlib, algorithm)
    ).hexdigest()


def same(expected: str, given: str) -> bool:
    """Compare two signatures, whatever was sent, in constant time."""
    return hmac.compare_digest(expected.encode(), given.encode())


def is_number(text: str) -> bool:
    """Tell whether a text is a whole number as HTTP carries it."""
    return text.isascii() and text.isdigit()
