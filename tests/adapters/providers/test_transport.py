"""Causes hidden in chains of exceptions, most specific first."""

from __future__ import annotations

import asyncio
import socket
import ssl
from types import SimpleNamespace

import aiohttp
import httpx
import pytest

from reconciler.adapters.providers.answers.transport import transport_diagnosis
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.diagnosis import Category

C = Category
KEY = SimpleNamespace(host="api.example", port=443, ssl=True, is_ssl=True)


def certificate_error(text):
    error = ssl.SSLCertVerificationError(text)
    error.verify_message = text
    return error


CASES = [
    (aiohttp.ClientConnectorDNSError(KEY, OSError(8, "no")), C.DNS_FAILURE),
    (socket.gaierror(8, "not known"), C.DNS_FAILURE),
    (
        aiohttp.ClientConnectorCertificateError(KEY, certificate_error("has expired")),
        C.TLS_CERTIFICATE,
    ),
    (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "x")), C.TLS_HANDSHAKE),
    (
        aiohttp.ClientProxyConnectionError(KEY, ConnectionRefusedError(111, "no")),
        C.PROXY_UNREACHABLE,
    ),
    (
        aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(111, "no")),
        C.CONNECTION_REFUSED,
    ),
    (aiohttp.ServerDisconnectedError(), C.CONNECTION_RESET),
    (aiohttp.ClientOSError(104, "reset"), C.CONNECTION_RESET),
    (aiohttp.ConnectionTimeoutError("slow"), C.TIMEOUT),
    (aiohttp.SocketTimeoutError("slow"), C.TIMEOUT),
    (TimeoutError(), C.TIMEOUT),
    (aiohttp.ClientPayloadError("cut"), C.BAD_RESPONSE),
    (aiohttp.InvalidURL("http://["), C.BAD_URL),
    (aiohttp.NonHttpUrlClientError("ftp://x"), C.BAD_URL),
    (ConnectionResetError(104, "reset"), C.CONNECTION_RESET),
]


@pytest.mark.parametrize(("cause", "category"), CASES)
def test_the_cause_decides_however_deep_it_is(cause, category):
    # httpx-aiohttp takes every broken connection for a slow one.
    outer = httpx.ConnectTimeout("misleading")
    outer.__cause__ = cause

    diagnosis = transport_diagnosis(outer, Scrubber())

    assert diagnosis.category is category
    assert diagnosis.evidence["exception"].endswith(type(cause).__name__)


def test_every_connection_error_of_aiohttp_is_known():
    def below(kind):
        return {kind, *(k for sub in kind.__subclasses__() for k in below(sub))}

    for kind in below(aiohttp.ClientConnectionError):
        error = kind.__new__(kind)
        error.args = ()
        if not isinstance(error, aiohttp.ClientConnectorError):
            assert transport_diagnosis(error, Scrubber()), kind


def test_what_is_no_transport_is_left_to_others():
    assert transport_diagnosis(KeyError("x"), Scrubber()) is None
    assert transport_diagnosis(asyncio.CancelledError(), Scrubber()) is None


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("certificate has expired", "expired"),
        ("Hostname mismatch, certificate is not valid", "another host"),
        ("self-signed certificate", "self-signed"),
        ("unable to get local issuer certificate", "issuer"),
    ],
)
def test_a_certificates_fault_has_its_own_fix(reason, word):
    error = aiohttp.ClientConnectorCertificateError(KEY, certificate_error(reason))

    assert word in transport_diagnosis(error, Scrubber()).fix


def test_a_signed_url_in_a_message_is_cut():
    error = aiohttp.InvalidURL("https://x/y?apikey=canary&signature=canary")

    assert "canary" not in str(transport_diagnosis(error, Scrubber()))
