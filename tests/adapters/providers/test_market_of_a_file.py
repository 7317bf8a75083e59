"""`settings.market` decides in every type how old a bar may be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.adapters.providers.custom_api import ADAPTER as FEED
from reconciler.adapters.providers.mtapi import ADAPTER as BRIDGE
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.sandbox import sandbox_account
from tests.adapters.providers.conformance import Subject, with_session


def feed():
    account = sandbox_account("feed")
    connection = Connection(
        name="x", type="custom_api", provider="p", symbols=("AAPL",),
        timeframes=("1h",), credential_names=("api_key",),
        config={"endpoint": "https://api.custom-data-provider.com/v1"},
    )  # fmt: skip
    return Subject(
        adapter=FEED, connection=connection, provider="feed", proofs=(),
        credentials={"api_key": account.api_key},
    )  # fmt: skip


def bridge():
    account = sandbox_account("mtapi")
    credentials = {"api_key": account.api_key, "account_id": account.account_id}
    connection = Connection(
        name="x", type="mtapi", provider="mt4", symbols=("EURUSD",),
        timeframes=("H1",), credential_names=tuple(credentials),
    )  # fmt: skip
    return Subject(
        adapter=BRIDGE, connection=connection, provider="mtapi", proofs=(),
        credentials=credentials,
    )  # fmt: skip


@pytest.mark.parametrize("subject", [feed(), bridge()], ids=["feed", "bridge"])
def test_an_exchange_that_does_not_exist_is_named_by_the_test(sandbox, subject):
    pytest.importorskip("exchange_calendars")

    async def work(session):
        return await session.test()

    plain = with_session(subject, sandbox, work)
    connection = replace(subject.connection, market="XXXX")
    named = with_session(subject, sandbox, work, connection=connection)

    assert plain.passed
    assert named.diagnosis.category is Category.BAD_REQUEST
    assert "XXXX" in named.diagnosis.summary
