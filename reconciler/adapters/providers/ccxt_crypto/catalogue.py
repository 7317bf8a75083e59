"""The exchanges that ccxt speaks to, read from the committed catalogue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

_FILE = Path(__file__).with_name("catalogue.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One exchange; `credentials` in our names, empty `timeframes`: no candles."""

    id: str
    name: str
    credentials: tuple[str, ...]
    timeframes: tuple[str, ...]
    has_ohlcv: bool
    has_ticker: bool
    has_balance: bool
    has_sandbox: bool
    has_demo: bool
    rate_limit_ms: float

    @property
    def environments(self) -> tuple[str, ...]:
        """Return where its keys may belong."""
        extra = (("sandbox", self.has_sandbox), ("demo", self.has_demo))
        return ("live", *(name for name, there in extra if there))


@cache
def exchanges() -> Mapping[str, Exchange]:
    """Return every exchange by id, sorted; the file is read once."""
    data = json.loads(_FILE.read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            name: Exchange(
                id=name,
                name=entry["name"],
                credentials=tuple(entry["credentials"]),
                timeframes=tuple(entry["timeframes"]),
                has_ohlcv=entry["has"]["ohlcv"],
                has_ticker=entry["has"]["ticker"],
                has_balance=entry["has"]["balance"],
                has_sandbox=entry["sandbox"],
                has_demo=entry["demo"],
                rate_limit_ms=entry["rate_limit_ms"],
            )
            for name, entry in data["exchanges"].items()
        }
    )
