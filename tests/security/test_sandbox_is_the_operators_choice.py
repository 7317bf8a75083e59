"""Nothing in a repository turns the sandbox on or off; in it nothing real is asked."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from reconciler.adapters.providers.network.session import open_network
from reconciler.core.errors import ReconcilerError

HOSTS = (
    *("api.binance.com", "10.0.0.1", "169.254.169.254", "[::1]", "[fe80::1]"),
    *("2130706433", "0x7f.1", "localhost", "example.com:8443", "[::ffff:8.8.8.8]"),
)


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_leads_to_loopback(sandbox, host):
    async def resolved():
        async with open_network(sandbox.file) as network:
            connector = network.session.connector
            name, _, port = host.strip("[]").partition(":")
            name = host.strip("[]") if host.startswith("[") else name
            return await connector._resolve_host(
                name, int(port) if port.isdigit() else 443
            )

    [found] = asyncio.run(resolved())

    assert found["host"] == "127.0.0.1"
    assert found["port"] == json.loads(sandbox.file.read_text())["port"]


@pytest.mark.parametrize("proxy", ["http://proxy.test:3128", "https://u:p@proxy.test"])
def test_no_proxy_leads_out_of_the_sandbox(sandbox, proxy):
    async def try_it():
        async with open_network(sandbox.file) as network:
            with pytest.raises(ReconcilerError):
                network.guarded(proxy)
            with pytest.raises(ReconcilerError):
                network.client(proxy)

    asyncio.run(try_it())


def test_a_proxy_of_the_environment_is_not_used(live, sandbox, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    live.new("public")

    assert live.here("test", "connections.d/public.yaml").code == 0


KEYS = ("sandbox", "sandbox_file", "ca_file", "ca", "tls", "verify", "environment")


@pytest.mark.parametrize("key", KEYS)
def test_reconcile_yaml_has_no_word_for_it(repo, key):
    Path("reconcile.yaml").write_text(f"{key}: sandbox.json\n")

    assert "R201" in repo.here("validate", code=3).out


@pytest.mark.parametrize(
    "key", [*KEYS[1:], "hostname", "urls", "aiohttp_proxy", "session"]
)
@pytest.mark.parametrize("place", ["config", "options"])
def test_a_connection_file_has_no_word_for_it(repo, key, place):
    value = f"{{{key}: x}}" if place == "config" else f"{{options: {{{key}: x}}}}"
    head = "name: spot\ntype: ccxt_crypto\nprovider: binance"
    repo.file("spot").write_text(f"{head}\nconfig: {value}\n")

    assert "R405" in repo.here("validate", code=3).out


def test_files_beside_the_repository_do_not_turn_it_on(repo, sandbox):
    for name in ("sandbox.json", ".env", ".reconcile/sandbox.json"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(
            sandbox.file.read_text()
            if name.endswith("json")
            else f"RECONCILE_SANDBOX={sandbox.file}\n"
        )
    repo.new("spot")

    done = repo.here("plan", code=None)

    assert "SANDBOX" not in done.out + done.err
