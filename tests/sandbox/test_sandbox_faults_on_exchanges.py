"""Each fault looks, to the real ccxt client, like the trouble it is named after."""

from __future__ import annotations

import asyncio
import ssl
import time
from email.utils import parsedate_to_datetime

import aiohttp
import ccxt
import pytest

from reconciler.sandbox import Fault
from tests.sandbox.sandbox_clients import SandboxResolver, client_session, exchange

EXCHANGES = (
    *("binance", "okx", "kraken", "kucoin", "bybit"),
    *("coinbase", "bitget", "gate", "bingx", "mexc"),
)
every_exchange = pytest.mark.parametrize("name", EXCHANGES)


def ask(sandbox, name, question, **config):
    async def dialogue():
        async with exchange(sandbox, name, **config) as client:
            return await question(client)

    return asyncio.run(dialogue())


def balance(client):
    return client.fetch_balance()


def server_time(client):
    return client.fetch_time()


def bars(client):
    return client.fetch_ohlcv("BTC/USDT", "1h", limit=20)


def raw_get(sandbox, url, **kwargs):
    """Return status, headers and text of a plain GET, redirects not followed."""

    async def dialogue():
        async with (
            client_session(sandbox) as session,
            session.get(url, allow_redirects=False, **kwargs) as response,
        ):
            return response.status, response.headers.copy(), await response.text()

    return asyncio.run(dialogue())


PING = {
    "binance": "https://api.binance.com/api/v3/time",
    "okx": "https://www.okx.com/api/v5/public/time",
    "kraken": "https://api.kraken.com/0/public/Time",
    "kucoin": "https://api.kucoin.com/api/v1/timestamp",
    "bybit": "https://api.bybit.com/v5/market/time",
    "coinbase": "https://api.coinbase.com/v2/time",
    "bitget": "https://api.bitget.com/api/v2/public/time",
    "gate": "https://api.gateio.ws/api/v4/spot/time",
    "bingx": "https://open-api.bingx.com/openApi/swap/v2/server/time",
    "mexc": "https://api.mexc.com/api/v3/time",
}

# What each exchange says: the class ccxt makes of it, and the words that tell.
WORDINGS = {
    ("binance", Fault.BAD_KEY): (ccxt.AuthenticationError, "-2008"),
    ("binance", Fault.IP_NOT_ALLOWED): (ccxt.AuthenticationError, "-2015"),
    ("binance", Fault.PERMISSION_DENIED): (ccxt.AuthenticationError, "-2015"),
    ("binance", Fault.RATE_LIMITED): (ccxt.DDoSProtection, "429"),
    ("binance", Fault.BANNED): (ccxt.DDoSProtection, "418 .* banned until 1[0-9]{12}"),
    ("binance", Fault.GEO_BLOCKED): (ccxt.ExchangeNotAvailable, "restricted location"),
    ("binance", Fault.MAINTENANCE): (ccxt.OnMaintenance, "maintenance"),
    ("binance", Fault.UNAVAILABLE): (ccxt.ExchangeNotAvailable, "503"),
    ("okx", Fault.BAD_KEY): (ccxt.ExchangeError, "50119"),
    ("okx", Fault.IP_NOT_ALLOWED): (ccxt.PermissionDenied, "50110"),
    ("okx", Fault.PERMISSION_DENIED): (ccxt.ExchangeError, "50030"),
    ("okx", Fault.RATE_LIMITED): (ccxt.RateLimitExceeded, "50011"),
    ("okx", Fault.BANNED): (ccxt.ExchangeNotAvailable, "403"),
    ("okx", Fault.GEO_BLOCKED): (ccxt.ExchangeNotAvailable, "403"),
    ("okx", Fault.MAINTENANCE): (ccxt.OnMaintenance, "50001"),
    ("okx", Fault.UNAVAILABLE): (ccxt.ExchangeNotAvailable, "503"),
    ("kraken", Fault.BAD_KEY): (ccxt.AuthenticationError, "EAPI:Invalid key"),
    ("kraken", Fault.IP_NOT_ALLOWED): (ccxt.AuthenticationError, "EAPI:Invalid key"),
    ("kraken", Fault.PERMISSION_DENIED): (ccxt.PermissionDenied, "EGeneral"),
    ("kraken", Fault.RATE_LIMITED): (ccxt.DDoSProtection, "EAPI:Rate limit"),
    ("kraken", Fault.BANNED): (ccxt.DDoSProtection, "Temporary lockout"),
    ("kraken", Fault.GEO_BLOCKED): (ccxt.ExchangeNotAvailable, "403"),
    ("kraken", Fault.MAINTENANCE): (ccxt.OnMaintenance, "cancel_only"),
    ("kraken", Fault.UNAVAILABLE): (ccxt.ExchangeNotAvailable, "EService"),
    ("kucoin", Fault.BAD_KEY): (ccxt.AuthenticationError, "400003"),
    ("kucoin", Fault.IP_NOT_ALLOWED): (ccxt.AuthenticationError, "400006.*198.51.100"),
    ("kucoin", Fault.PERMISSION_DENIED): (ccxt.AuthenticationError, "400007"),
    ("kucoin", Fault.RATE_LIMITED): (ccxt.RateLimitExceeded, "429000"),
    ("kucoin", Fault.BANNED): (ccxt.BaseError, "1015"),
    ("kucoin", Fault.GEO_BLOCKED): (ccxt.BaseError, "400302"),
    ("kucoin", Fault.MAINTENANCE): (ccxt.ExchangeError, "503000"),
    ("kucoin", Fault.UNAVAILABLE): (ccxt.ExchangeNotAvailable, "503"),
    ("bybit", Fault.BAD_KEY): (ccxt.AuthenticationError, "10003"),
    ("bybit", Fault.IP_NOT_ALLOWED): (ccxt.PermissionDenied, "10010"),
    ("bybit", Fault.PERMISSION_DENIED): (ccxt.PermissionDenied, "10005"),
    ("bybit", Fault.RATE_LIMITED): (ccxt.RateLimitExceeded, "10006"),
    ("bybit", Fault.BANNED): (ccxt.AuthenticationError, "10009"),
    ("bybit", Fault.GEO_BLOCKED): (
        ccxt.RateLimitExceeded,
        "block access from your country",
    ),
    ("bybit", Fault.MAINTENANCE): (ccxt.ExchangeNotAvailable, "503.*System upgrade"),
    ("bybit", Fault.UNAVAILABLE): (ccxt.ExchangeError, "10016"),
    ("coinbase", Fault.BAD_KEY): (ccxt.AuthenticationError, "401.*Unauthorized"),
    ("coinbase", Fault.IP_NOT_ALLOWED): (ccxt.AuthenticationError, "401.*Unauthorized"),
    ("coinbase", Fault.PERMISSION_DENIED): (ccxt.PermissionDenied, "PERMISSION_DENIED"),
    ("coinbase", Fault.RATE_LIMITED): (ccxt.RateLimitExceeded, "rate_limit_exceeded"),
    ("coinbase", Fault.BANNED): (ccxt.RateLimitExceeded, "1015"),
    ("coinbase", Fault.GEO_BLOCKED): (
        ccxt.ExchangeNotAvailable,
        "not available in your region",
    ),
    ("coinbase", Fault.MAINTENANCE): (ccxt.ExchangeNotAvailable, "503.*maintenance"),
    ("coinbase", Fault.UNAVAILABLE): (ccxt.ExchangeError, "INTERNAL"),
    ("bitget", Fault.BAD_KEY): (ccxt.AuthenticationError, "40037"),
    ("bitget", Fault.IP_NOT_ALLOWED): (ccxt.PermissionDenied, "40018"),
    ("bitget", Fault.PERMISSION_DENIED): (ccxt.PermissionDenied, "40014"),
    ("bitget", Fault.RATE_LIMITED): (ccxt.DDoSProtection, "Too many requests"),
    ("bitget", Fault.BANNED): (ccxt.ExchangeNotAvailable, "Access denied"),
    ("bitget", Fault.GEO_BLOCKED): (ccxt.ExchangeNotAvailable, "Not available"),
    ("bitget", Fault.MAINTENANCE): (ccxt.OnMaintenance, "40200"),
    ("bitget", Fault.UNAVAILABLE): (ccxt.ExchangeError, "45001"),
    ("gate", Fault.BAD_KEY): (ccxt.AuthenticationError, "INVALID_KEY"),
    ("gate", Fault.IP_NOT_ALLOWED): (ccxt.PermissionDenied, "FORBIDDEN.*198.51.100"),
    ("gate", Fault.PERMISSION_DENIED): (ccxt.PermissionDenied, "FORBIDDEN"),
    ("gate", Fault.RATE_LIMITED): (ccxt.RateLimitExceeded, "TOO_MANY"),
    ("gate", Fault.BANNED): (ccxt.ExchangeNotAvailable, "Access denied"),
    ("gate", Fault.GEO_BLOCKED): (ccxt.ExchangeNotAvailable, "Not available"),
    ("gate", Fault.MAINTENANCE): (ccxt.ExchangeNotAvailable, "503.*upgrade"),
    ("gate", Fault.UNAVAILABLE): (ccxt.ExchangeNotAvailable, "SERVER_ERROR"),
    ("bingx", Fault.BAD_KEY): (ccxt.AuthenticationError, "100413"),
    ("bingx", Fault.IP_NOT_ALLOWED): (ccxt.PermissionDenied, "100419.*198.51.100"),
    ("bingx", Fault.PERMISSION_DENIED): (ccxt.PermissionDenied, "100004"),
    ("bingx", Fault.RATE_LIMITED): (ccxt.OperationFailed, "100410"),
    ("bingx", Fault.BANNED): (ccxt.ExchangeNotAvailable, "Access denied"),
    ("bingx", Fault.GEO_BLOCKED): (ccxt.ExchangeNotAvailable, "Not available"),
    ("bingx", Fault.MAINTENANCE): (ccxt.ExchangeNotAvailable, "503.*maintenance"),
    ("bingx", Fault.UNAVAILABLE): (ccxt.OperationFailed, "100500"),
    ("mexc", Fault.BAD_KEY): (ccxt.BadRequest, "10072"),
    ("mexc", Fault.IP_NOT_ALLOWED): (ccxt.BadRequest, "700006.*198.51.100"),
    ("mexc", Fault.PERMISSION_DENIED): (ccxt.AuthenticationError, "700007"),
    ("mexc", Fault.RATE_LIMITED): (ccxt.RateLimitExceeded, "429"),
    ("mexc", Fault.BANNED): (ccxt.ExchangeNotAvailable, "Access denied"),
    ("mexc", Fault.GEO_BLOCKED): (ccxt.ExchangeNotAvailable, "Not available"),
    ("mexc", Fault.MAINTENANCE): (ccxt.ExchangeNotAvailable, "503.*maintenance"),
    ("mexc", Fault.UNAVAILABLE): (ccxt.ExchangeError, "500"),
}


@pytest.mark.parametrize(("name", "fault"), WORDINGS)
def test_a_refusal_is_worded_by_the_exchange(sandbox, name, fault):
    kind, words = WORDINGS[name, fault]
    sandbox.set_fault(name, fault)

    with pytest.raises(kind, match=words):
        ask(sandbox, name, balance)


@every_exchange
@pytest.mark.parametrize("fault", [Fault.BAD_KEY, Fault.IP_NOT_ALLOWED])
def test_a_fault_of_the_key_leaves_public_data_alone(sandbox, name, fault):
    sandbox.set_fault(name, fault)

    assert ask(sandbox, name, server_time, account=None)


@pytest.mark.parametrize("name", ["binance", "okx", "kucoin"])
def test_a_limit_says_when_to_come_back(sandbox, name):
    sandbox.set_fault(name, Fault.RATE_LIMITED, seconds=17)

    status, headers, _ = raw_get(sandbox, PING[name])

    assert status == 429
    assert headers["Retry-After"] == "17"


CLOCK_CLASS = {
    "coinbase": ccxt.AuthenticationError,
    "gate": ccxt.AuthenticationError,
    "bingx": ccxt.BadSymbol,
}
"""What ccxt makes of a wrong clock where it does not see it."""
CLOCK = {
    "binance": "-1021",
    "okx": "50102",
    "kraken": "EAPI:Invalid nonce",
    "kucoin": "400002",
    "bybit": "10002",
    "coinbase": "timestamp",
    "bitget": "40008",
    "gate": "REQUEST_EXPIRED",
    "bingx": "100421",
    "mexc": "700003",
}


@every_exchange
def test_a_skewed_clock_breaks_signatures_and_shows(sandbox, name):
    sandbox.set_fault(name, Fault.CLOCK_SKEW, seconds=150)

    with pytest.raises(CLOCK_CLASS.get(name, ccxt.InvalidNonce), match=CLOCK[name]):
        ask(sandbox, name, balance)
    ahead_ms = ask(sandbox, name, server_time, account=None) - time.time() * 1000
    assert 148_000 < ahead_ms < 152_000


def test_a_client_that_corrects_its_clock_gets_through(sandbox):
    sandbox.set_fault("binance", Fault.CLOCK_SKEW, seconds=-90)

    async def corrected(client):
        await client.load_time_difference()
        return await client.fetch_balance()

    assert ask(sandbox, "binance", corrected)["total"]["BTC"] == 0.25


def test_a_skewed_clock_shows_in_the_date_header(sandbox):
    sandbox.set_fault("binance", Fault.CLOCK_SKEW, seconds=7_200)

    _, headers, _ = raw_get(sandbox, PING["binance"])

    ahead_s = parsedate_to_datetime(headers["Date"]).timestamp() - time.time()
    assert 7_190 < ahead_s < 7_210


WITHDRAWS = {
    "binance": ("sapiGetAccountApiRestrictions", "'enableWithdrawals': True"),
    "okx": ("privateGetAccountConfig", "withdraw"),
    "kraken": ("privatePostGetApiKeyInfo", "withdraw-funds"),
    "kucoin": ("privateGetUserApiKey", "Withdrawal"),
    "bybit": ("privateGetV5UserQueryApi", "'Withdraw'"),
    "coinbase": ("v3PrivateGetBrokerageKeyPermissions", "'can_transfer': True"),
    "bitget": ("privateSpotGetV2SpotAccountInfo", "wwow"),
    "bingx": ("accountV1PrivateGetAccountApiPermissions", "[2, 1, 5]"),
}


@pytest.mark.parametrize("name", WITHDRAWS)
def test_wrong_permissions_show_in_introspection_only(sandbox, name):
    sandbox.set_fault(name, Fault.WRONG_PERMISSIONS)
    method, words = WITHDRAWS[name]

    answer = ask(sandbox, name, lambda c: getattr(c, method)())

    assert words in str(answer)


def test_a_silent_provider_times_out(sandbox):
    sandbox.set_fault("binance", Fault.TIMEOUT)

    async def patience(client):
        try:
            await client.fetch_time()
        finally:
            await asyncio.sleep(0.1)  # TLS says goodbye; the loop must hear it

    with pytest.raises(ccxt.RequestTimeout):
        ask(sandbox, "binance", patience, timeout=300)
    assert sandbox.requests[-1].status == 0


def test_a_slow_provider_answers_late(sandbox):
    sandbox.set_fault("okx", Fault.SLOW, seconds=0.3)

    began = time.monotonic()
    assert ask(sandbox, "okx", server_time)
    assert time.monotonic() - began >= 0.3


@every_exchange
def test_a_refused_connection_is_really_refused(sandbox, name):
    sandbox.set_fault(name, Fault.REFUSED)

    with pytest.raises(ccxt.ExchangeNotAvailable) as caught:
        ask(sandbox, name, server_time)
    assert isinstance(caught.value.__cause__, aiohttp.ClientConnectorError)
    assert isinstance(caught.value.__cause__.os_error, ConnectionRefusedError)
    sandbox.clear_faults()
    assert ask(sandbox, name, server_time)


def test_a_refused_provider_hangs_up_on_open_connections(sandbox):
    async def two_questions(client):
        await client.fetch_time()
        await asyncio.to_thread(sandbox.set_fault, "kraken", Fault.REFUSED)
        await client.fetch_time()

    with pytest.raises(ccxt.ExchangeNotAvailable):
        ask(sandbox, "kraken", two_questions)


def test_a_client_that_cached_the_address_gets_no_answer_either(sandbox):
    class Stubborn(SandboxResolver):
        def __init__(self, info):
            self._info = info

        def _read(self):
            return self._info

    async def dialogue():
        resolver = Stubborn(sandbox.info)
        context = ssl.create_default_context(cafile=str(sandbox.info.ca_file))
        connector = aiohttp.TCPConnector(resolver=resolver, ssl=context)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.to_thread(sandbox.set_fault, "okx", Fault.REFUSED)
            async with session.get(PING["okx"]):
                pass

    with pytest.raises(aiohttp.ClientError):
        asyncio.run(dialogue())


def test_a_reset_connection_looks_like_one(sandbox):
    sandbox.set_fault("okx", Fault.RESET)

    with pytest.raises(ccxt.ExchangeNotAvailable) as caught:
        ask(sandbox, "okx", server_time)
    assert isinstance(
        caught.value.__cause__, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError
    )


CERTIFICATES = {
    Fault.TLS_EXPIRED: "certificate has expired",
    Fault.TLS_WRONG_HOST: "Hostname mismatch",
}


@pytest.mark.parametrize("fault", CERTIFICATES)
def test_a_bad_certificate_is_caught_by_the_client(sandbox, fault):
    sandbox.set_fault("kucoin", fault)

    with pytest.raises(ccxt.ExchangeNotAvailable) as caught:
        ask(sandbox, "kucoin", server_time)
    reason = caught.value.__cause__.certificate_error
    assert isinstance(reason, ssl.SSLCertVerificationError)
    assert CERTIFICATES[fault] in reason.verify_message
    assert ask(sandbox, "okx", server_time), "other providers keep their certificates"


def test_a_page_instead_of_an_answer_is_http_200(sandbox):
    sandbox.set_fault("binance", Fault.HTML)

    status, headers, text = raw_get(sandbox, PING["binance"])

    assert status == 200
    assert headers["Content-Type"].startswith("text/html")
    assert text.startswith("<!DOCTYPE html>")


def test_an_empty_answer_is_http_200(sandbox):
    sandbox.set_fault("binance", Fault.EMPTY)

    assert raw_get(sandbox, PING["binance"])[::2] == (200, "")


def test_a_truncated_answer_is_broken_json(sandbox):
    sandbox.set_fault("binance", Fault.TRUNCATED)

    status, _, text = raw_get(sandbox, PING["binance"])

    assert status == 200
    assert text.startswith('{"')
    assert not text.endswith("}")


def test_a_cut_off_answer_is_a_payload_error(sandbox):
    sandbox.set_fault("binance", Fault.CUT_OFF)

    with pytest.raises(aiohttp.ClientPayloadError):
        raw_get(sandbox, PING["binance"])


@every_exchange
def test_stale_bars_end_days_ago(sandbox, name):
    sandbox.set_fault(name, Fault.STALE_CANDLES)

    rows = ask(sandbox, name, lambda c: c.fetch_ohlcv("BTC/USDT", "1h"), account=None)

    age_s = time.time() - rows[-1][0] / 1000
    assert age_s > 4 * 86_400


@every_exchange
def test_future_bars_are_not_possible(sandbox, name):
    sandbox.set_fault(name, Fault.FUTURE_CANDLES)

    rows = ask(sandbox, name, bars, account=None)

    assert rows[-1][0] / 1000 > time.time() + 86_400


@every_exchange
def test_no_bars_is_an_empty_success(sandbox, name):
    sandbox.set_fault(name, Fault.NO_CANDLES)

    assert ask(sandbox, name, bars, account=None) == []


@every_exchange
def test_rubbish_bars_are_wrong_in_several_ways(sandbox, name):
    sandbox.set_fault(name, Fault.RUBBISH_CANDLES)

    rows = ask(sandbox, name, bars, account=None)

    times = [row[0] for row in rows]
    assert len(set(times)) < len(times), "duplicates"
    assert any(high < low for _, _, high, low, _, _ in rows if high and low)
    assert any(row[4] is None for row in rows), "text where a number belongs"


def test_credentials_follow_a_redirect_and_the_trap_sees_it(sandbox):
    sandbox.set_fault("binance", Fault.REDIRECT, endpoint="private")

    ask(
        sandbox,
        "binance",
        lambda c: c.private_get_account(),
    )

    trapped = [r for r in sandbox.requests if r.provider == "trap"]
    assert trapped
    assert trapped[0].credentials, "ccxt forwards its key to another origin"
    assert trapped[0].host == "redirect-trap.sandbox.example"


def test_a_fault_may_heal_by_itself(sandbox):
    sandbox.set_fault("binance", Fault.UNAVAILABLE, times=2)

    codes = [raw_get(sandbox, PING["binance"])[0] for _ in range(4)]

    assert codes == [503, 503, 200, 200]


@every_exchange
def test_a_fault_may_hit_one_account_only(sandbox, name):
    sandbox.set_fault(name, Fault.RATE_LIMITED, account="trader")

    assert ask(sandbox, name, balance)
    with pytest.raises(ccxt.BaseError):
        ask(sandbox, name, balance, account="trader")


def test_a_fault_may_hit_one_kind_of_endpoint_only(sandbox):
    sandbox.set_fault("okx", Fault.UNAVAILABLE, endpoint="candles")

    assert ask(sandbox, "okx", server_time)
    with pytest.raises(ccxt.ExchangeNotAvailable):
        ask(sandbox, "okx", bars)


def test_a_fault_for_everyone_hits_everyone(sandbox):
    sandbox.set_fault("*", Fault.UNAVAILABLE)

    for name in EXCHANGES:
        with pytest.raises(ccxt.BaseError):
            ask(sandbox, name, server_time)


def test_a_later_fault_of_the_same_kind_replaces_the_earlier(sandbox):
    sandbox.set_fault("binance", Fault.CLOCK_SKEW, seconds=500)
    sandbox.set_fault("binance", Fault.CLOCK_SKEW, seconds=0)

    assert abs(ask(sandbox, "binance", server_time) - time.time() * 1000) < 2_000


@pytest.mark.parametrize(
    ("provider", "fault", "params"),
    [
        ("binnance", "timeout", {}),
        ("binance", "tiemout", {}),
        ("binance", "timeout", {"endpoint": "everything"}),
        ("binance", "timeout", {"times": 0}),
        ("binance", "timeout", {"secs": 3}),
        ("binance", "refused", {"times": 1}),
        ("binance", "clock_skew", {"account": "reader"}),
    ],
)
def test_a_fault_that_cannot_be_is_refused(sandbox, provider, fault, params):
    with pytest.raises(ValueError, match=r"\w"):
        sandbox.set_fault(provider, fault, **params)
