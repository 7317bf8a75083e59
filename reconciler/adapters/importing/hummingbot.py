"""hummingbot's `conf/connectors/*.yml`: one connector's keys, sealed with a password.

A sealed value is the hex of a JSON key file, version 3, as Ethereum wallets write
them: AES-128-CTR under a key from PBKDF2-SHA-256 or scrypt, checked by Keccak-256.
A value that is no such hex is plain text.
Source: hummingbot, `client/config/config_crypt.py` (read 2026-11-23); the format is
https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from reconciler.adapters import documents
from reconciler.adapters.importing import tables
from reconciler.adapters.importing.keccak import keccak_256
from reconciler.adapters.importing.leftovers import leftover
from reconciler.core.errors import InputError
from reconciler.core.parity import Draft, Standing

MAX_BYTES: Final = 1_048_576
_MAX_ROUNDS: Final = 10_000_000
_BLOCK: Final = 16
_MAX_MEMORY: Final = 1 << 29
_PROVIDERS: Final = {
    "ascend_ex": "ascendex",
    "binance_us": "binanceus",
    "bitget_perpetual": "bitget",
    "btc_markets": "btcmarkets",
    "coinbase_advanced_trade": "coinbase",
    "coinbase_pro": "coinbaseexchange",
    "crypto_com": "cryptocom",
    "gate_io": "gate",
    "huobi": "htx",
    "ndax": "ndax",
}
_NAMES: Final = {
    "secret": "api_secret",
    "secret_key": "api_secret",
    "passphrase": "api_passphrase",
    "password": "api_passphrase",
    "memo": "api_uid",
    "uid": "api_uid",
    "account_id": "account_id",
    "private_key": "private_key",
    "api_private_key": "private_key",
    "wallet_address": "wallet_address",
    "address": "wallet_address",
}
_SUFFIXES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("_testnet", {"sandbox": True}),
    ("_perpetual", {"options": {"defaultType": "swap"}}),
)


class KeyFileError(ValueError):
    """A sealed value does not open; the message holds nothing of it."""


def read_hummingbot(paths: list[Path], password: str | None) -> list[Draft]:
    """Return a draft per connector.

    Raises:
        InputError: A file cannot be read or is no connector's, or values are sealed
            and the password is missing or wrong.
    """
    return [_draft(path, password) for path in paths]


def _draft(path: Path, password: str | None) -> Draft:
    text = tables.read_text(path, limit=MAX_BYTES)
    source, problems = documents.parse(text, file=str(path))
    data = source.data or {}
    connector = data.get("connector")
    if problems or not isinstance(connector, str) or not connector:
        raise InputError(f"'{path}' is no connector's file of hummingbot")
    provider, config = _exchange(connector)
    draft = Draft(
        place=str(path),
        title=connector,
        type="ccxt_crypto",
        provider=provider,
        config=config,
    )
    for key, value in data.items():
        if key != "connector":
            draft = _with_value(draft, connector, key, _opened(value, password, path))
    return draft


def _exchange(connector: str) -> tuple[str, dict[str, Any]]:
    """Return ccxt's name of the exchange, and what the connector's name implies."""
    config: dict[str, Any] = {}
    for suffix, implied in _SUFFIXES:
        if connector.endswith(suffix):
            connector = connector.removesuffix(suffix)
            config |= implied
    return _PROVIDERS.get(connector, connector), config


def _with_value(draft: Draft, connector: str, key: str, value: Any) -> Draft:
    name = key.removeprefix(f"{connector}_")
    ours = _NAMES.get(name, name)
    if not isinstance(value, str) or not value:
        shown = leftover(key, value)
        text = "has no place in our file; kept there as a comment"
        draft = replace(draft, unplaced=(*draft.unplaced, shown))
        return draft.noting(Standing.DIFFERS, shown.partition(":")[0], text)
    return replace(draft, credentials={**draft.credentials, ours: value})


def _opened(value: Any, password: str | None, path: Path) -> Any:
    if not isinstance(value, str) or not _is_sealed(value):
        return value
    if password is None:
        raise InputError(
            f"the values in '{path}' are sealed with hummingbot's password; put it"
            " into the environment as CONFIG_PASSWORD, or pipe it in with"
            " --password-stdin"
        )
    try:
        return open_key_file(bytes.fromhex(value), password)
    except KeyFileError as error:
        raise InputError(f"a value in '{path}' does not open: {error}") from None


def _is_sealed(value: str) -> bool:
    """Tell the hex of a JSON object from a key that happens to be hex."""
    return re.fullmatch(r"7[bB][0-9A-Fa-f]{200,}", value) is not None


def open_key_file(text: bytes, password: str) -> str:
    """Return what a key file holds.

    Raises:
        KeyFileError: The password is wrong, or the file is damaged.
    """
    try:
        crypto = json.loads(text)["crypto"]
        sealed = bytes.fromhex(crypto["ciphertext"])
        key = _derived(crypto, password)
        start = bytes.fromhex(crypto["cipherparams"]["iv"].zfill(32))
        mac = bytes.fromhex(crypto["mac"])
        cipher = crypto["cipher"]
    except KeyFileError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise KeyFileError("it is no key file of version 3") from None
    if not hmac.compare_digest(keccak_256(key[16:32] + sealed), mac):
        raise KeyFileError("the password is wrong, or the value is damaged")
    if cipher != "aes-128-ctr" or len(start) != _BLOCK:
        raise KeyFileError("its cipher is not aes-128-ctr with its counter")
    return _decrypted(key[:16], start, sealed)


def _derived(crypto: Mapping[str, Any], password: str) -> bytes:
    found, secret = crypto["kdfparams"], password.encode()
    salt = bytes.fromhex(found["salt"])
    if crypto["kdf"] == "pbkdf2" and found["prf"] == "hmac-sha256":
        rounds = int(found["c"])
        if not 0 < rounds <= _MAX_ROUNDS:
            raise KeyFileError("its key derivation asks for too much work")
        return hashlib.pbkdf2_hmac("sha256", secret, salt, rounds, 32)
    if crypto["kdf"] != "scrypt":
        raise KeyFileError("its key derivation is neither pbkdf2 nor scrypt")
    cost, block, lanes = (int(found[name]) for name in ("n", "r", "p"))
    if 128 * cost * block * lanes > _MAX_MEMORY:
        raise KeyFileError("its key derivation asks for too much memory")
    return hashlib.scrypt(
        secret, salt=salt, n=cost, r=block, p=lanes, maxmem=_MAX_MEMORY * 2, dklen=32
    )


def _decrypted(key: bytes, start: bytes, sealed: bytes) -> str:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    opener = Cipher(algorithms.AES(key), modes.CTR(start)).decryptor()
    try:
        return (opener.update(sealed) + opener.finalize()).decode()
    except UnicodeDecodeError:
        raise KeyFileError("what it holds is not text") from None
