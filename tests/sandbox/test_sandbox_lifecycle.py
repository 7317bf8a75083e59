"""A sandbox's file, its remote control, its privacy and its stamina."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import socket
import stat
import subprocess
import sys

import pytest

from reconciler.core.errors import InputError, ReconcilerError
from reconciler.sandbox import (
    SANDBOX_ACCOUNTS,
    SandboxInfo,
    clear_faults,
    list_faults,
    list_requests,
    put_fault,
    running_sandbox,
    sandbox_account,
    serve,
)
from tests.sandbox.sandbox_clients import client_session, exchange


def test_the_file_tells_a_client_all_it_needs(sandbox):
    document = json.loads(sandbox.file.read_text())

    assert document["format_version"] == 1
    assert document["pid"] == os.getpid()
    assert document["refused_hosts"] == []
    assert SandboxInfo.load(sandbox.file) == sandbox.info


def test_the_files_are_for_their_owner_only(sandbox):
    for path in (sandbox.file, sandbox.info.ca_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_private_key_is_written(sandbox):
    written = b"".join(p.read_bytes() for p in sandbox.file.parent.iterdir())

    assert b"PRIVATE KEY" not in written
    assert written.count(b"BEGIN CERTIFICATE") == 1


def test_refused_hosts_are_written_and_taken_away(sandbox):
    sandbox.set_fault("kraken", "refused")
    refused = SandboxInfo.load(sandbox.file)
    sandbox.clear_faults()

    assert refused.refused_hosts == ("api.kraken.com",)
    assert refused.port_for("api.kraken.com") == refused.closed_port
    assert refused.port_for("API.KRAKEN.COM") == refused.closed_port
    assert refused.port_for("www.okx.com") == refused.port
    assert SandboxInfo.load(sandbox.file).refused_hosts == ()


def test_the_closed_port_refuses(sandbox):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", sandbox.info.closed_port), timeout=2)


def test_the_files_live_as_long_as_the_sandbox(tmp_path):
    with running_sandbox(tmp_path / "new") as sandbox:
        assert sandbox.file.exists()
        port = sandbox.info.port

    assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_a_second_sandbox_in_the_same_place_is_refused(tmp_path):
    with running_sandbox(tmp_path) as first:
        with (
            pytest.raises(InputError, match="already runs"),
            running_sandbox(tmp_path),
        ):
            pass
        assert first.file.exists()


def test_a_file_left_by_a_killed_sandbox_is_replaced(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        left_behind = sandbox.file.read_text()
    (tmp_path / "sandbox.json").write_text(left_behind)

    with running_sandbox(tmp_path) as sandbox:
        assert SandboxInfo.load(sandbox.file).port == sandbox.info.port


def test_serve_runs_until_it_is_told_to_stop(tmp_path):
    async def session():
        stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
        task = asyncio.create_task(
            serve(tmp_path, on_ready=ready.set_result, stop=stop, port=0)
        )
        info = await ready
        exists = (tmp_path / "sandbox.json").exists()
        stop.set()
        await task
        return info, exists

    info, existed = asyncio.run(session())

    assert existed
    assert info.port > 0
    assert not (tmp_path / "sandbox.json").exists()


def test_a_taken_port_is_said_so(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with (
            pytest.raises(OSError, match=r"in use"),
            running_sandbox(tmp_path, port=taken.getsockname()[1]),
        ):
            pass
    assert not (tmp_path / "sandbox.json").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "start one with"),
        ("{", "cannot read"),
        ("[]", "not a sandbox file"),
        ('{"format_version": 9}', "format_version 9"),
        ('{"format_version": 1, "pid": 1}', "damaged"),
    ],
)
def test_a_bad_sandbox_file_is_explained(tmp_path, content, words):
    path = tmp_path / "sandbox.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(InputError, match=words):
        SandboxInfo.load(path)


# Remote control


def test_faults_can_be_set_from_another_process(sandbox):
    put_fault(sandbox.info, "okx", "rate_limited", times=1, seconds=5, account="reader")

    (fault,) = list_faults(sandbox.info)
    assert (fault["provider"], fault["fault"]) == ("okx", "rate_limited")
    assert (fault["account"], fault["times"], fault["seconds"]) == ("reader", 1, 5.0)
    put_fault(sandbox.info, "kraken", "refused")
    clear_faults(sandbox.info, "okx")
    assert [f["provider"] for f in list_faults(sandbox.info)] == ["kraken"]
    clear_faults(sandbox.info)
    assert list_faults(sandbox.info) == []
    assert SandboxInfo.load(sandbox.file).refused_hosts == ()


@pytest.mark.parametrize(
    ("provider", "fault", "params", "words"),
    [
        ("nobody", "timeout", {}, "unknown provider 'nobody'"),
        ("okx", "gremlins", {}, "gremlins"),
        ("okx", "timeout", {"color": "red"}, "color"),
        ("okx", "timeout", {"account": "raeder"}, "no account 'raeder'; known: reader"),
        ("*", "timeout", {"account": "nobody"}, "no account 'nobody'"),
    ],
)
def test_a_wrong_remote_fault_is_explained(sandbox, provider, fault, params, words):
    with pytest.raises(InputError, match=words):
        put_fault(sandbox.info, provider, fault, **params)


def test_the_request_record_can_be_read_from_another_process(sandbox):
    ask_once(sandbox)

    records = list_requests(sandbox.info)

    assert records[-1]["path"] == "/api/v3/account"
    assert records[-1]["account"] == "reader"
    assert records[-1]["authenticated"] is True


def test_a_sandbox_that_is_gone_is_said_so(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        info = sandbox.info
        ca_pem = info.ca_file.read_bytes()
    info.ca_file.write_bytes(ca_pem)

    with pytest.raises(ReconcilerError, match="does not answer"):
        list_faults(info)


def test_an_unknown_control_and_an_unknown_host_are_told_apart(sandbox):
    async def dialogue():
        async with client_session(sandbox) as session:
            answers = []
            for url in (
                "https://sandbox.localhost/nope",
                "https://www.bitstamp.net/api",
            ):
                async with session.get(url) as response:
                    answers.append(response.status)
            return answers

    assert asyncio.run(dialogue()) == [404, 421]
    assert sandbox.requests[-1].provider == "unknown"


# Privacy


def ask_once(sandbox):
    async def dialogue():
        async with exchange(sandbox, "binance") as client:
            await client.private_get_account()

    asyncio.run(dialogue())


def test_the_record_holds_no_key_secret_or_signature(sandbox):
    ask_once(sandbox)

    text = json.dumps([dataclasses.asdict(r) for r in sandbox.requests])
    account = sandbox_account("binance")
    for word in (account.api_key, account.api_secret, "signature", "timestamp"):
        assert word not in text


def test_an_accounts_representation_hides_its_secret():
    for accounts in SANDBOX_ACCOUNTS.values():
        for account in accounts:
            assert account.api_secret not in repr(account)


def test_a_broken_handler_is_a_500_and_logs_its_type_only(sandbox, caplog):
    async def dialogue():
        async with client_session(sandbox) as session:
            url = "https://api.binance.com/api/v3/klines"
            params = {"symbol": "BTCUSDT", "interval": "1M", "startTime": "9" * 30}
            headers = {"X-MBX-APIKEY": "very-private"}
            async with session.get(url, params=params, headers=headers) as response:
                return response.status, await response.text()

    status, text = asyncio.run(dialogue())

    assert (status, text) == (500, "sandbox error")
    assert "handler failed" in caplog.text
    assert "very-private" not in caplog.text
    assert "Traceback" not in caplog.text


def test_importing_the_sandbox_is_cheap():
    code = (
        "import sys, reconciler.sandbox as s; s.SandboxInfo, s.put_fault;"
        "sys.exit(any(m in sys.modules for m in ('aiohttp', 'trustme', 'ccxt')))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Stamina


def test_two_hundred_requests_at_once_are_all_answered(sandbox):
    async def crowd():
        async with client_session(sandbox) as session:

            async def one(number):
                url = (
                    "https://www.okx.com/api/v5/public/time",
                    "https://api.kraken.com/0/public/Time",
                )[number % 2]
                async with session.get(url) as response:
                    return response.status, await response.json()

            return await asyncio.gather(*(one(n) for n in range(200)))

    answers = asyncio.run(crowd())

    assert [status for status, _ in answers] == [200] * 200
    assert len(sandbox.requests) == 200
