"""No client takes more than its share: of connections, bytes, time or requests."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import trustme

from reconciler.core.access import hash_of
from reconciler.daemon.http.limits import Limits, Rate, network_of
from reconciler.daemon.http.server import tls
from reconciler.daemon.http.server.listening import listen_at
from tests.daemon.http_play import RealControl, client_of, served
from tests.daemon.records_play import fill

TOKEN = "rct_" + "t" * 43
HASH = hash_of(TOKEN)
SLOW_FORM = (
    b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nOrigin: http://127.0.0.1\r\n"
    b"\r\nab"
)


def settle(app, *lines):
    text = "\n".join(
        [
            "http:",
            *(f"  {line}" for line in lines),
            "  tokens:",
            f'    - {{name: ops, principal: admin, role: admin, hash: "{HASH}"}}',
        ]
    )
    (app.choices.directory / "reconcile.yaml").write_text(text + "\n")


def test_a_token_may_ask_so_often_a_minute(app):
    settle(app, "requests_per_minute: 10")
    with served(app) as at, client_of(at, token=TOKEN) as client:
        answers = [client.get("/api/v1/state") for _ in range(12)]
        probe = client.get("/healthz")

    assert [one.status_code for one in answers[:10]] == [200] * 10
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert probe.status_code == 200


def test_a_rate_fills_up_again_with_time():
    moment = [0.0]
    rate = Rate(lambda: moment[0])
    taken = [rate.take("a", per_minute=2) for _ in range(3)]
    other = rate.take("b", per_minute=2)
    moment[0] = 30.0

    assert taken == [0, 0, 30]
    assert other == 0
    assert rate.take("a", per_minute=2) == 0
    assert rate.take("a", per_minute=2) == 30


def test_many_clients_are_remembered_only_up_to_a_bound():
    rate = Rate(lambda: 0.0)
    for number in range(10_000):
        rate.take(str(number), per_minute=1)

    assert len(rate._left) < 5_000


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::1", "::1"),
        ("nonsense", "nonsense"),
    ],
)
def test_an_ipv6_client_counts_by_its_network(address, counted):
    assert network_of(address) == counted


def raw(at, data, *, wait_s=20.0):
    """Send bytes as they are; return all that comes back until the end."""
    with socket.create_connection(("127.0.0.1", at.port), timeout=wait_s) as one:
        one.sendall(data)
        found = b""
        while piece := one.recv(65536):
            found += piece
        return found


def test_headers_that_are_too_long_are_refused(app):
    with served(app) as at:
        answer = raw(at, b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000)

    assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        SLOW_FORM,
    ],
)
def test_who_sends_no_whole_request_in_time_is_cut(app, beginning):
    with served(app, limits=Limits(idle_s=0.3)) as at:
        assert raw(at, beginning) == b""


def test_a_second_request_of_a_connection_has_its_own_time(app):
    with served(app, limits=Limits(idle_s=0.3)) as at, client_of(at) as client:
        for _ in range(3):
            assert client.get("/healthz").status_code == 200
            threading.Event().wait(0.4)


class Slow(RealControl):
    """A daemon whose tests take until they are let go."""

    def __init__(self, app):
        super().__init__(app)
        self.going, self.go = threading.Event(), threading.Event()

    async def test(self, name, *, who):
        self.going.set()
        await asyncio.to_thread(self.go.wait, 20)
        return await super().test(name, who=who)


def test_so_many_requests_run_side_by_side_and_probes_always(app):
    fill(app, 1)
    control, held = Slow(app), Limits(requests=1)
    with served(app, control=control, limits=held) as at, client_of(at) as client:
        url = f"{at.url}api/v1/connections/c-0000/test"
        slow = threading.Thread(target=httpx.post, args=(url,), kwargs={"json": {}})
        slow.start()
        assert control.going.wait(20)
        busy, probe = client.get("/api/v1/state"), client.get("/healthz")
        control.go.set()
        slow.join(20)

        assert (busy.status_code, probe.status_code) == (503, 200)
        assert busy.headers["retry-after"] == "1"
        assert client.get("/api/v1/state").status_code == 200


def test_what_takes_too_long_is_given_up(app):
    fill(app, 1)
    control, held = Slow(app), Limits(action_s=0.2)
    with served(app, control=control, limits=held) as at, client_of(at) as client:
        answer = client.post("/api/v1/connections/c-0000/test", json={})
    control.go.set()

    assert answer.status_code == 503


def test_stopping_lets_a_request_end(app):
    fill(app, 1)
    control, answers = Slow(app), []
    with served(app, control=control) as at:
        url = f"{at.url}api/v1/state"
        asking = threading.Thread(target=lambda: answers.append(httpx.get(url)))
        asking.start()
        asking.join(20)

    assert [one.status_code for one in answers] == [200]
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


@pytest.fixture
def paper(tmp_path):
    """Return certificate and key in files, and how to renew them."""
    authority = trustme.CA()
    files = {"certificate": tmp_path / "cert.pem", "key": tmp_path / "key.pem"}

    def issue(name):
        made = authority.issue_cert("127.0.0.1", common_name=name)
        made.private_key_pem.write_to_path(str(files["key"]))
        made.cert_chain_pems[0].write_to_path(str(files["certificate"]))

    issue("first")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return files, issue, context


def name_of(at, context):
    """Return the common name in the certificate that is served."""
    address = ("127.0.0.1", at.port)
    with (
        socket.create_connection(address, timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as one,
    ):
        return dict(pair for (pair,) in one.getpeercert()["subject"])["commonName"]


def test_tls_with_tokens_serves_others_and_renews_its_certificate(app, paper):
    files, issue, context = paper
    settle(app)
    held = Limits(renewal_s=0.05)
    with served(app, listen=listen_at("0.0.0.0:0", **files), limits=held) as at:
        url = f"https://127.0.0.1:{at.port}/api/v1/state"
        known = {"Authorization": f"Bearer {TOKEN}"}
        answer = httpx.get(url, headers=known, verify=context)
        assert answer.status_code == 200
        assert "max-age" in answer.headers["strict-transport-security"]
        assert name_of(at, context) == "first"

        issue("second")
        for _ in range(200):
            if name_of(at, context) == "second":
                break
            threading.Event().wait(0.05)

        assert name_of(at, context) == "second"


def test_a_broken_renewal_keeps_the_certificate_that_works(paper):
    files, issue, _ = paper
    served_with = tls.Certificate(files["certificate"], files["key"])
    files["key"].write_text("rubbish")

    assert "cannot serve with the certificate" in served_with.renew()
    issue("third")
    assert served_with.renew() == ""


def test_a_certificate_that_cannot_be_used_is_said_without_its_text(paper, tmp_path):
    from reconciler.core.errors import InputError

    files, _, _ = paper
    secret = "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n"
    bad = Path(tmp_path / "bad.pem")
    bad.write_text(secret)

    with pytest.raises(InputError) as caught:
        tls.Certificate(files["certificate"], bad)

    assert str(bad) in str(caught.value)
    assert "U0VDUkVU" not in str(caught.value)


def test_an_end_of_a_token_counts_to_the_end_of_its_day(app):
    today = app.clock.now().date()
    for last, status in ((today, 200), (today - timedelta(days=1), 401)):
        settle(app)
        file = app.choices.directory / "reconcile.yaml"
        file.write_text(file.read_text().replace('"}', f'", expires: "{last}"}}'))
        app.__dict__.pop("settings", None)
        with served(app) as at, client_of(at, token=TOKEN) as client:
            assert client.get("/api/v1/state").status_code == status
