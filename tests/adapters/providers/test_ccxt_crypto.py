"""ccxt behind our door: the catalogue, the clones, the keys and the error tables."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.ccxt_crypto import ADAPTER
from reconciler.adapters.providers.ccxt_crypto.catalogue import exchanges
from reconciler.adapters.providers.ccxt_crypto.classify import Case, explain_ccxt
from reconciler.adapters.providers.ccxt_crypto.hub import (
    Place,
    clone,
    clones_apart,
    hub_of,
    release,
)
from reconciler.adapters.providers.ccxt_crypto.keys import read_keys
from reconciler.adapters.providers.ccxt_crypto.make_catalogue import (
    CATALOGUE,
    make_catalogue,
    render,
)
from reconciler.adapters.providers.ccxt_crypto.names import REMOVED, RENAMED
from reconciler.adapters.providers.ccxt_crypto.private_reads import _READS, prove_key
from reconciler.adapters.providers.network.session import open_network
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Secret
from reconciler.core.verdict import ProbeName, ProbeStatus
from reconciler.sandbox import sandbox_account

ERRORS = Path(__file__).parents[4] / "shared/data/providers/errors/errors.json"
SIGNING = ("binance", "okx", "kraken", "kucoin", "bybit", "gate", "bitget", "mexc")
SECRETS = ("c2VjcmV0LXNlY3JldC1zZWNyZXQ=", "b3RoZXItc2VjcmV0LXNlY3JldA==")


# The catalogue


def test_the_catalogue_is_what_the_installed_ccxt_says():
    import ccxt

    committed = json.loads(CATALOGUE.read_text())
    if committed["ccxt_version"] != ccxt.__version__:
        pytest.skip("another version of ccxt is installed")

    assert CATALOGUE.read_text() == render(make_catalogue())


def test_every_exchange_of_the_library_is_in_the_catalogue():
    import ccxt

    missing = set(ccxt.exchanges) - set(exchanges())

    assert not missing, "run python -m …ccxt_crypto.make_catalogue"


def test_an_old_name_is_no_present_one_and_leads_to_one():
    assert not (set(RENAMED) | set(REMOVED)) & set(exchanges())
    assert set(RENAMED.values()) <= set(exchanges())


def test_providers_are_described():
    kraken = next(p for p in ADAPTER.providers() if p.id == "kraken")

    assert kraken.credentials == ("api_key", "api_secret")
    assert "1h" in kraken.timeframes
    assert kraken.environments == ("live",)
    assert len(ADAPTER.providers()) > 90


# The clones


def built(name):
    import ccxt.async_support as ccxt

    template = getattr(ccxt, name)()
    template.set_markets([])
    return template


def sent_by(exchange, number):
    """Return what the exchange would send for its signed read."""
    sent = []

    async def fetch(url, method="GET", headers=None, body=None):
        sent.append(f"{method} {url} {headers} {body}")
        return {}

    exchange.apiKey = f"key-{number}"
    exchange.secret = SECRETS[number]
    exchange.password = f"pass-{number}"
    exchange.enableRateLimit = False
    exchange.fetch = fetch
    exchange.milliseconds = exchange.nonce = lambda: 1_700_000_000_000
    with contextlib.suppress(ProviderError):
        asyncio.run(prove_key(exchange))
    return sent[0]


@pytest.mark.parametrize("name", SIGNING)
def test_two_clones_sign_with_their_own_keys_and_the_template_keeps_none(name):
    template = built(name)
    alone = [sent_by(built(name), number) for number in range(2)]

    cloned = [sent_by(clone(template), number) for number in range(2)]

    assert cloned == alone
    assert cloned[0] != cloned[1].replace("key-1", "key-0").replace("pass-1", "pass-0")
    assert not template.apiKey
    assert "key-" not in str({k: v for k, v in vars(template).items() if k != "api"})


def test_what_a_clone_learns_stays_in_the_clone():
    template = built("binance")
    twin = clone(template)

    twin.options["hasAlreadyAuthenticatedSuccessfully"] = True
    twin.headers["X-Mine"] = "1"
    twin.options["fetchMarkets"]["types"] = []

    other = clone(template)
    assert not other.options.get("hasAlreadyAuthenticatedSuccessfully")
    assert "X-Mine" not in other.headers
    assert other.options["fetchMarkets"]["types"]


def test_every_exchange_can_be_cloned():
    import ccxt.async_support as ccxt

    stuck = [n for n in ccxt.exchanges if not clones_apart(getattr(ccxt, n)())]

    assert stuck == []


def test_a_template_that_clings_is_found_out_and_built_anew(sandbox):
    async def run():
        async with open_network(sandbox.file, clock=SystemClock()) as network:
            hub = hub_of(network)
            loaded = await hub.load(Place(exchange="binance"))
            loaded.template.clinging = loaded.template.describe
            assert not clones_apart(loaded.template)
            loaded.can_clone = False
            exchange = hub.make(loaded, {"api_key": "mine"})
            seen = exchange.apiKey, exchange.markets is loaded.template.markets
            rows = await exchange.fetch_ohlcv("BTC/USDT", "1m", None, 2)
            release(exchange)
            return (*seen, len(rows), loaded.template.apiKey)

    key, shared, rows, left = asyncio.run(run())

    assert (key, shared, rows) == ("mine", True, 2)
    assert not left


def test_markets_are_loaded_once_and_never_with_a_key(sandbox):
    sandbox.reset_requests()
    account = sandbox_account("binance")
    sealed = {
        "api_key": Secret(account.api_key),
        "api_secret": Secret(account.api_secret),
    }

    async def run():
        async with open_network(sandbox.file, clock=SystemClock()) as network:

            async def one(number):
                connection = replace(BINANCE, name=f"b{number}")
                async with ADAPTER.open(connection, sealed, network) as session:
                    return await session.test()

            return await asyncio.gather(*(one(n) for n in range(8)))

    verdicts = asyncio.run(run())

    loads = [r for r in sandbox.requests if "exchangeInfo" in r.path]
    assert all(verdict.passed for verdict in verdicts)
    assert [load.credentials for load in loads] == [False]


BINANCE = Connection(
    name="b",
    type="ccxt_crypto",
    provider="binance",
    credential_names=("api_key", "api_secret"),
    symbols=("BTC/USDT",),
    timeframes=("1m",),
)


def verdict_of(sandbox, connection, credentials=None):
    async def run():
        async with (
            open_network(sandbox.file, clock=SystemClock()) as network,
            ADAPTER.open(connection, credentials or {}, network) as session,
        ):
            return await session.test()

    return asyncio.run(run())


def test_a_public_connection_needs_no_key(sandbox):
    sandbox.reset_requests()

    verdict = verdict_of(sandbox, replace(BINANCE, credential_names=()))

    assert verdict.passed
    assert ProbeName.AUTH not in {probe.name for probe in verdict.probes}
    assert not any(r.credentials for r in sandbox.requests)


def test_testnet_keys_go_to_the_testnet_only(sandbox):
    sandbox.reset_requests()
    account = sandbox_account("binance-testnet")
    sealed = {
        "api_key": Secret(account.api_key),
        "api_secret": Secret(account.api_secret),
    }
    there = verdict_of(sandbox, replace(BINANCE, config={"sandbox": True}), sealed)
    hosts = {r.host for r in sandbox.requests}
    live = verdict_of(sandbox, BINANCE, sealed)

    assert there.passed
    assert hosts == {"testnet.binance.vision"}
    assert live.diagnosis.category is Category.INVALID_CREDENTIALS
    assert "testnet" in live.diagnosis.fix


def test_a_connection_without_symbols_says_that_no_data_was_proven(sandbox):
    verdict = verdict_of(sandbox, replace(BINANCE, credential_names=(), symbols=()))

    assert verdict.passed
    assert verdict.probes[-1].status is ProbeStatus.UNPROVEN


def test_a_symbol_without_its_slash_is_suggested_with_it(sandbox):
    connection = replace(BINANCE, credential_names=(), symbols=("BTCUSDT",))

    assert "'BTC/USDT'" in verdict_of(sandbox, connection).diagnosis.fix


# The keys


def test_keys_are_cut_of_blanks_and_a_folded_pem_is_unfolded():
    pem = "-----BEGIN EC PRIVATE KEY-----\\nabc\\n-----END EC PRIVATE KEY-----\\n"

    keys = read_keys({"api_key": Secret(" k\n"), "api_secret": Secret(pem)})

    assert keys.values["api_key"] == "k"
    assert "\nabc\n" in keys.values["api_secret"]
    assert "api_key" in keys.warnings[0]
    assert "abc" not in repr(keys)


# The errors


def explained(entry, **more):
    import ccxt

    error = getattr(ccxt, entry["ccxt_class"])("binance GET https://x/y?signature=z")
    case = Case(
        exchange=entry["exchange"],
        scrub=Scrubber(),
        now_s=1_800_000_000.0,
        answer=Answer(status=entry["http"], body=entry["body"]),
        **more,
    )
    return explain_ccxt(error, case)


def test_real_answers_get_the_category_that_a_person_would_want():
    if not ERRORS.exists():
        pytest.skip("the provider samples are not here")
    entries = json.loads(ERRORS.read_text())
    # Sharper than the sample's own word: a wrong interval has its own remedy.
    finer = {("bad_request", "bad_timeframe")}

    wrong = [
        (entry["exchange"], entry["body"][:80], entry["category"], str(found))
        for entry in entries
        if (found := explained(entry).category) != entry["category"]
        and (entry["category"], str(found)) not in finer
    ]

    assert wrong == []


def test_every_class_of_ccxt_is_explained_without_an_answer():
    from ccxt.base import errors

    def below(kind):
        return {kind, *(k for sub in kind.__subclasses__() for k in below(sub))}

    for kind in below(errors.BaseError):
        case = Case(exchange="binance", scrub=Scrubber(), now_s=0.0)
        diagnosis = explain_ccxt(kind("x GET https://y/z?signature=canary"), case)
        assert diagnosis is not None, kind
        assert "canary" not in str(diagnosis)


def answer_of(status, body, **headers):
    return Answer(status=status, body=body, headers=headers)


@pytest.mark.parametrize(
    ("exchange", "answer", "category"),
    [
        ("binance", answer_of(418, '{"code":-1003,"msg":"x"}'), "ip_banned"),
        ("unheard", answer_of(401, '{"m":"Invalid signature"}'), "invalid_credentials"),
        ("unheard", answer_of(400, '{"m":"your API key has expired"}'),
         "expired_credentials"),
        ("unheard", answer_of(400, '{"m":"IP not in whitelist"}'), "ip_restricted"),
        ("unheard", answer_of(503, "<html>Scheduled maintenance</html>"),
         "maintenance"),
        ("unheard", answer_of(302, ""), "wrong_url"),
        ("unheard", answer_of(400, '{"m":"qwertz"}'), "unknown"),
        ("unheard", answer_of(403, '{"m":"qwertz"}'),
         "credentials_or_ip_or_permission"),
        ("unheard", answer_of(404, '{"m":"qwertz"}'), "wrong_url"),
        ("unheard", answer_of(500, '{"m":"qwertz"}'), "exchange_unavailable"),
    ],
)  # fmt: skip
def test_answers_of_any_exchange(exchange, answer, category):
    import ccxt

    case = Case(exchange=exchange, scrub=Scrubber(), now_s=0.0, answer=answer)
    found = explain_ccxt(ccxt.ExchangeError("x"), case)

    assert found.category == category


def test_the_address_that_the_exchange_saw_is_named_in_the_fix():
    entry = {
        "exchange": "okx",
        "http": 401,
        "ccxt_class": "PermissionDenied",
        "body": '{"msg":"Your IP 198.51.100.9 is not included in your API key\'s '
        'whitelist.","code":"50110"}',
    }

    assert "198.51.100.9" in explained(entry).fix


def test_a_bans_end_is_read_from_its_message():
    body = '{"code":-1003,"msg":"IP banned until 1800000060000."}'
    entry = {
        "exchange": "binance",
        "http": 418,
        "ccxt_class": "DDoSProtection",
        "body": body,
    }

    assert explained(entry).retry_after_s == 60


def test_every_known_private_read_exists():
    import ccxt.async_support as ccxt

    for name, read in _READS.items():
        assert callable(getattr(getattr(ccxt, name), read.method)), name


def test_a_bug_while_signing_is_no_wrong_secret():
    case = Case(exchange="kraken", scrub=Scrubber(), now_s=0.0, signing=True)

    assert explain_ccxt(AttributeError("x"), case) is None


def test_a_secret_that_cannot_sign_is_a_wrong_secret():
    case = Case(exchange="kraken", scrub=Scrubber(), now_s=0.0, signing=True)

    diagnosis = explain_ccxt(ValueError("Incorrect padding"), case)

    assert diagnosis.category is Category.INVALID_CREDENTIALS
