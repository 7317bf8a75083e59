"""The environment moves no credentials, and no secret of it comes out in files."""

import pytest

from reconciler.adapters.documents import parse
from reconciler.adapters.layers import self_contained, surrounded, whole_data
from reconciler.adapters.sops import unseal
from reconciler.core.errors import SecretError
from reconciler.core.variables import Variables
from tests.adapters.sops.sops_helpers import own_keyring, sealed

TEXT = """\
name: main
type: custom_api
provider: feed
credentials:
  api_key: k-0123456789
config:
  endpoint: https://${HOST}/v1
settings:
  symbols: [AAPL]
"""
GOOD, EVIL = (Variables(values={"HOST": host}) for host in ("good.test", "evil.test"))
CANARY = "CanarySecret0123456789abcdefXYZ"


def bound_under(variables):
    return sealed(
        TEXT, merge=lambda data: whole_data(data, None, variables, file="main.yaml")
    )


def opened(text, variables):
    source, _ = parse(text, file="main.yaml")
    whole = surrounded(source, None, variables).source
    return unseal(self_contained(whole), file="main.yaml", keyring=own_keyring())


def test_the_values_of_the_seal_open_it():
    found = opened(bound_under(GOOD), GOOD)

    assert found.credentials["api_key"].reveal() == "k-0123456789"
    assert found.data["config"]["endpoint"] == "https://good.test/v1"


def test_another_value_is_another_destination():
    with pytest.raises(SecretError, match="sealed for another destination"):
        opened(bound_under(GOOD), EVIL)


def test_a_seal_over_the_text_alone_opens_nothing():
    with pytest.raises(SecretError, match="sealed for another destination"):
        opened(sealed(TEXT), EVIL)


def test_a_mac_over_everything_is_broken_by_any_variable():
    with pytest.raises(SecretError):
        opened(sealed(TEXT, only_encrypted=False), EVIL)


def test_nothing_sealed_is_expanded():
    text = sealed(TEXT.replace("k-0123456789", "k-${HOST}-0123456789"))
    source, _ = parse(text, file="main.yaml")

    whole = surrounded(source, None, EVIL).source

    assert whole.data["credentials"] == source.data["credentials"]


@pytest.mark.parametrize("name", ["SOPS_AGE_KEY", "HARMLESS"])
def test_a_secret_of_the_environment_comes_out_nowhere(repo, monkeypatch, name):
    monkeypatch.setenv(name, CANARY)
    (repo.path / "reconcile.yaml").write_text(f"variables: [{name}]\n")
    file = repo.path / "connections.d/leak.yaml"
    file.write_text(
        "type: ccxt_crypto\nprovider: binance\n"
        f"labels: {{a: '${{{name}}}'}}\nconfig: {{proxy: 'https://${{{name}}}.test'}}\n"
    )

    for arguments in (
        ("validate",),
        ("validate", "--format", "json"),
        ("validate", "--format", "sarif"),
        ("plan",),
        ("plan", "--format", "json"),
        ("apply",),
        ("explain", "leak"),
        ("status",),
    ):
        done = repo.here(*arguments, code=None)
        assert CANARY not in done.out + done.err, arguments
    for path in repo.path.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path
