"""R4 explained: what the types and the providers know, asked offline."""

from __future__ import annotations

from typing import Final

from reconciler.core.explanations.explanation import HEAD, KEYS, SEALED, Explanation

_PROVIDER: Final = "type: ccxt_crypto\nprovider: {}\n"

EXPLANATIONS: Final = {
    "R401": Explanation(
        "No adapter of this name is installed: a misspelling, or a plug-in that this "
        "machine does not have.",
        "type: ccxt-cripto\nprovider: binance\n",
        HEAD,
    ),
    "R402": Explanation(
        "The type does not know this provider. Ids are spelt as 'reconcile providers' "
        "lists them.",
        _PROVIDER.format("binanse"),
        HEAD,
    ),
    "R403": Explanation(
        "The provider has another id now, or is no longer there. Its old id would work "
        "until the library drops it, and then break for no visible reason.",
        _PROVIDER.format("huobi"),
        _PROVIDER.format("htx"),
    ),
    "R404": Explanation(
        "Providers make bars of certain lengths only, and spell them in their own way.",
        f"{HEAD}settings:\n  symbols: [BTC/USDT]\n  timeframes: [1h, 7m]\n",
        f"{HEAD}settings:\n  symbols: [BTC/USDT]\n  timeframes: [1h, 15m]\n",
    ),
    "R405": Explanation(
        "What stands below 'config' belongs to the type; each type reads its own keys. "
        "One that it does not read is refused, as everywhere.",
        f"{HEAD}config:\n  tiemout: 20\n",
        f"{HEAD}config:\n  timeout: 20\n",
    ),
    "R406": Explanation(
        "The type knows the key, and cannot do anything with this value: text where it "
        "takes a number, an address that is none or that may not be called.",
        f"{HEAD}config:\n  timeout: soon\n",
        f"{HEAD}config:\n  timeout: 20\n",
    ),
    "R407": Explanation(
        "Not every provider has a place to practise. Without this refusal a connection "
        "meant for practice would reach the real one.",
        f"{_PROVIDER.format('bitstamp')}config:\n  sandbox: true\n",
        f"{HEAD}config:\n  sandbox: true\n",
    ),
    "R408": Explanation(
        "A setting may stand in 'credentials', as in the panel's export, or in "
        "'config'. In both, nobody could tell which one holds.",
        SEALED.replace(
            KEYS, f"{KEYS}  timeout: ENC[…, 2 characters]\nconfig:\n  timeout: 20\n"
        ),
        SEALED.replace(KEYS, f"{KEYS}config:\n  timeout: 20\n"),
    ),
}
