"""Sealed files as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.core.seals import FileSeal, Opener, SealDrift, SealedValue, Since, Tie
from reconciler.report.secrets import age_of, secrets_human, secrets_json

NOW = datetime(2026, 11, 23, tzinfo=UTC)
OLD = Since(at=NOW - timedelta(days=40), commit="c1")
YOUNG = Since(at=NOW - timedelta(days=3), commit="c2")
WELL = FileSeal(
    file="d/a.yaml",
    recipients=(Opener(recipient="age1qqqqqqqqqqqqqqqqqqqqqqqqqq", name="bob"),),
    config=".sops.yaml",
    rule="",
    data_key=OLD,
    credentials=(
        SealedValue(name="api_key", since=YOUNG),
        SealedValue(name="api_secret", since=OLD),
    ),
    binding=Tie.BOUND,
)


def test_nothing_sealed_is_said():
    assert secrets_human([], now=NOW) == "No sealed files.\n"


def test_the_oldest_credential_is_the_one_to_see():
    text = secrets_human([WELL], now=NOW)

    assert "api_secret, 40 days ago" in text
    assert text.endswith("1 sealed file: nothing drifted.\n")


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (None, "-"),
        (Since(), "not committed"),
        (OLD, "40 days ago"),
        (Since(at=OLD.at, exact=False), "40 days ago or earlier"),
    ],
)
def test_how_sure_an_age_is_goes_with_it(since, said):
    assert age_of(since, NOW) == said


@pytest.mark.parametrize(
    ("binding", "fix"),
    [
        (Tie.UNBOUND, "'reconcile encrypt d/a.yaml'"),
        (Tie.MISMATCH, "'reconcile encrypt --rebind d/a.yaml'"),
    ],
)
def test_a_missing_tie_comes_with_its_fix(binding, fix):
    text = secrets_human([FileSeal(file="d/a.yaml", binding=binding)], now=NOW)

    assert fix in text
    assert f"1 {binding}" in text


def test_details_come_with_verbose_only():
    short, long = (secrets_human([WELL], now=NOW, verbose=v) for v in (False, True))

    assert "(bob)" not in short
    assert "opened by age1qqqqqqqq…qqqqqq (bob)" in long
    assert "(for every file) of .sops.yaml" in long


def test_what_a_file_says_cannot_reach_the_terminal_as_it_is():
    drift = SealDrift(code="R310", message="\x1b[31m", fix="\x07")
    seal = FileSeal(
        file="\x1b]0;x.yaml", problem="\x1b[2J", drift=(drift,),
        recipients=(Opener(recipient="\x1b", name="\x1b"),), rule="\x1b",
    )  # fmt: skip

    for verbose in (False, True):
        assert "\x1b" not in secrets_human([seal], now=NOW, verbose=verbose)
    assert "\x1b" not in secrets_json([seal])
