"""Our names of credentials and ccxt's, and what happened to exchange ids.

The ids that were renamed or removed are kept by hand: an installed library knows
only what it still has. Source: differences between the published releases 4.5.20
and 4.5.90, and older releases' change logs.
"""

from __future__ import annotations

from collections.abc import Mapping

CREDENTIAL_ATTRIBUTES: Mapping[str, str] = {
    "api_key": "apiKey",
    "api_secret": "secret",
    "api_passphrase": "password",
    "api_uid": "uid",
    "account_id": "accountId",
    "login": "login",
    "otp": "twofa",
    "private_key": "privateKey",
    "wallet_address": "walletAddress",
    "token": "token",
}

MARKETS_NEED_A_KEY = frozenset(("alpaca", "mudrex"))
"""Exchanges that show even their markets to a key only (ccxt 4.5.90 signs that call).

What their connections load is not shared, and not remembered.
"""

RENAMED: Mapping[str, str] = {
    "coinbaseadvanced": "coinbase",
    "coinbasepro": "coinbaseexchange",
    "coinbaseprime": "coinbase",
    "gateio": "gate",
    "gdax": "coinbaseexchange",
    "huobi": "htx",
    "huobipro": "htx",
    "krakenfuture": "krakenfutures",
    "okex": "okx",
    "okex3": "okx",
    "okex5": "okx",
}

REMOVED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "arkham", "ascendex", "bitmart", "bitmex", "btcalpha", "coincatch",
            "coinex", "coinmetro", "defx", "exmo", "novadax", "oceanex", "oxfun",
            "probit", "timex", "wavesexchange", "yobit", "zonda",
        ),
        "ccxt removed it between 4.5.20 and 4.5.90",
    ),
    "bittrex": "the exchange closed in December 2023",
    "ftx": "the exchange closed in November 2022",
    "ftxus": "the exchange closed in November 2022",
}  # fmt: skip
