"""A feed's own TLS, against a real server: authority, pin, version, certificate."""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import ssl
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from reconciler.adapters.providers.custom_api.tls import (
    make_tls,
    public_key_pin,
    read_certificate,
)
from reconciler.adapters.providers.network.session import open_network
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Secret
from reconciler.core.verdict import ProbeName
from reconciler.sandbox.client_certificates import client_authority, client_identity
from tests.adapters.providers.custom_api_cases import feed, probe_of, verdict_of

ALLOW = ["127.0.0.0/8"]
CA = trustme.CA()
OTHER_CA = trustme.CA()
SERVER = CA.issue_cert("127.0.0.1")
NOW = datetime.now(UTC)


def pem(blob):
    return blob.bytes().decode()


def server_context(*, wants_certificate=False, newest=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    SERVER.configure_cert(context)
    if wants_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_authority())
    if newest is not None:
        context.maximum_version = newest
    return context


@contextmanager
def serving(**options):
    """Serve a keyless feed over TLS; give its base URL and what it has seen."""
    seen, started, stop = [], threading.Event(), asyncio.Event()
    place = {}

    async def answer(request):
        peer = request.transport.get_extra_info("peercert") or {}
        seen.append((request.path, bool(peer)))
        if request.path != "/candles":
            return web.json_response({"status": "ok"})
        now = int(time.time()) // 60 * 60_000
        rows = [[now - i * 60_000, 1, 2, 1, 2, 3] for i in range(19, -1, -1)]
        return web.json_response(rows)

    async def run():
        app = web.Application()
        app.router.add_get("/{tail:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        context = server_context(**options)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        place["loop"] = asyncio.get_running_loop()
        place["port"] = runner.addresses[0][1]
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield f"https://127.0.0.1:{place['port']}", seen
    finally:
        place["loop"].call_soon_threadsafe(stop.set)
        thread.join(10)


def keyless(url, **tls):
    return feed({}, endpoint=url, authentication_method="none", tls=tls)


def mutual(url, identity, **more):
    chain, key = identity
    return feed(
        {"client_certificate": chain, "client_key": key},
        endpoint=url,
        authentication_method="mtls",
        tls={"ca_pem": pem(CA.cert_pem)},
        **more,
    )


def pin_of(certificate):
    der = ssl.PEM_cert_to_DER_cert(pem(certificate.cert_chain_pems[0]))
    return public_key_pin(der)


# Whom we trust


def test_an_authority_of_ones_own_is_trusted_where_the_file_says_so():
    with serving() as (url, seen):
        own = verdict_of(None, keyless(url, ca_pem=pem(CA.cert_pem)), allow=ALLOW)
        asked = len(seen)
        none = verdict_of(None, keyless(url), allow=ALLOW)
        other = verdict_of(
            None, keyless(url, ca_pem=pem(OTHER_CA.cert_pem)), allow=ALLOW
        )

    assert own.passed, own
    assert none.diagnosis.category is Category.TLS_CERTIFICATE
    assert other.diagnosis.category is Category.TLS_CERTIFICATE
    assert len(seen) == asked


def test_a_pinned_key_is_required_on_top_of_the_authority():
    ca = pem(CA.cert_pem)
    right = pin_of(SERVER)
    wrong = bytes(32)
    with serving() as (url, seen):
        hexed = verdict_of(
            None, keyless(url, ca_pem=ca, pin_sha256=right.hex()), allow=ALLOW
        )
        listed = [wrong.hex(), "sha256//" + base64.b64encode(right).decode()]
        coded = verdict_of(
            None, keyless(url, ca_pem=ca, pin_sha256=listed), allow=ALLOW
        )
        asked = len(seen)
        other = verdict_of(
            None, keyless(url, ca_pem=ca, pin_sha256=wrong.hex()), allow=ALLOW
        )
        untrusted = verdict_of(None, keyless(url, pin_sha256=right.hex()), allow=ALLOW)

    assert hexed.passed
    assert coded.passed
    assert other.diagnosis.category is Category.TLS_CERTIFICATE
    assert "pinned" in str(other.diagnosis)
    assert untrusted.diagnosis.category is Category.TLS_CERTIFICATE
    assert len(seen) == asked


def test_an_older_tls_than_asked_for_is_refused():
    with serving(newest=ssl.TLSVersion.TLSv1_2) as (url, seen):
        ca = pem(CA.cert_pem)
        old = verdict_of(None, keyless(url, ca_pem=ca, min_version=1.2), allow=ALLOW)
        asked = len(seen)
        new = verdict_of(None, keyless(url, ca_pem=ca, min_version=1.3), allow=ALLOW)

    assert old.passed
    assert new.diagnosis.category in {
        Category.TLS_HANDSHAKE,
        Category.CONNECTION_RESET,  # what asyncio's servers do instead of an alert
    }
    assert len(seen) == asked


def test_connections_that_say_the_same_share_a_context():
    async def contexts():
        async with open_network() as network:
            one = {"ca_pem": pem(CA.cert_pem)}
            client = read_certificate(sealed(client_identity("x")), now=NOW)
            return (
                make_tls(network, one, None) is make_tls(network, dict(one), None),
                make_tls(network, one, client) is make_tls(network, one, client),
                make_tls(network, {}, None),
            )

    assert asyncio.run(contexts()) == (True, False, None)


# Who we are


def sealed(identity):
    names = ("client_certificate", "client_key")
    return {name: Secret(text) for name, text in zip(names, identity, strict=True)}


@pytest.mark.parametrize("newest", [None, ssl.TLSVersion.TLSv1_2])
def test_a_certificate_that_is_accepted_passes(newest):
    with serving(wants_certificate=True, newest=newest) as (url, seen):
        verdict = verdict_of(None, mutual(url, client_identity("me")), allow=ALLOW)

    assert verdict.passed, verdict
    assert "certificate" in probe_of(verdict, ProbeName.PUBLIC).detail
    assert all(shown for _, shown in seen)


@pytest.mark.parametrize("newest", [None, ssl.TLSVersion.TLSv1_2])
def test_a_certificate_of_a_stranger_fails(newest):
    with serving(wants_certificate=True, newest=newest) as (url, seen):
        stranger = client_identity("me", trusted=False)
        verdict = verdict_of(None, mutual(url, stranger), allow=ALLOW)

    assert not verdict.passed
    assert verdict.diagnosis.category in {
        Category.INVALID_CREDENTIALS,
        Category.CONNECTION_RESET,
        Category.TLS_HANDSHAKE,
    }
    assert seen == []


def test_without_a_certificate_the_server_asks_for_one():
    with serving(wants_certificate=True, newest=ssl.TLSVersion.TLSv1_2) as (url, _):
        verdict = verdict_of(None, keyless(url, ca_pem=pem(CA.cert_pem)), allow=ALLOW)

    assert not verdict.passed


def test_the_control_call_shows_no_certificate():
    with serving() as (url, seen):
        verdict = verdict_of(None, mutual(url, client_identity("me")), allow=ALLOW)

    assert verdict.passed
    assert seen[0] == ("/health", False)
    assert "proves nothing" in probe_of(verdict, ProbeName.AUTH).detail


def test_a_certificate_that_has_ended_is_not_sent():
    ended = client_identity("me", until=NOW - timedelta(days=1))

    with (
        serving(wants_certificate=True) as (url, seen),
        pytest.raises(ProviderError) as caught,
    ):
        verdict_of(None, mutual(url, ended), allow=ALLOW)

    assert caught.value.diagnosis.category is Category.EXPIRED_CREDENTIALS
    assert seen == []


def test_a_certificate_that_ends_is_a_key_that_ends():
    """Reports count the days when they are shown; a verdict's text would grow old."""
    until = NOW + timedelta(days=9, hours=1)

    with serving(wants_certificate=True) as (url, _):
        verdict = verdict_of(
            None, mutual(url, client_identity("me", until=until)), allow=ALLOW
        )

    assert verdict.passed
    assert verdict.key.expires_at == until.replace(microsecond=0)
    assert verdict.warnings == ()


def encrypted():
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"canary-passphrase"),
        )
        .decode()
    )


CHAIN, KEY = client_identity("me")


@pytest.mark.parametrize(
    ("chain", "key", "word"),
    [
        (CHAIN, client_identity("you")[1], "client_key"),
        (CHAIN, "canary", "client_key"),
        (CHAIN, encrypted(), "passphrase"),
        ("canary", KEY, "client_certificate"),
        (KEY, CHAIN, "client_certificate"),
        (CHAIN, KEY + "\n" + "canary" * 200_000, "too long"),
    ],
    ids=["other", "no key", "protected", "no certificate", "swapped", "long"],
)
def test_what_cannot_be_used_is_named_and_not_shown(chain, key, word):
    with pytest.raises(ProviderError) as caught:
        verdict_of(None, mutual("https://127.0.0.1:1", (chain, key)), allow=ALLOW)

    diagnosis = caught.value.diagnosis
    assert diagnosis.category is Category.INVALID_CREDENTIALS
    assert word in diagnosis.summary
    assert "canary" not in str(diagnosis)


def test_line_ends_may_be_written_as_two_characters():
    folded = tuple(text.replace("\n", "\\n") for text in client_identity("me"))

    found = read_certificate(sealed(folded), now=NOW)

    assert (found.chain, found.key) == client_identity("me")
    assert found.warnings == ()
    assert KEY[30:60] not in repr(found)


WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_watched: list[str] = []
_is_watching = threading.Event()


def _watch(event, arguments):
    if not _is_watching.is_set():
        return
    if event == "open" and (
        (isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"))
        or (isinstance(arguments[2], int) and arguments[2] & WRITING)
    ):
        _watched.append(f"open {arguments[0]}")
    elif event.startswith(("tempfile.", "os.rename", "shutil.", "os.link")):
        _watched.append(event)


sys.addaudithook(_watch)


def open_files():
    gc.collect()
    return sorted(path.name for path in Path("/dev/fd").iterdir())


def test_the_key_is_never_on_a_disk_and_leaves_nothing_open(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    client = read_certificate(sealed(client_identity("me")), now=NOW)

    async def load():
        async with open_network() as network:
            before = open_files()
            _is_watching.set()
            try:
                context = make_tls(network, {}, client)
            finally:
                _is_watching.clear()
            return before == open_files(), context.get_ca_certs() != []

    assert asyncio.run(load()) == (True, True)
    assert _watched == []
    assert list(tmp_path.iterdir()) == []


def test_the_watch_itself_sees_a_file_that_is_written(tmp_path):
    _is_watching.set()
    try:
        (tmp_path / "key.pem").write_text("canary")
    finally:
        _is_watching.clear()

    assert any("key.pem" in text for text in _watched)
    _watched.clear()
