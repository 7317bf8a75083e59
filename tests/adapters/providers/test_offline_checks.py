"""What `check` finds without a key, a request or a heavy library."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from reconciler.adapters.providers.registry import find_adapters
from reconciler.core.connection import Connection
from reconciler.core.diagnostic import RULES

ADAPTERS = find_adapters()
KEY = ("api_key", "api_secret")


def ccxt(provider="binance", names=KEY, timeframes=("1h",), **config):
    return Connection(
        name="x",
        type="ccxt_crypto",
        provider=provider,
        credential_names=names,
        config=config,
        symbols=("BTC/USDT",),
        timeframes=timeframes,
    )


def mt(names=("api_key", "account_id"), timeframes=("H1",), **config):
    return Connection(
        name="x",
        type="mtapi",
        provider="mt4_account_123",
        credential_names=names,
        config=config,
        timeframes=timeframes,
    )


def custom(names=("api_key",), timeframes=("1h",), **config):
    given = {"endpoint": "https://md.example.com", **config}
    return Connection(
        name="x",
        type="custom_api",
        provider="feed",
        credential_names=names,
        config={k: v for k, v in given.items() if v is not None},
        timeframes=timeframes,
    )


def found(connection):
    return [(f.code, f.path) for f in ADAPTERS[connection.type].check(connection)]


SOUND = [
    ccxt(),
    ccxt(names=()),
    ccxt(sandbox=True, timeout=5, rate_limit=60, options={"defaultType": "spot"}),
    ccxt("okx", (*KEY, "api_passphrase"), proxy="http://proxy.example:3128"),
    ccxt(names=(*KEY, "timeout")),
    mt(names=("api_key", "account_id", "timeout", "base_url")),
    mt(dialect="v1", base_url="https://bridge.example/api"),
    mt(base_url="http://bridge.example:5000", allow_http=True),
    custom(),
    custom(names=("api_key", "endpoint"), endpoint=None),
    custom(names=("username", "password"), authentication_method="basic"),
    custom(names=("api_key", "api_secret"), authentication_method="basic"),
    custom(names=(), authentication_method="none"),
    custom(
        ohlcv={
            "path": "/v2/{symbol}/bars",
            "params": {"tf": "{timeframe}", "from": "{since_s}", "adjusted": 1},
            "rows": "data.candles",
            "columns": ["t", "o", "h", "l", "c", "v"],
            "timestamp_unit": "iso8601",
            "order": "desc",
            "timeframes": {"1h": "60"},
            "symbol_template": "{base}{quote}",
        },
        test={"path": "/me", "expect": {"status": [200], "json": "ok"}},
        headers={"X-Client": "reconcile"},
    ),
]


@pytest.mark.parametrize("connection", SOUND)
def test_a_sound_connection_has_no_finding(connection):
    assert found(connection) == []


WRONG = [
    (ccxt("binanse"), "R402", ("provider",)),
    (ccxt("Binance"), "R402", ("provider",)),
    (ccxt("huobi"), "R403", ("provider",)),
    (ccxt("bitmex"), "R403", ("provider",)),
    (ccxt(timeframes=("1h", "7m")), "R404", ("settings", "timeframes", 1)),
    (ccxt(names=("api_key",)), "R306", ("credentials",)),
    (ccxt("okx"), "R306", ("credentials",)),
    (ccxt(names=(*KEY, "api_pass")), "R307", ("credentials", "api_pass")),
    (ccxt(sandbx=True), "R405", ("config", "sandbx")),
    (ccxt(sandbox="yes"), "R406", ("config", "sandbox")),
    (ccxt(timeout=0), "R406", ("config", "timeout")),
    (ccxt(timeout=True), "R406", ("config", "timeout")),
    (ccxt(rate_limit=1.5), "R406", ("config", "rate_limit")),
    (ccxt(proxy="http://u:p@proxy.example"), "R406", ("config", "proxy")),
    (ccxt(proxy="socks5://proxy.example"), "R406", ("config", "proxy")),
    (ccxt(options={"sign": "x"}), "R405", ("config", "options", "sign")),
    (ccxt(options=[1]), "R406", ("config", "options")),
    (ccxt("kraken", sandbox=True), "R407", ("config", "sandbox")),
    (ccxt("binanceus", demo=True), "R407", ("config", "demo")),
    (ccxt(sandbox=True, demo=True), "R406", ("config", "demo")),
    (ccxt(names=(*KEY, "timeout"), timeout=3), "R408", ("config", "timeout")),
    (mt(timeframes=("1h",)), "R404", ("settings", "timeframes", 0)),
    (mt(names=("api_key",)), "R306", ("credentials",)),
    (mt(dialect="nativ"), "R406", ("config", "dialect")),
    (mt(base_url="http://bridge.example"), "R406", ("config", "base_url")),
    (mt(base_url="https://u:p@bridge.example"), "R406", ("config", "base_url")),
    (mt(base_url="https://bridge.example:port"), "R406", ("config", "base_url")),
    (mt(url="https://bridge.example"), "R405", ("config", "url")),
    (custom(endpoint=None), "R406", ("config", "endpoint")),
    (custom(endpoint="md.example.com"), "R406", ("config", "endpoint")),
    (custom(endpoint="https://md.example.com/?k=1"), "R406", ("config", "endpoint")),
    (custom(names=("api_key", "endpoint")), "R408", ("config", "endpoint")),
    (custom(names=()), "R306", None),
    (custom(authentication_method="magic"), "R406", None),
    (custom(names=("username",)), "R306", ("credentials",)),
    (custom(headers={"X-Api-Key": "plain"}), "R406", ("config", "headers")),
    (custom(headers={"Host": "other.example"}), "R406", ("config", "headers")),
    (custom(headers={"X-A": "b\r\nX-B: c"}), "R406", ("config", "headers")),
    (custom(test={"path": "/a?key=1"}), "R406", ("config", "test", "path")),
    (custom(test={"path": "/../a"}), "R406", ("config", "test", "path")),
    (custom(test={"method": "POST"}), "R406", ("config", "test", "method")),
    (custom(test={"expect": {"status": [500]}}), "R406", None),
    (custom(ohlcv={"path": "/x/{key}"}), "R406", ("config", "ohlcv", "path")),
    (custom(ohlcv={"params": {"apikey": "1"}}), "R406", None),
    (custom(ohlcv={"columns": {"open": 1}}), "R406", ("config", "ohlcv", "columns")),
    (custom(ohlcv={"rowz": "@"}), "R405", ("config", "ohlcv", "rowz")),
    (custom(ohlcv={"timeframes": {"1d": "D"}}), "R404", None),
]


@pytest.mark.parametrize(("connection", "code", "path"), WRONG)
def test_a_problem_is_found_with_its_code_and_place(connection, code, path):
    if connection.type == "custom_api" and not connection.credential_names:
        connection = custom(names=(), authentication_method="bearer")

    findings = found(connection)

    assert code in RULES
    assert code in {c for c, _ in findings}
    if path is not None:
        assert (code, path) in findings


def hint_of(connection, code):
    findings = ADAPTERS[connection.type].check(connection)
    return next(f"{f.message} | {f.hint}" for f in findings if f.code == code)


def test_hints_name_what_was_probably_meant():
    assert "binance" in hint_of(ccxt("binanse"), "R402")
    assert "'binance'" in hint_of(ccxt("Binance"), "R402")
    assert "htx" in hint_of(ccxt("huobi"), "R403")
    assert "removed" in hint_of(ccxt("bitmex"), "R403")
    assert "'1h'" in hint_of(ccxt(timeframes=("H1",)), "R404")
    assert "'H4'" in hint_of(mt(timeframes=("4h",)), "R404")
    assert "sandbox" in hint_of(ccxt(testnet=True), "R405")
    assert "api_passphrase" in hint_of(ccxt("okx", (*KEY, "passphrase")), "R307")


TEMPLATES = [("ccxt_crypto", p) for p in ("binance", "okx", "hyperliquid", "zaif")]


@pytest.mark.parametrize(
    ("kind", "provider"),
    [*TEMPLATES, ("mtapi", "mt4"), ("metaapi", "x"), ("custom_api", "feed")],
)
def test_a_new_documents_body_has_what_the_provider_needs(kind, provider):
    body = yaml.safe_load(ADAPTERS[kind].template(provider))
    connection = Connection(
        name="x",
        type=kind,
        provider=provider,
        credential_names=tuple(body.get("credentials") or ()),
        config=body.get("config") or {},
        symbols=tuple(body["settings"]["symbols"]),
        timeframes=tuple(body["settings"]["timeframes"]),
    )

    assert found(connection) == []


def test_checking_loads_no_client_and_no_exchange_library():
    program = """
import sys
from reconciler.adapters.providers.registry import find_adapters
from reconciler.core.connection import Connection
for name, adapter in find_adapters().items():
    adapter.providers()
    adapter.template("binance")
    connection = Connection(
        name="x", type=name, provider="binance", config={"timeout": 3}
    )
    list(adapter.check(connection))
heavy = {"ccxt", "aiohttp", "httpx", "jmespath", "asyncio"} & set(sys.modules)
print(sorted(heavy))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
