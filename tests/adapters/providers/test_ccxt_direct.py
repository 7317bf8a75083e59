"""A request made directly ends as ccxt's own does: same values, same errors."""

from __future__ import annotations

import asyncio

import ccxt.async_support as ccxt
import pytest

from reconciler.adapters.providers.ccxt_crypto.direct import made_direct
from reconciler.adapters.providers.network.meter import Meter, metering
from reconciler.adapters.providers.network.session import open_network


def http(status="200 OK", *headers, body=b"", kind="application/json"):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    lines += [f"Content-Type: {kind}"] if kind else []
    return "\r\n".join([*lines, "", ""]).encode() + body


ANSWERS = {
    "an object": http(body=b'{"a": 1.5, "b": [1, "2"]}'),
    "a list": http(body=b"[1, 2]"),
    "blanks around": http(body=b'\n {"a": 1} \n'),
    "a word": http(body=b"OK", kind="text/plain"),
    "a number": http(body=b"12"),
    "nothing": http(),
    "half an object": http(body=b'{"a": '),
    "latin": http(body='{"a": "é"}'.encode("latin-1"), kind="text/html; charset=l1"),
    "an unknown encoding": http(body=b'{"a": 1}', kind="text/html; charset=nope"),
    "no UTF-8": http(body=b'{"a": "\xff"}'),
    "a refusal": http("403 Forbidden", body=b'{"label": "FORBIDDEN", "message": "n"}'),
    "an unknown key": http("401 No", body=b'{"label": "INVALID_KEY", "message": "x"}'),
    "a page": http("502 Bad Gateway", body=b"<html>no</html>", kind="text/html"),
    "a limit": http("429 Too Many Requests", "Retry-After: 7", body=b"{}"),
    "no protocol": b"SSH-2.0-OpenSSH\r\n",
    "a hang-up": b"",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{",
}


async def outcome_of(kind, answer, *, silent=False):
    """Return what one call ends with, and what the exchange was told of the answer."""
    told = []

    class Hearing(kind):
        def handle_errors(self, *answer):
            told.append(answer)
            return super().handle_errors(*answer)

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        if silent:
            await reader.read()
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_network(allow=["127.0.0.0/8"]) as network:
        exchange = Hearing({"session": network.guarded(), "timeout": 300})
        exchange.timeout_on_exit = 0
        exchange.urls["api"] = {"public": {"spot": f"http://127.0.0.1:{port}"}}
        try:
            with metering(Meter()) as meter:
                found = await exchange.fetch(f"http://127.0.0.1:{port}/x", "GET", {})
        except ccxt.BaseError as error:
            found = type(error)
        finally:
            exchange.session = None
    told = [
        (code, reason, method, {**headers}, body, document)
        for code, reason, _, method, headers, body, document, _, _ in told
    ]
    assert len(meter.timings) == 1
    return found, told


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_read_as_ccxt_reads_it(answer):
    theirs = asyncio.run(outcome_of(ccxt.gate, answer))
    ours = asyncio.run(outcome_of(made_direct(ccxt.gate), answer))

    assert ours == theirs


def test_a_header_that_came_twice_is_heard_twice():
    answer = http("200 OK", "X-A: 1", "X-A: 2", body=b"{}")

    _, [told] = asyncio.run(outcome_of(made_direct(ccxt.gate), answer))

    assert told[3]["X-A"] == "1, 2"  # ccxt itself says "1, 1"


def test_an_answer_without_a_kind_is_a_text():
    answer = http(body=b"bytes", kind=None)

    found, _ = asyncio.run(outcome_of(made_direct(ccxt.gate), answer))

    assert found == "bytes"  # ccxt itself returns an open stream


def test_a_silent_exchange_is_a_timeout_as_ccxt_has_it():
    theirs = asyncio.run(outcome_of(ccxt.gate, b"", silent=True))
    ours = asyncio.run(outcome_of(made_direct(ccxt.gate), b"", silent=True))

    assert ours == theirs == (ccxt.RequestTimeout, [])


def test_no_error_of_ours_repeats_a_signed_url():
    async def run():
        async with open_network(allow=["127.0.0.0/8"]) as network:
            exchange = made_direct(ccxt.gate)({"session": network.guarded()})
            url = "http://127.0.0.1:9/x?signature=5ca1ab1e"
            with pytest.raises(ccxt.ExchangeNotAvailable) as caught:
                await exchange.fetch(url)
            exchange.session = None
            return str(caught.value)

    assert asyncio.run(run()) == "gate GET"


@pytest.mark.parametrize("given", [(), ({"X-Mine": "1"}, None)], ids=["now", "before"])
def test_an_endpoint_is_called_as_this_and_earlier_releases_do(given):
    async def run():
        kind = made_direct(ccxt.gate)
        signed = []

        class Signing(kind):
            def sign(self, *request):
                signed.append(request)
                made = super().sign(*request[:4])
                return made | {"headers": request[4]} if request[4:] else made

            async def fetch(self, *request):
                return request

        exchange = Signing({"enableRateLimit": False})
        place = ("public", "spot")
        found = await exchange.fetch2("time", place, "GET", {}, *given, {"cost": 1})
        return signed, found

    signed, found = asyncio.run(run())

    assert signed == [("time", ("public", "spot"), "GET", {}, *given)]
    assert found[:2] == ("https://api.gateio.ws/api/v4/spot/time", "GET")


def test_a_class_is_made_once():
    assert made_direct(ccxt.gate) is made_direct(ccxt.gate)
    assert issubclass(made_direct(ccxt.gate), ccxt.gate)
