"""Signed requests and borrowed tokens: exact, refreshed, and never shown."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from reconciler.adapters.providers.custom_api.signers import make_hmac_signer
from reconciler.adapters.providers.rest import Request
from reconciler.core.codec import to_json
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.verdict import ProbeName, ProbeStatus
from reconciler.sandbox import sandbox_account
from tests.adapters.providers.custom_api_cases import (
    feed,
    oauth,
    paths_of,
    probe_of,
    verdict_of,
    with_session,
)

NOW = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)
KEYS = {"api_key": "the-key", "api_secret": "the-secret"}
URL = "https://md.example.com/v1/bars"


def sign(params=None, keys=KEYS, **how):
    signer = make_hmac_signer(keys, how, lambda: NOW)
    return asyncio.run(signer.sign(Request(url=URL, params=params or {})))


def hexed(text, secret=b"the-secret", algorithm="sha256"):
    return hmac.new(secret, text.encode(), algorithm).hexdigest()


# HMAC


def test_by_default_time_method_target_and_body_are_signed():
    request = sign({"symbol": "BTC/USDT", "limit": "5"})

    stamp = "1772600767890"
    assert request.headers == {
        "X-Api-Key": "the-key",
        "X-Timestamp": stamp,
        "X-Signature": hexed(f"{stamp}GET/v1/bars?symbol=BTC/USDT&limit=5"),
    }
    assert request.params == {}
    assert request.url == f"{URL}?symbol=BTC/USDT&limit=5"


@pytest.mark.parametrize(
    ("unit", "stamp"),
    [("ms", "1772600767890"), ("s", "1772600767"), ("iso", "2026-03-04T05:06:07.890Z")],
)
def test_the_time_is_in_the_unit_of_the_file(unit, stamp):
    request = sign(timestamp=unit, payload="{timestamp}")

    assert request.headers["X-Timestamp"] == stamp
    assert request.headers["X-Signature"] == hexed(stamp)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "sha1"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_algorithm_and_encoding_are_the_files(algorithm, encoding):
    request = sign(algorithm=algorithm, encoding=encoding, payload="{path}")

    made = hmac.new(b"the-secret", b"/v1/bars", algorithm)
    plain = made.hexdigest()
    if encoding == "base64":
        plain = base64.b64encode(made.digest()).decode()
    assert request.headers["X-Signature"] == plain


@pytest.mark.parametrize("spelling", ["utf8", "base64", "hex"])
def test_the_secret_is_read_in_its_encoding(spelling):
    text = {
        "utf8": "the-secret",
        "base64": base64.b64encode(b"the-secret").decode(),
        "hex": b"the-secret".hex(),
    }[spelling]

    request = sign(
        keys={**KEYS, "api_secret": text}, secret_encoding=spelling, payload="{key}"
    )

    assert request.headers["X-Signature"] == hexed("the-key")


@pytest.mark.parametrize("spelling", ["base64", "hex"])
def test_a_secret_in_another_encoding_is_named_and_not_shown(spelling):
    with pytest.raises(ProviderError) as caught:
        sign(keys={**KEYS, "api_secret": "no?such!coding"}, secret_encoding=spelling)

    diagnosis = caught.value.diagnosis
    assert diagnosis.category is Category.INVALID_CREDENTIALS
    assert "api_secret" in diagnosis.summary
    assert "no?such" not in str(diagnosis)


def test_what_stands_in_the_query_is_signed_but_for_the_signature():
    request = sign(
        {"symbol": "A B"},
        encoding="base64",
        payload="{query}",
        timestamp="s",
        query={"ts": "{timestamp}", "key": "{key}", "sign": "{signature}"},
    )

    signed, _, signature = request.url.partition("?")[2].rpartition("&sign=")
    assert signed == "symbol=A+B&ts=1772600767&key=the-key"
    made = hmac.new(b"the-secret", signed.encode(), hashlib.sha256)
    assert unquote(signature) == base64.b64encode(made.digest()).decode()
    assert request.headers == {}


def test_a_request_shows_neither_key_nor_signature():
    request = sign({"a": "b"})

    assert "the-key" not in repr(request)
    assert request.headers["X-Signature"] not in repr(request)


def test_an_old_signature_is_the_clocks_fault(sandbox):
    sandbox.set_fault("feed-hmac", "clock_skew", seconds=120)
    account = sandbox_account("feed-hmac", "hex")
    case = feed(
        {"api_key": account.api_key, "api_secret": account.api_secret},
        endpoint="https://feed-hmac.sandbox.example/v1",
        authentication_method="hmac",
        auth={
            "hmac": {
                "headers": {
                    "X-Key": "{key}",
                    "X-Ts": "{timestamp}",
                    "X-Sign": "{signature}",
                }
            }
        },
    )

    assert verdict_of(sandbox, case).diagnosis.category is Category.CLOCK_SKEW


# OAuth2


def test_one_token_serves_a_whole_test(sandbox):
    sandbox.reset_requests()

    verdict = verdict_of(sandbox, oauth())

    assert verdict.passed
    assert paths_of(sandbox, "feed-login") == ["/oauth/token"]


def test_a_token_that_ended_is_replaced_before_it_is_refused(sandbox):
    sandbox.reset_requests()

    async def twice(session):
        await session.account()
        await asyncio.sleep(2)
        return await session.account()

    account = with_session(sandbox, oauth("brief"), twice)

    assert account.balance == 250
    assert len(paths_of(sandbox, "feed-login")) == 2
    assert {r.status for r in sandbox.requests if r.provider == "feed-oauth"} == {200}


def test_a_token_that_was_revoked_is_replaced_once(sandbox):
    async def work(session):
        await session.account()
        sandbox.set_fault("feed-oauth", "bad_key", times=1)
        sandbox.reset_requests()
        return await session.account()

    account = with_session(sandbox, oauth(), work)

    assert account.balance == 250
    statuses = [r.status for r in sandbox.requests if r.provider == "feed-oauth"]
    assert statuses == [401, 200]


def test_a_feed_that_refuses_every_token_is_not_asked_for_ever(sandbox):
    sandbox.set_fault("feed-oauth", "bad_key")
    sandbox.reset_requests()

    diagnosis = verdict_of(sandbox, oauth()).diagnosis

    assert diagnosis.category is Category.INVALID_CREDENTIALS
    assert len(paths_of(sandbox, "feed-login")) <= 2


def test_calls_at_once_borrow_one_token(sandbox):
    sandbox.reset_requests()

    async def work(session):
        return await asyncio.gather(*(session.account() for _ in range(5)))

    assert len(with_session(sandbox, oauth(), work)) == 5
    assert len(paths_of(sandbox, "feed-login")) == 1


@pytest.mark.parametrize(
    ("name", "oauth2", "category", "word"),
    [
        ("reader", {"scopes": ["market:write"]}, Category.PERMISSION_DENIED, "scopes"),
        ("reader", {"audience": "https://x"}, Category.BAD_REQUEST, "audience"),
        ("blind", {}, Category.PERMISSION_DENIED, ""),
        ("blind", {"scopes": "market:read"}, Category.PERMISSION_DENIED, "scopes"),
    ],
)
def test_what_the_issuer_says_gets_its_category_and_fix(
    sandbox, name, oauth2, category, word
):
    diagnosis = verdict_of(sandbox, oauth(name, **oauth2)).diagnosis

    assert diagnosis.category is category
    assert word in diagnosis.fix


@pytest.mark.parametrize(
    ("fault", "category"),
    [
        ("unavailable", Category.EXCHANGE_UNAVAILABLE),
        ("rate_limited", Category.RATE_LIMITED),
        ("html", Category.WAF_BLOCKED),
        ("empty", Category.BAD_RESPONSE),
        ("truncated", Category.BAD_RESPONSE),
        ("redirect", Category.WRONG_URL),
        ("refused", Category.CONNECTION_REFUSED),
        ("reset", Category.CONNECTION_RESET),
        ("tls_expired", Category.TLS_CERTIFICATE),
    ],
)
def test_a_broken_issuer_fails_the_test(sandbox, fault, category):
    sandbox.set_fault("feed-login", fault)

    verdict = verdict_of(sandbox, oauth())

    assert not verdict.passed
    assert verdict.diagnosis.category in {category, Category.WRONG_URL}
    assert probe_of(verdict, ProbeName.AUTH).status is ProbeStatus.FAILED
    if "token_host" in verdict.diagnosis.evidence:
        assert verdict.diagnosis.summary.startswith("no token: ")


def test_neither_token_nor_secret_is_written_anywhere(sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    tokens = []

    async def work(session):
        caller = session._endpoints[0]._caller
        verdict = await session.test()
        tokens.append(caller.signer._token)
        echo = caller.client.scrub.clean(f"GET /x?t={tokens[0]} said no")
        sandbox.set_fault("feed-oauth", "html")
        return to_json(verdict), repr(session), echo, to_json(await session.test())

    written = "\n".join(with_session(sandbox, oauth(), work)) + caplog.text

    (token,) = tokens
    assert len(token) > 50
    assert token not in written
    assert token.partition(".")[2] not in written
    assert sandbox_account("feed-oauth").api_secret not in written


def test_a_token_url_is_https_and_in_the_config():
    from reconciler.adapters.providers.custom_api import ADAPTER

    plain, _ = oauth(token_url="http://login.example/token")
    none, _ = feed({"client_id": "x", "client_secret": "y"})

    assert [f.path[-1] for f in ADAPTER.check(plain)] == ["token_url"]
    assert [f.message for f in ADAPTER.check(none)] == [
        "config.auth.oauth2.token_url is missing"
    ]
