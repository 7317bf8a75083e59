"""`${NAME}` through the command line: declared, set, kept, and reviewed without."""

import shutil

import pytest

from reconciler.sandbox import sandbox_account
from tests.cli.test_policy import HEAD, write
from tests.cli.test_validate_since import commit, git

FILE = HEAD + "labels: {desk: '${DESK}'}\nsettings: {symbols: [BTC/USDT]}\n"


@pytest.fixture
def declared(live):
    """A repository that declares two variables, of which one is set."""
    (live.path / "reconcile.yaml").write_text(
        "workspace: test\nvariables: [DESK, FEED_HOST]\n"
    )
    live.monkeypatch.setenv("DESK", "spot")
    return live


def codes(repo, *arguments, code=3):
    shown = repo.here("validate", "--format", "json", *arguments, code=code).json
    return [one["code"] for one in shown["diagnostics"]]


def test_the_store_keeps_what_the_variable_said(declared):
    write(declared, "pub.yaml", FILE)
    declared.here("apply")
    declared.monkeypatch.delenv("DESK")

    assert "desk=spot" in declared.here("show", "pub").out
    assert "pub" in declared.here("test", "pub").out


def test_another_value_is_a_change(declared):
    write(declared, "pub.yaml", FILE)
    declared.here("apply")
    assert "No changes." in declared.here("plan").out
    declared.monkeypatch.setenv("DESK", "fx")

    (change,) = declared.here("plan", "--format", "json").json["changes"]

    assert [(one["path"], one["after"]) for one in change["fields"]] == [
        ("labels.desk", "fx")
    ]


def test_what_is_not_set_is_invalid_and_left_alone(declared):
    write(declared, "pub.yaml", FILE)
    declared.here("apply")
    declared.monkeypatch.delenv("DESK")

    assert codes(declared) == ["R211"]
    plan = declared.here("plan", "--format", "json", code=3).json
    assert (plan["changes"], plan["invalid"]) == ([], ["pub"])


def test_a_review_may_do_without_the_values(declared):
    write(declared, "pub.yaml", FILE)
    write(
        declared,
        "feed.yaml",
        "type: custom_api\nprovider: feed\nconfig: {endpoint: 'https://${FEED_HOST}'}\n"
        "settings: {symbols: [AAPL]}\n",
    )
    declared.monkeypatch.delenv("DESK")

    assert codes(declared) == ["R211", "R211"]
    assert codes(declared, "--allow-unset", code=0) == []


def test_a_review_without_the_values_still_finds_what_is_wrong(declared):
    write(declared, "pub.yaml", FILE + "ownr: x\n")
    declared.monkeypatch.delenv("DESK")

    assert codes(declared, "--allow-unset") == ["R201"]


@pytest.mark.skipif(not shutil.which("git"), reason="Git is not here")
def test_a_plan_of_a_branch_may_do_without_the_values(declared):
    git(declared, "init", "-q", "-b", "main")
    write(declared, "pub.yaml", FILE)
    commit(declared)
    git(declared, "switch", "-qc", "topic")
    write(declared, "pub.yaml", FILE.replace("'${DESK}'", "'${DESK}-2'"))
    declared.monkeypatch.delenv("DESK")

    plan = declared.here(
        "plan", "--base", "main", "--allow-unset", "--format", "json"
    ).json

    (field,) = plan["changes"][0]["fields"]
    assert (field["before"], field["after"]) == ("${DESK}", "${DESK}-2")


def test_apply_and_a_plan_of_all_know_every_value(declared):
    declared.here("plan", "--allow-unset", code=64)
    declared.here("apply", "--allow-unset", code=64)


def test_a_sealed_file_is_bound_to_the_value_it_was_sealed_under(declared):
    account = sandbox_account("feed")
    declared.monkeypatch.setenv("FEED_HOST", "feed.sandbox.example")
    write(
        declared,
        "feed.yaml",
        "type: custom_api\nprovider: feed\n"
        f"credentials: {{api_key: {account.api_key}}}\n"
        "config: {endpoint: 'https://${FEED_HOST}/v1', authentication_method: bearer}\n"
        "settings: {symbols: [AAPL], timeframes: [1h]}\n",
    )
    declared.here("encrypt", "connections.d/feed.yaml")
    declared.here("apply")
    declared.monkeypatch.setenv("FEED_HOST", "evil.test")

    done = declared.here("apply", code=None)

    assert "another destination" in done.out + done.err
    assert "No changes." not in done.out
    declared.monkeypatch.setenv("FEED_HOST", "feed.sandbox.example")
    assert "feed" in declared.here("test", "feed").out


def test_explain_shows_the_value_and_where_it_is_named(declared):
    write(declared, "pub.yaml", FILE)

    shown = declared.here("explain", "pub").out

    line = next(one for one in shown.splitlines() if one.startswith("labels.desk"))
    assert line.split() == ["labels.desk", "spot", "connections.d/pub.yaml:3"]
