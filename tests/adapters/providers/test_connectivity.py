"""Whether our own network is up, over real sockets on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.connectivity import Outlook
from reconciler.adapters.providers.network.contacts import Contacts, is_outside
from reconciler.adapters.providers.network.session import open_network
from reconciler.core.connectivity import Contact, NetworkState, judge

UP, DOWN, UNSURE = NetworkState.UP, NetworkState.DOWN, NetworkState.UNSURE


@asynccontextmanager
async def listening():
    """Listen on loopback; yields the port."""
    taken = []

    async def accept(_reader, writer):
        taken.append(1)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], taken


def closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


class Steady:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def asked(*references, times=1, allow=("127.0.0.1",), after=lambda _ticks: None):
    async def story():
        ticks = Steady()
        async with open_network(clock=SystemClock(), allow=allow) as network:
            outlook = Outlook(network, references, interval_s=10, ticks=ticks)
            found = []
            for _ in range(times):
                found.append(await outlook.find_out())
                after(ticks)
            await outlook.close()
            return found, outlook.state()

    return asyncio.run(story())


def test_one_reference_that_takes_a_connection_is_enough():
    async def story():
        async with (
            listening() as (port, _),
            open_network(clock=SystemClock(), allow=["127.0.0.1"]) as network,
        ):
            references = (
                f"tcp://127.0.0.1:{closed_port()}",
                f"tcp://127.0.0.1:{port}",
            )
            return await Outlook(network, references).find_out()

    assert asyncio.run(story()) is UP


def test_without_an_answer_of_any_reference_it_is_us():
    found, state = asked(f"tcp://127.0.0.1:{closed_port()}")

    assert (found, state) == ([DOWN], DOWN)


def test_a_reference_in_tls_that_answers_nothing_is_no_answer():
    assert asked(f"https://127.0.0.1:{closed_port()}/")[0] == [DOWN]


def test_a_reference_leads_nowhere_that_connections_may_not_lead():
    async def story():
        async with (
            listening() as (port, taken),
            open_network(clock=SystemClock()) as network,
        ):
            outlook = Outlook(network, [f"tcp://127.0.0.1:{port}"])
            return await outlook.find_out(), taken

    assert asyncio.run(story()) == (DOWN, [])


def test_many_who_ask_at_once_cost_one_question():
    async def story():
        async with (
            listening() as (port, taken),
            open_network(clock=SystemClock(), allow=["127.0.0.1"]) as network,
        ):
            outlook = Outlook(network, [f"tcp://127.0.0.1:{port}"])
            found = await asyncio.gather(*[outlook.find_out() for _ in range(50)])
            await asyncio.sleep(0.01)
            return set(found), len(taken)

    assert asyncio.run(story()) == ({UP}, 1)


def test_while_it_is_down_the_references_are_asked_once_an_interval():
    async def story():
        ticks, port = Steady(), closed_port()
        async with open_network(clock=SystemClock(), allow=["127.0.0.1"]) as network:
            outlook = Outlook(
                network, [f"tcp://127.0.0.1:{port}"], interval_s=10, ticks=ticks
            )
            found = [await outlook.find_out()]
            server = await asyncio.start_server(
                lambda _r, w: w.close(), "127.0.0.1", port
            )
            async with server:
                for seconds in (9.0, 11.0):
                    ticks.now_s = seconds
                    found.append(await outlook.find_out())
            return found

    assert asyncio.run(story()) == [DOWN, DOWN, UP]


def test_hosts_that_were_well_are_asked_where_no_reference_is_named(sandbox):
    async def story():
        async with open_network(sandbox.file, clock=SystemClock()) as network:
            contacts = network.contacts
            contacts.note("api.kraken.com", reached=True)
            contacts.note("api.binance.com", reached=False)
            return contacts.state(), await Outlook(network).find_out()

    assert asyncio.run(story()) == (UNSURE, UP)


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 302 Found\r\n\r\n"])
def test_who_takes_connections_and_answers_no_greeting_says_nothing(says):
    """A gateway does that whose own line is down; some speak for the other side."""

    async def story():
        async def accept(reader, writer):
            await reader.read(1)
            writer.write(says)
            writer.close()

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with (
            server,
            open_network(clock=SystemClock(), allow=["127.0.0.1"]) as network,
        ):
            return (
                await network.knock("127.0.0.1", port),
                await network.greets("127.0.0.1", port),
            )

    assert asyncio.run(story()) == (True, False)


def test_a_certificate_that_nobody_vouches_for_is_an_answer_all_the_same():
    async def story():
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("elsewhere.example").configure_cert(tls)

        async def accept(_reader, writer):
            writer.close()

        server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        async with (
            server,
            open_network(clock=SystemClock(), allow=["127.0.0.1"]) as network,
        ):
            return await network.greets("127.0.0.1", port)

    assert asyncio.run(story())


def test_an_answer_of_any_test_says_that_we_are_up(sandbox):
    async def story():
        async with open_network(sandbox.file, clock=SystemClock()) as network:
            assert await network.answers("https://api.kraken.com/nothing")
            return network.contacts.state()

    assert asyncio.run(story()) is UP


@pytest.mark.parametrize(("host", "outside"), [
    ("api.binance.com", True), ("8.8.8.8", True), ("2606:4700::1111", True),
    ("localhost", False), ("bridge", False), ("10.1.2.3", False), ("::1", False),
    ("127.0.0.1", False), ("feed.internal", False), ("", False),
])  # fmt: skip
def test_what_is_inside_says_nothing_of_the_way_out(host, outside):
    assert is_outside(host) is outside


@given(
    told=st.lists(
        st.tuples(st.sampled_from("abcd"), st.floats(0, 40), st.booleans()), max_size=9
    )
)
def test_the_newest_contact_decides_only_what_all_of_them_would(told):
    ticks, seen = Steady(), []
    contacts = Contacts(ticks)
    for letter, after_s, reached in told:
        ticks.now_s += after_s
        contacts.note(f"{letter}.example", reached=reached)
        seen.append(Contact(f"{letter}.example", ticks.now_s, reached))

        assert contacts.state() is judge(seen, now_s=ticks.now_s)


def test_contacts_are_bounded():
    contacts = Contacts(lambda: 0.0)
    for number in range(2_000):
        contacts.note(f"h{number}.example", reached=True)

    assert len(contacts.to_ask(5_000)) <= 16


def test_down_holds_until_somebody_answers_however_long_nobody_was_asked(sandbox):
    async def story():
        ticks = Steady()
        reference = f"tcp://127.0.0.1:{closed_port()}"
        async with open_network(clock=SystemClock(), allow=["127.0.0.1"]) as network:
            outlook = Outlook(network, [reference], interval_s=10, ticks=ticks)
            await outlook.find_out()
            ticks.now_s = 3_600.0
            before = outlook.state()
            network.contacts.note("api.kraken.com", reached=True)
            return before, outlook.state()

    assert asyncio.run(story()) == (DOWN, UP)
