"""Key introspection: each exchange's own words, and what the ladder makes of them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from reconciler.adapters.providers.ccxt_crypto import ADAPTER
from reconciler.adapters.providers.ccxt_crypto.introspection import (
    _BY_EXCHANGE,
    introspection_of,
)
from reconciler.core.connection import Connection, Permissions
from reconciler.core.diagnosis import Category
from reconciler.core.permissions import KeyFacts
from reconciler.core.verdict import ProbeName, ProbeStatus
from reconciler.sandbox import sandbox_account
from tests.adapters.providers.conformance import Subject, with_session

RECORDED = Path(__file__).parents[4] / "shared/data/providers"
EXCHANGE = SimpleNamespace(apiKey="own-key")
STRICT = Permissions(require=("read",), forbid=("trade", "withdraw"))


def facts(exchange, answer) -> KeyFacts:
    found = introspection_of(exchange).read(EXCHANGE, answer)
    assert found is not None
    return found


def rights(found: KeyFacts):
    return found.read, found.trade, found.withdraw, found.ip_restricted


BYBIT = {
    "result": {
        "readOnly": 0,
        "permissions": {"Spot": ["SpotTrade"], "Wallet": ["AccountTransfer"]},
        "ips": ["*"],
        "expiredAt": "2027-03-01T10:00:00Z",
    }
}

ANSWERS = [
    ("binance", {"enableReading": True, "enableFutures": True,
                 "enableWithdrawals": False, "ipRestrict": True},
     (True, True, False, True)),
    ("binance", {"enableReading": True}, (True, None, None, None)),
    ("okx", {"data": [{"perm": "read_only,withdraw", "ip": "1.2.3.4"}]},
     (True, False, True, True)),
    ("bybit", BYBIT, (True, True, False, False)),
    ("bybit", {"result": {**BYBIT["result"], "readOnly": 1, "ips": ["9.9.9.9"]}},
     (True, False, False, True)),
    ("bybit", {"result": {"readOnly": 0, "permissions": {"Wallet": ["Withdraw"]}}},
     (True, False, True, None)),
    ("kucoin", {"data": {"permission": "General,Spot", "ipWhitelist": ""}},
     (True, True, False, False)),
    ("kraken", {"result": {"permissions": ["query-funds", "withdraw-funds"],
                           "validUntil": "1800000000", "ipAllowlist": []}},
     (True, False, True, False)),
    ("coinbase", {"can_view": True, "can_trade": False, "can_transfer": True},
     (True, False, True, None)),
    ("bitget", {"data": {"authorities": ["readonly"], "ips": "127.0.0.1"}},
     (True, False, False, True)),
    ("bitget", {"data": {"authorities": ["stow", "wwow"], "ips": ""}},
     (True, True, True, False)),
    ("bingx", {"data": {"permissions": [2, 5], "ipRestrict": False}},
     (True, False, True, False)),
    ("bingx", {"data": {"enableReading": True, "enableSpotAndMarginTrading": True,
                        "enableWithdrawals": False, "ipRestrict": True}},
     (True, True, False, True)),
    ("bitfinex", [["account", 1, 0], ["orders", 1, 1], ["withdraw", 0, 0]],
     (True, True, False, None)),
    ("gemini", {"isAuditor": True, "isTrader": False, "isFundManager": False},
     (True, False, False, None)),
    ("htx", {"data": [{"accessKey": "other", "permission": "readOnly,withdraw"},
                      {"accessKey": "own-key", "permission": "readOnly,trade",
                       "ipAddresses": "1.1.1.1"}]},
     (True, True, False, True)),
    ("deribit", {"result": [{"client_id": "own-key", "ip_whitelist": [],
                             "max_scope": "account:read trade:read_write wallet:none"}
                            ]},
     (True, True, False, False)),
    ("mexc", {"accessKey": "own-key", "ipWhiteList": "", "status": "VALID",
              "permissions": "CONTRACT_ACCOUNT_READ,SPOT_ACCOUNT_READ,SPOT_DEAL_WRITE"},
     (True, True, False, False)),
    ("mexc", {"accessKey": "own-key", "ipWhiteList": "1.1.1.1",
              "permissions": "SPOT_ACCOUNT_READ,SPOT_WITHDRAW_WRITE"},
     (True, False, True, True)),
    ("gate", {"ip_whitelist": ["1.2.3.4"], "key": {"mode": 1}},
     (None, None, None, True)),
]  # fmt: skip


@pytest.mark.parametrize(("exchange", "answer", "expected"), ANSWERS)
def test_each_exchange_is_read_in_its_own_words(exchange, answer, expected):
    assert rights(facts(exchange, answer)) == expected


def test_every_exchange_that_can_be_asked_has_an_answer_here():
    regional = {"bybiteu", "bybitid", "myokx", "okxus"}

    assert {name for name, *_ in ANSWERS} == set(_BY_EXCHANGE) - regional


@pytest.mark.parametrize("exchange", sorted(_BY_EXCHANGE))
@pytest.mark.parametrize(
    "answer", [None, "", "<html>", [], {}, {"data": None}, {"result": []}, 7]
)
def test_an_answer_of_another_kind_says_nothing(exchange, answer):
    found = introspection_of(exchange).read(EXCHANGE, answer)

    assert found is None or rights(found) == (None, None, None, None)


def test_ends_are_read_where_they_are_told():
    kraken = {"result": {"permissions": [], "validUntil": "1800000000"}}

    assert facts("bybit", BYBIT).expires_at == datetime(2027, 3, 1, 10, tzinfo=UTC)
    assert facts("kraken", kraken).expires_at == datetime(2027, 1, 15, 8, tzinfo=UTC)
    never = {"result": {**BYBIT["result"], "expiredAt": "0001-01-01T00:00:00Z"}}
    assert facts("bybit", never).expires_at is None


@pytest.mark.parametrize(("exchange", "file"), [
    ("binance", "binance/doc_apiRestrictions_read_only.json"),
    ("okx", "okx/doc_account_config_read_only.json"),
    ("kraken", "kraken/doc_GetApiKeyInfo_read_only.json"),
    ("kucoin", "kucoin/doc_apikey.json"),
    ("coinbase", "coinbase/doc_key_permissions_read_only.json"),
])  # fmt: skip
def test_documented_read_only_keys_are_read_only(exchange, file):
    path = RECORDED / file
    if not path.exists():
        pytest.skip("the recorded answers are not here")

    assert rights(facts(exchange, json.loads(path.read_text())))[:3] == (
        *(True, False, False),
    )


# Through the whole ladder, against the sandbox


def subject(exchange, account, permissions) -> Subject:
    person = sandbox_account(exchange, account)
    names = ("api_key", "api_secret", "api_passphrase")
    credentials = {name: getattr(person, name) for name in names}
    credentials = {name: value for name, value in credentials.items() if value}
    connection = Connection(
        name="x", type="ccxt_crypto", provider=exchange, permissions=permissions,
        credential_names=tuple(credentials), symbols=("BTC/USDT",),
        timeframes=("1h",),
    )  # fmt: skip
    return Subject(
        adapter=ADAPTER, connection=connection, credentials=credentials,
        provider=exchange, proofs=(),
    )  # fmt: skip


def tested(sandbox, exchange, account, permissions):
    async def work(session):
        return await session.test()

    return with_session(subject(exchange, account, permissions), sandbox, work)


def probe(verdict, name=ProbeName.PERMISSION):
    return next(one for one in verdict.probes if one.name is name)


EXCHANGES = (
    *("binance", "okx", "kraken", "kucoin"),
    *("bybit", "coinbase", "bitget", "bingx"),
)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_reader_fits_a_strict_budget(sandbox, exchange):
    verdict = tested(sandbox, exchange, "reader", STRICT)

    assert verdict.passed
    assert probe(verdict).status is ProbeStatus.PASSED
    assert rights(verdict.key)[:3] == (True, False, False)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_key_that_can_withdraw_is_refused_with_the_box_to_untick(sandbox, exchange):
    verdict = tested(sandbox, exchange, "trader", Permissions())

    assert not verdict.passed
    assert verdict.diagnosis.category is Category.EXCESS_PERMISSION
    assert verdict.diagnosis.is_terminal
    assert "untick withdraw (" in verdict.diagnosis.fix
    assert "permissions: {forbid: []}" in verdict.diagnosis.fix
    assert probe(verdict, ProbeName.DATA).status is ProbeStatus.SKIPPED


def test_a_file_that_forbids_it_itself_is_not_told_how_to_allow_it(sandbox):
    verdict = tested(sandbox, "okx", "trader", Permissions(forbid=("withdraw",)))

    assert "which permissions.forbid names" in verdict.diagnosis.summary
    assert "[]" not in verdict.diagnosis.fix


def test_a_file_may_want_a_key_that_can_withdraw(sandbox):
    verdict = tested(sandbox, "okx", "trader", Permissions(forbid=()))

    assert verdict.passed
    assert probe(verdict).status is ProbeStatus.PASSED
    assert verdict.warnings == ()


def test_an_exchange_that_does_not_tell_leaves_withdrawing_unproven(sandbox):
    verdict = tested(sandbox, "gate", "reader", Permissions())

    assert verdict.passed
    assert probe(verdict).status is ProbeStatus.UNPROVEN
    assert any("not proven" in text for text in verdict.warnings)


@pytest.mark.parametrize("exchange", ["bybit", "kraken"])
def test_a_key_that_ends_soon_passes_and_tells_when(sandbox, exchange):
    verdict = tested(sandbox, exchange, "ending", STRICT)

    assert verdict.passed
    left = verdict.key.expires_at - datetime.now(UTC)
    assert left.days == 5


@pytest.mark.parametrize("exchange", ["bitget", "bingx"])
def test_an_exchange_that_tells_of_an_address_list_is_believed(sandbox, exchange):
    verdict = tested(sandbox, exchange, "reader", Permissions(ip_restricted=True))

    assert verdict.diagnosis.category is Category.EXCESS_PERMISSION


def test_a_key_without_an_address_list_fails_where_one_is_asked_for(sandbox):
    verdict = tested(sandbox, "kraken", "reader", Permissions(ip_restricted=True))

    assert verdict.diagnosis.category is Category.EXCESS_PERMISSION
    assert "any address" in verdict.diagnosis.summary


def test_a_missing_right_is_named(sandbox):
    verdict = tested(sandbox, "okx", "reader", Permissions(require=("trade",)))

    assert verdict.diagnosis.category is Category.PERMISSION_DENIED
    assert "lacks trade" in verdict.diagnosis.summary


def test_what_cannot_be_asked_is_not_proven_and_passes_with_a_warning(sandbox):
    subject_ = subject("binance", "reader", STRICT)
    connection = replace(subject_.connection, config={"sandbox": True})
    account = sandbox_account("binance-testnet")
    credentials = {"api_key": account.api_key, "api_secret": account.api_secret}

    async def work(session):
        return await session.test()

    verdict = with_session(
        subject_, sandbox, work, connection=connection, credentials=credentials
    )

    assert verdict.passed
    assert probe(verdict).status is ProbeStatus.UNPROVEN
    assert any("look at the key there" in text for text in verdict.warnings)


def test_every_call_is_one_of_ccxt():
    import ccxt.async_support as ccxt

    class AskedError(Exception):
        pass

    class Spy:
        apiKey = "k"  # noqa: N815  # ccxt's name

        def __init__(self, kind):
            self._kind = kind

        def __getattr__(self, name):
            assert hasattr(self._kind, name), name
            raise AskedError

    for name, introspection in _BY_EXCHANGE.items():
        with pytest.raises(AskedError):
            asyncio.run(introspection.ask(Spy(getattr(ccxt, name))))
