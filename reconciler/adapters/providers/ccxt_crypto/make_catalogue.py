"""Write `catalogue.json`: what ccxt says of its exchanges, without importing ccxt.

Run `python -m reconciler.adapters.providers.ccxt_crypto.make_catalogue` after an
upgrade of ccxt and commit the result: `validate` and `providers` read the file,
because importing the library costs half a second and 90 MB.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from reconciler.adapters.providers.ccxt_crypto.names import CREDENTIAL_ATTRIBUTES

CATALOGUE = Path(__file__).with_name("catalogue.json")
FORMAT_VERSION = 1

_OUR_NAMES = {theirs: ours for ours, theirs in CREDENTIAL_ATTRIBUTES.items()}
_WITH_DEMO = frozenset({"binance", "binancecoinm", "binanceusdm", "bitget", "bybit"})
"""By hand: ccxt's method exists everywhere, and binanceus inherits binance's URLs."""

_FLAGS = {"ohlcv": "fetchOHLCV", "ticker": "fetchTicker", "balance": "fetchBalance"}


def make_catalogue() -> dict[str, Any]:
    """Return the catalogue of the installed ccxt, sorted by id."""
    import ccxt

    exchanges = (getattr(ccxt, name)() for name in sorted(ccxt.exchanges))
    return {
        "format_version": FORMAT_VERSION,
        "ccxt_version": ccxt.__version__,
        "exchanges": {exchange.id: _entry(exchange) for exchange in exchanges},
    }


def render(catalogue: dict[str, Any]) -> str:
    """Return the file's text: one exchange a line, so that a diff can be read."""
    lines = (
        f"    {json.dumps(name)}: {json.dumps(entry, sort_keys=True)}"
        for name, entry in catalogue["exchanges"].items()
    )
    head = {key: value for key, value in catalogue.items() if key != "exchanges"}
    top = "".join(f"  {json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items())
    body = ",\n".join(lines)
    return f'{{\n{top}  "exchanges": {{\n{body}\n  }}\n}}\n'


def _entry(exchange: Any) -> dict[str, Any]:
    has, urls = exchange.has, exchange.urls
    return {
        "name": exchange.name,
        "credentials": _credentials(exchange),
        "timeframes": list(exchange.timeframes or {}),
        "has": {flag: bool(has.get(method)) for flag, method in _FLAGS.items()},
        "sandbox": bool(urls.get("test")),
        "demo": exchange.id in _WITH_DEMO,
        "rate_limit_ms": exchange.rateLimit,
    }


def _credentials(exchange: Any) -> list[str]:
    required = {name for name, needed in exchange.requiredCredentials.items() if needed}
    return [ours for theirs, ours in _OUR_NAMES.items() if theirs in required]


def main() -> None:
    """Write the file beside this module and say how many exchanges it holds."""
    catalogue = make_catalogue()
    CATALOGUE.write_text(render(catalogue), encoding="utf-8")
    sys.stdout.write(f"{len(catalogue['exchanges'])} exchanges\n")


if __name__ == "__main__":
    main()
