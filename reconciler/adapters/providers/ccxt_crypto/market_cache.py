"""An exchange's markets, remembered between runs.

Loading them is the costliest thing that a test does, and they change rarely. What
is remembered is public, but it decides which market a symbol means: a file that
is not ours alone, not whole, of another ccxt or too old is as if it were not there,
and markets that leave anything behind which JSON does not hold are not remembered.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.adapters import files

FOLDER: Final = "markets"
LIFE_S: Final = 6 * 3600.0
MAX_BYTES: Final = 32 << 20
MAX_FILES: Final = 24
_FORMAT: Final = 1
_EXPECTED = frozenset(
    ("markets", "markets_by_id", "marketsById", "symbols", "ids", "currencies",
     "currencies_by_id", "currenciesById", "baseCurrencies", "quoteCurrencies", "codes",
     "options", "session", "asyncio_loop", "throttler", "tokenBucket", "own_session",
     "markets_loading", "reloading_markets", "closed_by_user",
     "lastRestRequestTimestamp")
)  # fmt: skip
_VOLATILE = "last_"
"""How ccxt begins the names of what it notes about its newest request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a file of markets belongs to; all of it stands in its name."""

    exchange: str
    environment: str
    version: str

    def path(self, folder: Path) -> Path:
        """Return where the markets lie."""
        name = f"{self.exchange}-{self.environment}-{self.version}.json"
        return folder / FOLDER / name


class Before:
    """An exchange before its markets are loaded: shows what loading changes."""

    def __init__(self, exchange: Any) -> None:
        self._values = dict(vars(exchange))
        self._options = copy.deepcopy(dict(exchange.options))

    def learned(self, exchange: Any) -> dict[str, Any] | None:
        """Return the options that loading set; None when more changed than those."""
        for name, value in vars(exchange).items():
            same = name in self._values and self._values[name] is value
            if not (same or name in _EXPECTED or name.startswith(_VOLATILE)):
                return None
        now = exchange.options
        if self._options.keys() - now.keys():
            return None
        return {
            name: value
            for name, value in now.items()
            if name not in self._options or self._options[name] != value
        }


def restore_markets(exchange: Any, folder: Path, key: Key, *, now_s: float) -> bool:
    """Give an exchange its remembered markets; return whether there were any."""
    try:
        text = _read_ours(key.path(folder))
        digest, _, body = text.partition(b"\n")
        if digest.decode() != hashlib.sha256(body).hexdigest():
            return False
        content = json.loads(body)
        age_s = now_s - content["saved_at"]
        if content["format"] != _FORMAT or not 0 <= age_s <= LIFE_S:
            return False
        exchange.set_markets(content["markets"])
        exchange.options.update(content["options"])
    except Exception:  # noqa: BLE001 - a cache that is odd in any way is none
        exchange.markets = None
        return False
    return bool(exchange.markets)


def save_markets(
    exchange: Any, before: Before, folder: Path, key: Key, *, now_s: float
) -> None:
    """Remember an exchange's markets; does nothing where they cannot be kept."""
    learned = before.learned(exchange)
    if learned is None or not exchange.markets:
        return
    content = {
        "format": _FORMAT,
        "saved_at": now_s,
        # As they were given to it: `set_markets` fills in the same once more.
        "markets": [one for same in exchange.markets_by_id.values() for one in same],
        "options": learned,
    }
    with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
        body = _exact_json(content)
        if len(body) > MAX_BYTES:
            return
        digest = hashlib.sha256(body).hexdigest().encode()
        path = key.path(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomic(str(path), digest + b"\n" + body, durable=False)
        _forget_oldest(path.parent)


def _exact_json(content: Mapping[str, Any]) -> bytes:
    """Return JSON that reads back as the same; raises `ValueError` otherwise."""
    body = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
    if json.loads(body) != content:
        raise ValueError("JSON does not hold it")
    return body


def _read_ours(path: Path) -> bytes:
    """Return a file that nobody else can have written; raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        private = stat.S_IMODE(status.st_mode) & 0o077 == 0
        small = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES + 65
        if not (private and small and status.st_uid == os.geteuid()):
            raise PermissionError(path.name)
        return stream.read(MAX_BYTES + 65)


def _forget_oldest(folder: Path) -> None:
    found = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for path in found[:-MAX_FILES]:
        path.unlink()
