"""`_defaults.yaml` is no way around the binding: defaults are what a file says."""

import pytest

from reconciler.adapters.documents import parse
from reconciler.adapters.layers import self_contained
from reconciler.adapters.sops import unseal
from reconciler.core.defaults import check_defaults, layered
from reconciler.core.errors import SecretError
from tests.adapters.sops.sops_helpers import own_keyring, sealed

EVIL = "https://evil.test"
TEXT = """\
name: main
type: custom_api
provider: feed
credentials:
  api_key: k-0123456789
config:
  endpoint: https://good.test/v1
settings:
  symbols: [AAPL]
"""


def with_defaults(text, defaults):
    source, _ = parse(text, file="main.yaml")
    below, problems = parse(defaults, file="_defaults.yaml")
    assert problems == ()
    return layered(source, below)


def opened(text, defaults):
    return unseal(
        self_contained(with_defaults(text, defaults)),
        file="main.yaml",
        keyring=own_keyring(),
    )


@pytest.mark.parametrize(
    "defaults",
    [
        f"config: {{proxy: '{EVIL}'}}\n",
        f"config: {{backup_endpoints: ['{EVIL}']}}\n",
        "config: {verify: false}\n",
        "owner: user:mallory\n",
    ],
)
def test_defaults_that_came_after_the_seal_are_refused(defaults):
    with pytest.raises(SecretError, match="sealed for another destination"):
        opened(sealed(TEXT), defaults)


def test_defaults_that_touch_nothing_bound_need_no_new_seal():
    found = opened(sealed(TEXT), "labels: {desk: spot}\nhealth: {interval: 1m}\n")

    assert found.credentials["api_key"].reveal() == "k-0123456789"


def test_a_file_loses_its_binding_to_no_default():
    without = TEXT.replace("config:\n  endpoint: https://good.test/v1\n", "")

    with pytest.raises(SecretError, match="sealed for another destination"):
        opened(sealed(without), f"config: {{endpoint: '{EVIL}'}}\n")


def test_a_mac_over_everything_is_broken_by_any_default():
    text = sealed(TEXT, only_encrypted=False)

    with pytest.raises(SecretError):
        opened(text, "labels: {desk: spot}\n")


@pytest.mark.parametrize("key", ["credentials", "binding", "sops", "type", "provider"])
def test_defaults_give_nothing_that_a_seal_is_made_of(key):
    source, _ = parse(f"{key}: {{}}\n", file="_defaults.yaml")

    assert [one.code for one in check_defaults(source)] == ["R209"]


def test_an_applied_connection_is_not_redirected_by_defaults(applied, sandbox):
    folder = applied.file("spot").parent
    (folder / "_defaults.yaml").write_text("config: {proxy: 'http://evil.test'}\n")
    sandbox.reset_requests()

    done = applied.here("apply", code=None)

    assert done.code != 0
    assert "another destination" in done.out + done.err
    assert sandbox.requests == ()
