"""The kit on every way in which a REST feed may be asked."""

from __future__ import annotations

import pytest

from reconciler.adapters.providers.registry import find_adapters
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.sandbox import sandbox_account
from reconciler.sandbox.client_certificates import client_identity
from tests.adapters.providers.conformance import AdapterContract, Subject

C = Category


def subject(provider, credentials, *, proofs=None, own=None, **config):
    config.setdefault("endpoint", f"https://{provider}.sandbox.example/v1")
    return Subject(
        adapter=find_adapters()["custom_api"],
        connection=Connection(
            name=f"{provider}-x",
            type="custom_api",
            provider=provider,
            credential_names=tuple(credentials),
            config=config,
            symbols=("BTC/USDT", "EUR/USD"),
            timeframes=("1m", "1h"),
        ),
        credentials=credentials,
        provider=provider,
        proofs=tuple(credentials) if proofs is None else proofs,
        own=own or {},
    )


def keys_of(provider, name):
    account = sandbox_account(provider, name)
    return {"api_key": account.api_key, "api_secret": account.api_secret}


def signed(name, **hmac):
    return subject(
        "feed-hmac",
        keys_of("feed-hmac", name),
        authentication_method="hmac",
        auth={"hmac": hmac},
    )


def client(name="reader", **oauth2):
    account = sandbox_account("feed-oauth", name)
    return subject(
        "feed-oauth",
        {"client_id": account.api_key, "client_secret": account.api_secret},
        authentication_method="oauth2_client_credentials",
        auth={
            "oauth2": {"token_url": "https://login.sandbox.example/oauth/token"}
            | oauth2
        },
    )


def mutual(**more):
    chain, key = client_identity("sandbox-feed-mtls-reader-key")
    return subject(
        "feed-mtls",
        {"client_certificate": chain, "client_key": key},
        authentication_method="mtls",
        **more,
    )


def paged(kind, *, pagination=None, **params):
    return subject(
        "feed",
        {"api_key": sandbox_account("feed").api_key},
        authentication_method="bearer",
        ohlcv={
            "path": f"/paged/{kind}/candles",
            "params": {
                "symbol": "{symbol}",
                "interval": "{timeframe}",
                "limit": "{limit}",
                "start": "{since_ms}",
                **params,
            },
            "rows": "data",
            "order": "asc" if kind == "time" else "desc",
            "pagination": {"type": kind, **(pagination or {})},
        },
    )


SUBJECTS = {
    "hmac-hex": signed(
        "hex",
        headers={"X-Key": "{key}", "X-Ts": "{timestamp}", "X-Sign": "{signature}"},
    ),
    "hmac-base64": signed(
        "base64",
        algorithm="sha512",
        encoding="base64",
        secret_encoding="base64",
        timestamp="iso",
        payload="{timestamp}\n{method}\n{path}\n{query}",
        headers={"Authorization": "HMAC {key}:{signature}", "X-Date": "{timestamp}"},
    ),
    "hmac-query": signed(
        "query",
        timestamp="s",
        payload="{query}",
        query={"key": "{key}", "ts": "{timestamp}", "sign": "{signature}"},
    ),
    "oauth2-basic": client(),
    "oauth2-body": client(
        auth_style="body",
        scopes=["market:read"],
        audience="https://feed-oauth.sandbox.example",
    ),
    "mtls": mutual(),
    "cursor": paged("cursor", cursor="{cursor}", pagination={"next": "meta.next"}),
    "page": paged("page", page="{page}"),
    "offset": paged("offset", offset="{offset}"),
    "time": paged("time", end="{until_ms}"),
    "link": paged("link", pagination={"type": "link_header"}),
    "retry": subject(
        "feed",
        {"api_key": sandbox_account("feed").api_key},
        authentication_method="bearer",
        retry={"attempts": 2, "after": ["timeout", 429, 503], "max": "1s"},
        test={
            "path": "/health",
            "expect": {
                "status": [200],
                "json": ["status == 'ok'", "time > `0`"],
                "content_type": "json",
                "headers": {"Server": "sandbox", "Date": ""},
                "max_latency_ms": 60_000,
            },
        },
    ),
}


class TestEveryWayToAsk(AdapterContract):
    @pytest.fixture(params=SUBJECTS)
    def subject(self, request):
        return SUBJECTS[request.param]
