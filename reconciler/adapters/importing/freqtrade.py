"""freqtrade's configuration: one exchange, its key, its pairs and its timeframe.

Several files are laid over each other as freqtrade does it: later ones win, mappings
are merged. Comments and trailing commas are allowed, as there.
Source: https://www.freqtrade.io/en/stable/configuration/ (read 2026-11-23).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from reconciler.adapters.importing import cells, tables
from reconciler.adapters.importing.cells import CellError
from reconciler.adapters.importing.leftovers import leftover
from reconciler.core.errors import InputError
from reconciler.core.parity import Draft, Standing

MAX_BYTES: Final = 16_777_216
_KEYS: Final = {
    "key": "api_key",
    "secret": "api_secret",
    "password": "api_passphrase",
    "uid": "api_uid",
    "accountId": "account_id",
    "walletAddress": "wallet_address",
    "privateKey": "private_key",
    "apiKey": "api_key",
    "login": "login",
    "token": "token",
}
_OPTIONS: Final = ("defaultType", "defaultSubType", "recvWindow")
_PROXIES: Final = ("httpsProxy", "httpProxy", "aiohttp_proxy", "https_proxy")
_OWN: Final = frozenset(
    {
        *("name", "ccxt_config", "ccxt_async_config", "ccxt_sync_config"),
        *("pair_whitelist", "markets_refresh_interval", "log_responses"),
        *("pair_blacklist", "enable_ws"),
        *("skip_pair_validation", "unknown_fee_rate", "only_from_ccxt", *_KEYS),
    }
)
"""Blacklists and the rest are how freqtrade trades, not how it connects."""
_MINUTE_MS: Final = 60_000
_STRING: Final = r'"(?>(?:[^"\\]|\\.)*)"'
_COMMENTS: Final = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_COMMAS: Final = re.compile(rf"({_STRING})|,(?=\s*[\]}}])", re.DOTALL)


def read_freqtrade(paths: Sequence[Path]) -> list[Draft]:
    """Return the one connection that these files configure together.

    Raises:
        InputError: One cannot be read, is no JSON, or none names an exchange.
    """
    whole: dict[str, Any] = {}
    for path in paths:
        text = _plain(tables.read_text(path, limit=MAX_BYTES))
        data = tables.parse_json(text, file=str(path))
        if not isinstance(data, dict):
            raise InputError(f"'{path}' holds no JSON object")
        whole = _laid_over(whole, data)
    place = ", ".join(map(str, paths))
    exchange = whole.get("exchange")
    if not isinstance(exchange, dict) or not exchange.get("name"):
        raise InputError(f"'{place}' names no exchange; is it freqtrade's?")
    try:
        return [_draft(whole, exchange, place)]
    except CellError as error:
        raise InputError(f"'{place}': one of the exchange's fields {error}") from None


def _plain(text: str) -> str:
    """Return JSON without comments and trailing commas; lines stay where they are."""

    def blank(found: re.Match[str]) -> str:
        return found[1] or "\n" * found[0].count("\n")

    return _COMMAS.sub(lambda found: found[1] or "", _COMMENTS.sub(blank, text))


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _laid_over(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _draft(whole: Mapping[str, Any], exchange: Mapping[str, Any], place: str) -> Draft:
    ccxt = _laid_over(
        cells.mapping_of(exchange.get("ccxt_config")),
        cells.mapping_of(exchange.get("ccxt_async_config")),
    )
    provider = cells.text_of(exchange["name"])
    draft = Draft(
        place=place,
        title=cells.text_of(whole.get("bot_name")) or provider,
        type="ccxt_crypto",
        provider=provider,
        credentials=_credentials(exchange, ccxt),
        timeframes=cells.lines_of(whole.get("timeframe")),
    )
    draft = _with_ccxt(draft, ccxt)
    if whole.get("trading_mode") == "futures":
        options = {"defaultType": "swap", **draft.config.get("options", {})}
        draft = replace(draft, config={**draft.config, "options": options})
    draft = _with_pairs(draft, cells.lines_of(exchange.get("pair_whitelist")))
    if whole.get("add_config_files"):
        text = "other files are included; name them behind this one"
        draft = draft.noting(Standing.DIFFERS, "add_config_files", text)
    return _unplaced(draft, {k: v for k, v in exchange.items() if k not in _OWN})


def _credentials(
    exchange: Mapping[str, Any], ccxt: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for source in (ccxt, exchange):
        for name, ours in _KEYS.items():
            if isinstance(source.get(name), str) and source[name]:
                found[ours] = source[name]
    proxy = next((ccxt[n] for n in _PROXIES if isinstance(ccxt.get(n), str)), "")
    return {**found, "proxy": proxy} if "@" in proxy else found


def _with_ccxt(draft: Draft, ccxt: Mapping[str, Any]) -> Draft:
    """Take over what ccxt is told; its times are milliseconds."""
    config = dict(_ccxt_config(ccxt, draft))
    options = cells.mapping_of(ccxt.get("options"))
    known = {key: options[key] for key in _OPTIONS if key in options}
    draft = replace(draft, config={**config, **({"options": known} if known else {})})
    if ccxt.get("enableRateLimit") is False:
        text = "was off; it is always on here"
        draft = draft.noting(Standing.DIFFERS, "enableRateLimit", text)
    taken = {"timeout", "rateLimit", "sandbox", "enableRateLimit", "options", *_PROXIES}
    other = {k: v for k, v in ccxt.items() if k not in taken and k not in _KEYS}
    more = {f"options.{k}": v for k, v in options.items() if k not in _OPTIONS}
    return _unplaced(draft, {**other, **more})


def _ccxt_config(ccxt: Mapping[str, Any], draft: Draft) -> Iterator[tuple[str, Any]]:
    if _is_number(ccxt.get("timeout")):
        yield "timeout", _whole(ccxt["timeout"] / 1000)
    if _is_number(ccxt.get("rateLimit")):
        yield "rate_limit", max(1, int(_MINUTE_MS / ccxt["rateLimit"]))
    if ccxt.get("sandbox") is True:
        yield "sandbox", True
    for name in _PROXIES:
        if isinstance(ccxt.get(name), str) and "proxy" not in draft.credentials:
            yield "proxy", ccxt[name]
            return


def _with_pairs(draft: Draft, pairs: Sequence[str]) -> Draft:
    """Take over pairs; freqtrade also takes patterns, which are no symbols."""
    plain = [
        pair for pair in pairs if re.fullmatch(r"[\w.-]+/[\w.-]+(:[\w.-]+)?", pair)
    ]
    plain = [pair for pair in plain if ".*" not in pair]
    for pair in pairs:
        if pair not in plain:
            text = "a pattern of pairs is no symbol; write the symbols out"
            draft = draft.noting(Standing.DIFFERS, "pair_whitelist", text)
    return replace(draft, symbols=tuple(plain))


def _unplaced(draft: Draft, unknown: Mapping[str, Any]) -> Draft:
    for key, value in unknown.items():
        shown = leftover(f"exchange.{key}", value)
        about = shown.partition(":")[0]
        text = "has no place in our file; kept there as a comment"
        draft = draft.noting(Standing.DIFFERS, about, text)
        draft = replace(draft, unplaced=(*draft.unplaced, shown))
    return draft


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _whole(number: float) -> int | float:
    return int(number) if float(number).is_integer() else number
