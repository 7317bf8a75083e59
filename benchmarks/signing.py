"""How a bare client signs a GET at each exchange, by hand and as each documents it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from reconciler.sandbox import sandbox_account

Signed = tuple[str, dict[str, str]]
"""The target with its query, and the headers."""


def sign(provider: str, host: str, path: str) -> Signed:
    """Return what to send for a signed GET of `path`."""
    return _SIGNERS[provider](sandbox_account(provider, "reader"), host, path)


def _binance(account: Any, _host: str, path: str) -> Signed:
    query = f"timestamp={_now_ms()}&recvWindow=60000"
    target = f"{path}?{query}&signature={_hex(account.api_secret, query)}"
    return target, {"X-MBX-APIKEY": account.api_key}


def _mexc(account: Any, _host: str, path: str) -> Signed:
    query = f"timestamp={_now_ms()}&recvWindow=60000"
    if path.endswith("/apiKeyInfo"):
        query = f"accessKey={account.api_key}&{query}"
    target = f"{path}?{query}&signature={_hex(account.api_secret, query)}"
    return target, {"X-MEXC-APIKEY": account.api_key}


def _bingx(account: Any, _host: str, path: str) -> Signed:
    query = f"timestamp={_now_ms()}"
    target = f"{path}?{query}&signature={_hex(account.api_secret, query)}"
    return target, {"X-BX-APIKEY": account.api_key}


def _bybit(account: Any, _host: str, path: str) -> Signed:
    stamp, window = str(_now_ms()), "5000"
    return path, {
        "X-BAPI-API-KEY": account.api_key,
        "X-BAPI-TIMESTAMP": stamp,
        "X-BAPI-RECV-WINDOW": window,
        "X-BAPI-SIGN": _hex(account.api_secret, f"{stamp}{account.api_key}{window}"),
    }


def _bitget(account: Any, _host: str, path: str) -> Signed:
    stamp = str(_now_ms())
    return path, {
        "ACCESS-KEY": account.api_key,
        "ACCESS-SIGN": _base64(account.api_secret, f"{stamp}GET{path}"),
        "ACCESS-TIMESTAMP": stamp,
        "ACCESS-PASSPHRASE": account.api_passphrase,
    }


def _gate(account: Any, _host: str, path: str) -> Signed:
    stamp = str(int(time.time()))
    text = f"GET\n{path}\n\n{hashlib.sha512(b'').hexdigest()}\n{stamp}"
    return path, {
        "KEY": account.api_key,
        "Timestamp": stamp,
        "SIGN": _hex(account.api_secret, text, "sha512"),
    }


def _okx(account: Any, _host: str, path: str) -> Signed:
    now_ms = _now_ms()
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_ms / 1000))
    stamp = f"{moment}.{now_ms % 1000:03}Z"
    return path, {
        "OK-ACCESS-KEY": account.api_key,
        "OK-ACCESS-SIGN": _base64(account.api_secret, f"{stamp}GET{path}"),
        "OK-ACCESS-TIMESTAMP": stamp,
        "OK-ACCESS-PASSPHRASE": account.api_passphrase,
    }


def _kucoin(account: Any, _host: str, path: str) -> Signed:
    stamp = str(_now_ms())
    return path, {
        "KC-API-KEY": account.api_key,
        "KC-API-SIGN": _base64(account.api_secret, f"{stamp}GET{path}"),
        "KC-API-TIMESTAMP": stamp,
        "KC-API-PASSPHRASE": _base64(account.api_secret, account.api_passphrase),
        "KC-API-KEY-VERSION": "2",
    }


def _coinbase(account: Any, host: str, path: str) -> Signed:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    now_s = int(time.time())
    head = {"alg": "ES256", "kid": account.api_key, "nonce": os.urandom(8).hex()}
    claims = {
        "iss": "cdp",
        "sub": account.api_key,
        "nbf": now_s,
        "exp": now_s + 120,
        "uri": f"GET {host}{path}",
    }
    text = f"{_part(json.dumps(head).encode())}.{_part(json.dumps(claims).encode())}"
    key = _private_key(account.api_secret)
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    signature = _part(r.to_bytes(32) + s.to_bytes(32))
    return path, {"Authorization": f"Bearer {text}.{signature}"}


@cache
def _private_key(pem: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(pem.encode(), password=None)


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _hex(secret: str, text: str, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), text.encode(), algorithm).hexdigest()


def _base64(secret: str, text: str) -> str:
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _now_ms() -> int:
    return int(time.time() * 1000)


_SIGNERS: dict[str, Callable[[Any, str, str], Signed]] = {
    "binance": _binance,
    "bingx": _bingx,
    "bitget": _bitget,
    "bybit": _bybit,
    "coinbase": _coinbase,
    "gate": _gate,
    "kucoin": _kucoin,
    "mexc": _mexc,
    "okx": _okx,
}
