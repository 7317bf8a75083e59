"""What each exchange's own codes mean.

A code is the best evidence there is: ccxt's class alone is right for barely six
answers in ten (passphrases, address lists, country blocks and clocks are lost in
it). The tables hold what costs a person time; sentences catch the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.adapters.providers.ccxt_crypto import native_great as great
from reconciler.adapters.providers.ccxt_crypto.native_more import MORE_CODES
from reconciler.core.diagnosis import Category

CODES: Mapping[str, Mapping[str, Category]] = {
    **MORE_CODES,
    "binance": great.BINANCE,
    "binancecoinm": great.BINANCE,
    "binanceus": great.BINANCE,
    "binanceusdm": great.BINANCE,
    "bingx": great.BINGX,
    "bitget": great.BITGET,
    "bitstamp": great.BITSTAMP,
    "bitvavo": great.BITVAVO,
    "bybit": great.BYBIT,
    "bybiteu": great.BYBIT,
    "bybitid": great.BYBIT,
    "coinbase": great.COINBASE,
    "gate": great.GATE,
    "gateeu": great.GATE,
    "gemini": great.GEMINI,
    "htx": great.HTX,
    "kraken": great.KRAKEN,
    "kucoin": great.KUCOIN,
    "kucoinfutures": great.KUCOIN,
    "mexc": great.MEXC,
    "myokx": great.OKX,
    "okx": great.OKX,
    "okxus": great.OKX,
}

_MEXC_EXPIRED = "MEXC says the same of an expired key (90 days without an IP)"
_OTHER_ENVIRONMENT = "it says the same to a key of another environment"
HINTS: Mapping[str, Mapping[str, str]] = {
    "binance": {
        "-2015": "Binance says the same to a testnet key and to one of another site",
        "-2008": "Binance says the same to a testnet key and to one of another site",
    },
    "bybit": {
        "10003": f"Bybit has keys per site: {_OTHER_ENVIRONMENT}",
        "10009": "Bybit names no end: it lifts such a ban by itself, 10 minutes after "
        "the last request at the earliest; after 30 minutes it may be for good",
    },
    "coinbase": {"authentication_error": "the clock counts too: tokens last 2 minutes"},
    "kraken": {
        "EAPI:Invalid key": "Kraken says the same to an address that the key's IP list "
        "does not hold: whether the key works from another address decides",
        "EAPI:Invalid nonce": "another program that uses this key raises the nonce: "
        "give each its own key",
    },
    "kucoin": {
        "1015": "KuCoin blocks an address for 30 s when all its calls together "
        "are too many"
    },
    "mexc": {
        "10072": _MEXC_EXPIRED,
        "700002": _MEXC_EXPIRED,
    },
    "okx": {
        "50119": f"OKX has keys per site and for demo trading: {_OTHER_ENVIRONMENT}"
    },
}
"""What is worth knowing about one code, and which check would decide.

By the beginning of the exchange's id: its other sites speak alike.
"""

_BANS_S: Mapping[str, float] = {"bybit": 600.0, "kucoin": 30.0}
"""How long a ban lasts by the documentation of exchanges whose answers name no end.

Bybit's rate limit page ("wait for at least 10 minutes"), KuCoin's of the limit 1.0.
"""


def ban_s(exchange: str) -> float | None:
    """Return how long an exchange's bans last by its documentation, None if unknown."""
    return next((s for name, s in _BANS_S.items() if exchange.startswith(name)), None)


def known_code(exchange: str, found: Iterable[str]) -> str | None:
    """Return the first of an answer's codes that its exchange's table knows."""
    return next((c for c in found if meaning_of(exchange, c) is not None), None)


def meaning_of(exchange: str, code: str) -> Category | None:
    """Return what an exchange's code means, None for an unknown one.

    Kraken adds to its codes what they are about: `EGeneral:Invalid arguments:since`.
    """
    known = CODES.get(exchange, {})
    return known.get(code) or known.get(":".join(code.split(":")[:2]))


def hint_of(exchange: str, found: Iterable[str]) -> str:
    """Return what is worth knowing about an answer's codes, empty for nothing."""
    family = next((name for name in HINTS if exchange.startswith(name)), "")
    hints = HINTS.get(family, {})
    return next((hints[code] for code in found if code in hints), "")
