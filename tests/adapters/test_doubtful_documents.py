"""Documents that can be used, and that somebody should look at: warnings, no errors."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.adapters.providers.ccxt_crypto.checks import check
from reconciler.adapters.providers.registry import find_adapters
from reconciler.adapters.source import FileSource
from reconciler.core.connection import Connection
from reconciler.core.diagnostic import Severity

DOUBTFUL = Path(__file__).parents[1] / "data/doubtful"
PLACES = {
    "r110.yaml": "1:1 R110",
    "r111.yaml": "1:1 R111",
    "r112.yaml": "1:1 R112",
    "r113.yaml": "1:1 R113",
    "r315.yaml": "7:15 R315",
    "r316.yaml": "7:15 R316",
}
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def read(folder, *, lengths=True, files=()):
    return FileSource(
        directory=folder,
        connections=".",
        adapters=find_adapters,
        files=files,
        cache=False,
        lengths=lengths,
        now=lambda: NOW,
    ).read()


@pytest.mark.parametrize("name", [path.name for path in DOUBTFUL.iterdir()])
def test_a_doubtful_document_shows_its_code_and_stays_usable(name):
    found = read(DOUBTFUL, files=[Path(name)])

    (problem,) = found.diagnostics
    place = f"{problem.span.line}:{problem.span.column} {problem.code}"
    assert place == PLACES[name]
    assert problem.severity is Severity.WARNING
    assert found.heads.keys() == {name.removesuffix(".yaml")}


def test_lengths_are_no_evidence_where_keys_are_pretended():
    found = read(DOUBTFUL, lengths=False)

    codes = [item.code for item in found.diagnostics]
    assert [code for code in codes if code.startswith("R3")] == ["R316"]


@pytest.mark.parametrize(
    ("provider", "name", "size", "said"),
    [
        ("binance", "api_key", 64, ""),
        ("binance", "api_key", 65, "a line end or a blank longer than what Binance"),
        ("binance", "api_secret", 66, "a line end or a blank longer"),
        ("binance", "api_secret", 63, "shorter than what Binance issues"),
        ("binance", "api_secret", 119, ""),  # an Ed25519 key as PEM
        ("binance", "api_secret", 1704, ""),  # an RSA key as PEM
        ("binance", "api_key", 20, ""),  # a placeholder
        ("binanceusdm", "api_key", 65, "longer"),
        ("kraken", "api_key", 57, "longer"),
        ("kraken", "api_secret", 87, "shorter"),
        ("kucoin", "api_key", 25, "longer"),
        ("okx", "api_secret", 31, "shorter"),
        ("bitstamp", "api_key", 31, ""),  # nobody told us how long its keys are
    ],
)
def test_only_what_is_hardly_a_key_is_doubted(provider, name, size, said):
    connection = Connection(
        name="a", type="ccxt_crypto", provider=provider, credential_lengths={name: size}
    )

    found = [item.message for item in check(connection) if item.code == "R315"]

    assert len(found) == bool(said)
    assert said in "".join(found)
