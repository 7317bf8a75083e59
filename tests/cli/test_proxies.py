"""Through real proxies: what goes wrong there is theirs, and their passwords stay."""

from __future__ import annotations

import json

import pytest

from reconciler.sandbox import sandbox_account
from tests import proxies

PASSWORD = "canary-of-the-proxy"
LOGIN = f"anna:{PASSWORD}"
NO_LENGTH = "Content-Length: 0\r\n\r\n"
KINDS = ("ccxt_crypto", "custom_api")


@pytest.fixture
def office(repo, sandbox, monkeypatch):
    """A repository that goes out through a proxy; the sandbox plays all behind it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(sandbox.info.ca_file))
    with (repo.path / "reconcile.yaml").open("a") as settings:
        settings.write(
            'network: {allow: ["127.0.0.1/32"]}\n'
            f'connectivity: {{check: ["tcp://127.0.0.1:{sandbox.info.port}"]}}\n'
        )
    return repo


def write(office, kind, proxy, *, timeout=20):
    """Write the connection `x` with a sealed proxy."""
    if kind == "ccxt_crypto":
        account = sandbox_account("binance")
        keys = {"api_key": account.api_key, "api_secret": account.api_secret}
        where = ("--provider", "binance")
    else:
        keys = {"api_key": sandbox_account("feed").api_key}
        url = "https://feed.sandbox.example/v1"
        where = ("--provider", "house", "--set", f"endpoint={url}")
    office.here(
        *("new", "x", "--type", kind, *where, "--set", f"timeout={timeout}"),
        *("--symbol", "BTC/USDT", "--timeframe", "1h", "--credentials-stdin"),
        stdin=json.dumps({**keys, "proxy": proxy}),
    )


def refused(office, kind, proxy, **more):
    """Return the diagnosis of a test through a proxy that does not let it through."""
    write(office, kind, proxy, **more)
    done = office.here("test", "connections.d/x.yaml", "--format", "json", code=5)
    assert PASSWORD not in done.out + done.err
    (test,) = done.json["tests"]
    return next(p["diagnosis"] for p in test["verdict"]["probes"] if p["diagnosis"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("login", ["", LOGIN])
def test_a_proxy_leads_to_the_provider(office, sandbox, kind, login):
    with proxies.running(sandbox.info.port, login=login) as proxy:
        write(office, kind, proxy.url)

        office.here("test", "connections.d/x.yaml")

    assert proxy.asked
    assert {one.rpartition(":")[2] for one in proxy.asked} == {"443"}


REFUSALS = {
    "HTTP/1.1 403 Forbidden\r\n": ("(403)", "allow the provider's host"),
    "HTTP/1.1 502 Bad Gateway\r\n": ("(502)", "ask who runs the proxy"),
    "what is that\r\n": ("no HTTP proxy", "check the proxy's address"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", REFUSALS)
def test_what_a_proxy_refuses_is_told_with_its_fix(office, sandbox, kind, answer):
    said, fix = REFUSALS[answer]
    with proxies.running(sandbox.info.port, answer=answer + NO_LENGTH) as proxy:
        found = refused(office, kind, proxy.url)

    assert found["category"] == "proxy_unreachable"
    assert said in found["summary"]
    assert fix in found["fix"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("login", ["", "anna:wrong-canary@"])
def test_a_login_that_a_proxy_does_not_take_is_its_own_failure(
    office, sandbox, kind, login
):
    with proxies.running(sandbox.info.port, login=LOGIN) as proxy:
        url = f"http://{login}127.0.0.1:{proxy.port}"
        found = refused(office, kind, url)

    assert found["category"] == "proxy_unreachable"
    assert "(407)" in found["summary"]
    assert "user and password" in found["fix"]
    assert "wrong-canary" not in str(found)


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_that_is_down_is_named(office, kind):
    found = refused(office, kind, f"http://{LOGIN}@127.0.0.1:1")

    assert found["category"] == "proxy_unreachable"


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_without_a_name_in_the_world_is_named(office, kind):
    found = refused(office, kind, f"http://{LOGIN}@nobody.invalid:3128")

    assert found["category"] == "proxy_unreachable"
    assert "its name does not resolve" in found["summary"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_that_hangs_is_named(office, sandbox, kind):
    with proxies.running(sandbox.info.port, answer="") as proxy:
        found = refused(office, kind, proxy.url, timeout=1)

    assert found["category"] == "proxy_unreachable"
    assert "did not open the way within 1 s" in found["summary"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_socks_proxy_is_refused_before_it_hears_of_anything(office, sandbox, kind):
    with proxies.running(sandbox.info.port, serve=proxies.socks5, login=LOGIN) as proxy:
        found = refused(office, kind, proxy.url.replace("http:", "socks5:"))

    assert found["category"] == "bad_url"
    assert "HTTP proxy" in found["summary"]
    assert proxy.heads == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_socks_proxy_that_is_called_an_http_proxy_is_none(office, sandbox, kind):
    with proxies.running(sandbox.info.port, serve=proxies.socks5) as proxy:
        found = refused(office, kind, proxy.url)

    assert found["category"] == "proxy_unreachable"
    assert "it hung up" in found["summary"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_providers_own_failure_behind_a_proxy_is_not_the_proxys(
    office, sandbox, kind
):
    sandbox.set_fault("*", "tls_wrong_host")
    with proxies.running(sandbox.info.port) as proxy:
        found = refused(office, kind, proxy.url)

    assert found["category"] == "tls_certificate"


def test_the_proxys_password_is_written_nowhere(office, sandbox):
    with proxies.running(sandbox.info.port, login=LOGIN) as proxy:
        write(office, "custom_api", proxy.url)
        said = [
            office.here("apply", "--yes"),
            office.here("test", "connections.d/x.yaml", "--trace"),
            office.here("sample", "x", "--limit", "2"),
            office.here("show", "x"),
        ]
    said.append(office.here("test", "x", "--trace", code=5))  # nobody listens there now

    written = "".join(one.out + one.err for one in said)
    files = [p for p in office.path.rglob("*") if p.is_file()]
    written += "".join(p.read_text(errors="replace") for p in files)
    assert "== x" in written
    assert PASSWORD not in written
    assert "YW5uYT" not in written  # the beginning of the login in base64
