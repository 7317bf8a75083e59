"""Fill `{symbol}` and its like into paths and parameters, and nothing else.

No `str.format`: it reads attributes and indexes. The names are a closed set, what
is put into a path is percent-encoded whole, so that a symbol with a slash stays one
segment and cannot become another path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError

TIME_NAMES = tuple(
    f"{edge}_{unit}"
    for edge in ("since", "until")
    for unit in ("ms", "s", "us", "ns", "iso")
)
PAGE_NAMES = ("cursor", "page", "offset")
REQUEST_NAMES = ("symbol", "timeframe", "limit", *TIME_NAMES, *PAGE_NAMES)
HMAC_NAMES = ("timestamp", "method", "path", "query", "path_qs", "body", "key")
HMAC_OUTPUT_NAMES = ("signature", "timestamp", "key")
SYMBOL_NAMES = ("symbol", "base", "quote")
_NAME = re.compile(r"\{([^{}]*)\}")


def names_in(template: str) -> list[str]:
    """Return the names that a template uses, in order."""
    return _NAME.findall(template)


def unknown_names(template: str, allowed: Sequence[str]) -> list[str]:
    """Return the names in a template that are not allowed, in order."""
    return [name for name in _NAME.findall(template) if name not in allowed]


def fill(template: str, values: Mapping[str, str]) -> str | None:
    """Return the filled template; None when a value is not known in this call.

    A parameter that needs one is left out: without a start there is no `since`.
    """
    if any(name not in values for name in _NAME.findall(template)):
        return None
    return _NAME.sub(lambda match: values[match[1]], template)


def fill_path(template: str, values: Mapping[str, str]) -> str | None:
    """Return the filled path, every value percent-encoded.

    Raises `ProviderError` where a symbol made of dots would lead to another path:
    settings are not bound to the key, so anybody may propose one.
    """
    path = fill(template, {k: quote(v, safe="") for k, v in values.items()})
    if path is not None and {".", ".."} & set(path.split("/")):
        raise ProviderError(diagnose(Category.BAD_SYMBOL, detail="it leaves the path"))
    return path


def fill_params(
    templates: Mapping[str, str], values: Mapping[str, str]
) -> dict[str, str]:
    """Return the filled parameters without those that need an unknown value."""
    filled = {name: fill(str(text), values) for name, text in templates.items()}
    return {name: text for name, text in filled.items() if text is not None}


def moments(edge: str, at_ms: int) -> dict[str, str]:
    """Return a moment in every unit: `since_ms`, `since_s`, `since_iso` and so on."""
    iso = datetime.fromtimestamp(at_ms / 1000, tz=UTC).isoformat(timespec="seconds")
    return {
        f"{edge}_ms": str(at_ms),
        f"{edge}_s": str(at_ms // 1000),
        f"{edge}_us": str(at_ms * 1000),
        f"{edge}_ns": str(at_ms * 1_000_000),
        f"{edge}_iso": iso.replace("+00:00", "Z"),
    }


def spell_symbol(template: str, symbol: str) -> str:
    """Return a symbol in the provider's spelling: `BTC/USDT` as `BTCUSDT`.

    A symbol without a slash is its own base, and has no quote.
    """
    base, _, quoted = symbol.partition("/")
    values = {"symbol": symbol, "base": base, "quote": quoted.partition(":")[0]}
    return fill(template, values) or symbol
