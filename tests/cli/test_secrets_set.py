"""set and unset: values that are typed or piped, and never shown."""

from __future__ import annotations

import json
import stat
import subprocess

import pytest
import yaml

from tests.cli.cli_runner import command_line
from tests.cli.terminal import at_terminal

OKX = {"api_key": "k", "api_secret": "s", "api_passphrase": "p"}


@pytest.fixture
def spot(repo):
    repo.new("spot", api_key="the-key", api_secret="old-secret")
    return repo.file("spot")


def value_of(repo, key, name="spot"):
    return repo.here("decrypt", name, "--extract", key).out


def test_a_value_from_stdin_is_sealed_and_the_rest_stays(repo, spot):
    spot.chmod(0o640)
    before = spot.read_text().splitlines()

    done = repo.here("set", "spot", "api_secret", "--stdin", stdin="new secret\n")

    assert done.out.split() == ["set", "connections.d/spot.yaml"]
    assert value_of(repo, "api_secret") == "new secret"
    new = [line for line in spot.read_text().splitlines() if line not in before]
    assert {line.split(":")[0].strip() for line in new} <= {
        *("api_secret", "lastmodified", "mac")
    }
    assert stat.S_IMODE(spot.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("piped", "kept"),
    [
        ("a\n", "a"),
        ("a\r\n", "a"),
        ("a\n\n", "a\n"),
        (" a", " a"),
        ("a\r\nb", "a\r\nb"),
    ],
)
def test_just_one_final_line_break_is_dropped(repo, spot, piped, kept):
    done = repo.here("set", spot, "api_secret", "--stdin", stdin=piped)

    shown = repo.here("decrypt", spot, "-o", "plain.yaml")
    assert shown.code == 0
    plain = yaml.safe_load((repo.path / "plain.yaml").read_bytes())
    assert plain["credentials"]["api_secret"] == kept
    assert ("Warning:" in done.err) is (kept.strip() != kept or "\n" in kept)


def test_several_values_come_as_one_json_object(repo, spot):
    values = {"api_key": "k2", "api_secret": "s2"}

    repo.here("set", "spot", *values, "--stdin", stdin=json.dumps(values))

    assert (value_of(repo, "api_key"), value_of(repo, "api_secret")) == ("k2", "s2")


def test_the_same_value_again_writes_nothing(repo, spot):
    before = spot.read_text(), spot.stat().st_mtime_ns

    done = repo.here("set", "spot", "api_secret", "--stdin", stdin="old-secret\n")

    assert done.out.startswith("unchanged")
    assert (spot.read_text(), spot.stat().st_mtime_ns) == before


def test_json_gives_numbers_and_booleans(repo):
    repo.new(
        *("feed", "in-house", "custom_api"),
        api_key="k",
        endpoint="https://x.example.com",
    )

    repo.here("set", "feed", "config.timeout", "--json", "--stdin", stdin="25\n")

    data = yaml.safe_load(repo.read("connections.d/feed.yaml"))
    assert data["config"]["timeout"] == 25
    assert repo.here("encrypt", "feed").out.startswith("unchanged")


WRONG = {
    "no object": (("api_key", "api_secret"), '"s3cr3t"', "one JSON object"),
    "no JSON": (("api_key", "api_secret"), "{s3cr3t", "one JSON object"),
    "other keys": (("api_key", "api_secret"), '{"s3cr3t": 1}', "just the keys"),
    "a list": (("api_key", "api_secret"), '{"api_key": ["s3cr3t"], "api_secret": ""}',
               "neither text nor a number"),
    "empty": (("api_key",), "\n", "stdin is empty"),
    "no number": (("api_key", "--json"), "s3cr3t", "no JSON number"),
    "a mapping": (("api_key", "--json"), '{"s3cr3t": 1}', "no JSON number"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_rubbish_on_stdin_writes_nothing_and_is_not_shown(repo, spot, kind):
    arguments, stdin, said = WRONG[kind]
    before = spot.read_text()

    done = repo.here("set", "spot", *arguments, "--stdin", stdin=stdin, code=1)

    assert said in done.err
    assert "s3cr3t" not in done.err
    assert spot.read_text() == before


def test_bytes_that_are_no_text_are_refused(repo, spot):
    done = subprocess.run(
        command_line("set", "spot", "api_secret", "--stdin"),
        cwd=repo.path,
        env=repo.environment(),
        input=b"s3cr3t\xff",
        capture_output=True,
        check=False,
    )

    assert done.returncode == 1
    assert b"not UTF-8" in done.stderr
    assert b"s3cr3t" not in done.stderr


@pytest.mark.parametrize("key", ["api_secret=s3cr3t", "s3cr3t==", "s3cr3t/+!", "-"])
def test_a_value_on_the_command_line_is_refused_and_not_repeated(repo, spot, key):
    done = repo.here("set", "spot", key, "--stdin", stdin="x", code=64)

    assert "KEY 1" in done.err
    assert "s3cr3t" not in done.err


def test_a_value_in_place_of_a_key_is_refused(repo, spot):
    before = spot.read_text()

    done = repo.here("set", "spot", "api_secret", "hunter2x9", "--stdin", code=None,
                     stdin='{"api_secret": "a", "hunter2x9": "b"}')  # fmt: skip

    assert done.code == 3
    assert "is not used" in done.err
    assert spot.read_text() == before


def test_nobody_at_a_terminal_is_told_of_stdin(repo, spot):
    assert "--stdin" in repo.here("set", "spot", "api_secret", code=64).err


def test_a_terminal_is_asked_without_showing_what_is_typed(repo, spot):
    answers = {"api_key: ": "typed-key\n", "api_secret: ": " typed-secret\n"}

    code, seen = at_terminal(repo, ("set", "spot", "api_key", "api_secret"), answers)

    assert code == 0, seen
    assert "typed" not in seen
    assert "Warning: the value of 'api_secret' begins or ends with a blank" in seen
    assert value_of(repo, "api_key") == "typed-key"
    assert value_of(repo, "api_secret") == " typed-secret"


def test_nobody_types_a_value_for_a_file_that_will_not_be_written(repo, spot):
    code, seen = at_terminal(repo, ("set", "spot", "nonsense"), {})

    assert code == 3, seen
    assert "nonsense: " not in seen


def test_a_template_takes_all_of_its_values_at_once(repo):
    repo.here("new", "spot", "--type", "ccxt_crypto", "--provider", "okx")
    some = {key: OKX[key] for key in ("api_key", "api_secret")}

    done = repo.here("set", "spot", *some, "--stdin", stdin=json.dumps(some), code=1)
    repo.here("set", "spot", *OKX, "--stdin", stdin=json.dumps(OKX))

    assert "still says PASTE-HERE for api_passphrase" in done.err
    assert value_of(repo, "api_passphrase") == "p"
    repo.here("validate")


def test_a_template_is_sealed_by_the_rule_of_sops_yaml(repo):
    rules = repo.path / ".sops.yaml"
    data = yaml.safe_load(rules.read_text())
    for rule in data["creation_rules"]:
        rule["encrypted_regex"] = "^(credentials|binding|labels)$"
        rule["mac_only_encrypted"] = False
    rules.write_text(yaml.safe_dump(data))
    repo.here("new", "spot", "--type", "ccxt_crypto", "--provider", "okx")

    repo.here("set", "spot", *OKX, "--stdin", stdin=json.dumps(OKX))

    block = yaml.safe_load(repo.file("spot").read_text())["sops"]
    assert block["encrypted_regex"] == "^(credentials|binding|labels)$"
    assert block.get("mac_only_encrypted") is not True


def test_unset_removes_what_is_not_needed(repo):
    repo.new("spot", **OKX, provider="okx")
    repo.edit("spot", "provider: okx", "provider: binance")
    repo.here("encrypt", "--rebind", "spot")
    assert repo.here("validate", code=3)

    done = repo.here("unset", "spot", "api_passphrase")

    assert done.out.split() == ["removed", "connections.d/spot.yaml"]
    assert "api_passphrase" not in repo.read("connections.d/spot.yaml")
    assert value_of(repo, "api_secret") == "s"
    repo.here("validate")


def test_unset_does_not_break_a_file(repo, spot):
    before = spot.read_text()

    done = repo.here("unset", "spot", "api_secret", code=3)

    assert "Nothing was written to connections.d/spot.yaml" in done.err
    assert "'api_secret' is missing" in done.err
    assert "old-secret" not in done.err
    assert spot.read_text() == before


def test_unset_of_what_is_not_there_changes_nothing(repo, spot):
    before = spot.read_text()

    done = repo.here("unset", "spot", "api_passphrase", "--format", "json")

    assert done.json["files"] == {"connections.d/spot.yaml": "unchanged"}
    assert "No value of that name stands in connections.d/spot.yaml" in done.err
    assert spot.read_text() == before


def test_every_value_can_be_replaced_by_somebody_without_a_key(repo, spot):
    keys = repo.path.parent / "home/config/sops/age/keys.txt"
    keys.rename(keys.with_name("away"))
    values = {"api_key": "k2", "api_secret": "s2"}

    one = repo.here("set", "spot", "api_key", "--stdin", stdin="k2", code=1)
    repo.here("set", "spot", *values, "--stdin", stdin=json.dumps(values))

    keys.with_name("away").rename(keys)
    assert "no identity" in one.err
    assert value_of(repo, "api_secret") == "s2"


def test_what_the_sealed_value_looks_like_is_told(repo, spot):
    done = repo.here("set", "spot", "api_secret", "--stdin", stdin="ab\n")

    assert "R316 warning:  'credentials.api_secret' is very short" in done.err


def test_an_unknown_name_is_told(repo):
    for command in (("set", "nothing", "a", "--stdin"), ("unset", "nothing", "a")):
        assert "'reconcile list'" in repo.here(*command, stdin="x", code=1).err
