"""init, keygen, new, encrypt, decrypt, schema, validate."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess

import pytest
import yaml

from tests.cli.cli_runner import command_line

SECRET = "p%20\"a's$s\nwörd: {#}"


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def key_file(repo):
    return repo.path.parent / "home/config/sops/age/keys.txt"


def test_init_writes_a_repository_that_validates(bare):
    done = bare.here("init", "--age-recipient", "age1xyz")

    files = done.out.split()
    assert "reconcile.yaml" in files
    assert all((bare.path / file).is_file() for file in files)
    assert "age1xyz" in bare.read(".sops.yaml")
    assert ".reconcile/" in bare.read(".gitignore")
    assert "reconcile new" in done.err
    bare.here("validate")


def test_init_names_the_workspace_after_the_folder(bare):
    bare.here("init", "My Desk!")

    settings = yaml.safe_load(bare.read("My Desk!/reconcile.yaml"))
    assert settings == {"version": 1, "workspace": "my-desk"}


def test_every_setting_that_init_comments_out_is_the_default(bare):
    bare.here("init")
    text = bare.read("reconcile.yaml")
    lines = text[text.index("# connections:") :].splitlines()
    keys = [line for line in lines if line.lstrip("# ").split(" ")[0].endswith(":")]
    (bare.path / "reconcile.yaml").write_text(
        "\n".join(line.removeprefix("# ") for line in keys)
    )

    bare.here("plan")


def test_init_replaces_nothing(bare):
    (bare.path / ".gitignore").write_text("mine\n")

    done = bare.here("init", code=1)

    assert "already there: .gitignore" in done.err
    assert not (bare.path / "reconcile.yaml").exists()
    bare.here("init", "--force")
    assert ".reconcile/" in bare.read(".gitignore")


def test_keygen_writes_a_private_file_and_prints_the_public_key(bare):
    public = bare.here("keygen", "-o", "my.agekey").out.strip()

    text = bare.read("my.agekey")
    assert public.startswith("age1")
    assert f"# public key: {public}\n" in text
    assert mode_of(bare.path / "my.agekey") == 0o600


def test_keygen_never_replaces_a_key(repo):
    before = key_file(repo).read_text()

    done = repo.here("keygen", code=1)

    assert "is not replaced" in done.err
    assert key_file(repo).read_text() == before


def test_new_seals_what_comes_on_stdin(repo):
    repo.new("spot", api_key="AK", api_secret=SECRET)

    text = repo.file("spot").read_text()
    assert text.startswith("# yaml-language-server: $schema=../schemas/")
    assert "wörd" not in text
    assert repo.here("decrypt", repo.file("spot"), "--extract", "api_secret").out == (
        SECRET
    )


def test_new_reads_lines_as_well_as_json(repo):
    arguments = ("--type", "ccxt_crypto", "--provider", "binance")
    lines = "api_key=AK\n\napi_secret=a=b c\n"

    repo.here("new", "spot", *arguments, "--credentials-stdin", stdin=lines)

    plain = repo.here("decrypt", repo.file("spot"), "--extract", "api_secret").out
    assert plain == "a=b c"


def test_new_says_everything_it_was_told(repo):
    repo.here(
        *("new", "feed", "--type", "custom_api", "--provider", "in-house"),
        *("--owner", "user:alice", "--label", "desk=fx", "--label", "n=1"),
        *("--symbol", "AAPL", "--symbol", "ON", "--timeframe", "1h"),
        *("--set", "endpoint=https://x.example.com/v1", "--set", "rate_limit=60"),
        *("--protected", "--inactive", "--credentials-stdin"),
        stdin='{"api_key": "k"}',
    )

    data = yaml.safe_load(repo.file("feed").read_text())
    assert data["owner"] == "user:alice"
    assert data["labels"] == {"desk": "fx", "n": "1"}
    assert data["settings"] == {"symbols": ["AAPL", "ON"], "timeframes": ["1h"]}
    assert data["config"]["endpoint"] == "https://x.example.com/v1"
    assert data["config"]["rate_limit"] == 60
    assert (data["protected"], data["active"]) == (True, False)


def test_a_setting_that_is_sealed_does_not_stand_in_config_too(repo):
    repo.new(
        "feed",
        provider="in-house",
        kind="custom_api",
        api_key="k",
        endpoint="https://x.example.com",
    )

    assert "md.example.com" not in repo.file("feed").read_text()


def test_new_without_credentials_leaves_places_to_fill_in(repo):
    arguments = ("--type", "ccxt_crypto", "--provider", "binance")
    done = repo.here("new", "spot", *arguments)

    assert "run 'reconcile encrypt connections.d/spot.yaml'" in done.err
    assert "PASTE-HERE" in repo.file("spot").read_text()
    repo.here("validate", code=3)
    done = repo.here("encrypt", "connections.d/spot.yaml", code=1)
    assert "still says PASTE-HERE for api_key, api_secret" in done.err


def test_new_writes_nothing_it_cannot_seal(bare):
    bare.here("keygen")
    arguments = ("--type", "ccxt_crypto", "--provider", "binance")

    done = bare.here(
        "new", "spot", *arguments, "--credentials-stdin", stdin="api_key=x", code=1
    )

    assert "nobody to seal for" in done.err
    assert not bare.file("spot").exists()


def test_new_asks_nobody_who_is_not_there(repo):
    arguments = ("--type", "ccxt_crypto", "--provider", "binance")

    done = repo.here("new", "spot", *arguments, "--credential", "api_key", code=64)

    assert "--credentials-stdin" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("Spot", "--type", "ccxt_crypto", "--provider", "binance"), 1, "the name"),
        (("../up", "--type", "ccxt_crypto", "--provider", "binance"), 1, "no folder"),
        (("a", "--type", "ccxt_cryptoo", "--provider", "x"), 1, "did you mean"),
        (("spot", "--type", "ccxt_crypto", "--provider", "binance"), 1, "is there"),
        (("b", "--type", "ccxt_crypto"), 64, "--provider"),
        (
            ("c", "--type", "ccxt_crypto", "--provider", "binace", "--public"),
            3,
            "binance",
        ),
    ],
)
def test_new_refuses_what_cannot_be(repo, arguments, code, said):
    repo.new("spot")

    assert said in repo.here("new", *arguments, code=code).err


@pytest.mark.parametrize("stdin", ["{not json s3cr3t", "s3cr3t", "", '["s3cr3t"]'])
def test_rubbish_on_stdin_is_refused_without_being_shown(repo, stdin):
    arguments = ("--type", "ccxt_crypto", "--provider", "binance")

    done = repo.here(
        "new", "spot", *arguments, "--credentials-stdin", stdin=stdin, code=None
    )

    assert done.code in {1, 64}
    assert "s3cr3t" not in done.err
    assert not repo.file("spot").exists()


def test_encrypt_touches_only_what_it_must(repo):
    repo.new("spot", api_key="AK", api_secret="AS")
    file = repo.file("spot")
    file.chmod(0o640)
    before = file.read_text(), file.stat().st_mtime_ns

    done = repo.here("encrypt", "connections.d/spot.yaml")

    assert done.out.split() == ["unchanged", "connections.d/spot.yaml"]
    assert (file.read_text(), file.stat().st_mtime_ns) == before


def test_encrypt_keeps_mode_and_old_ciphertext(repo):
    repo.new("spot", api_key="AK", api_secret="AS")
    file = repo.file("spot")
    file.chmod(0o640)
    old = next(line for line in file.read_text().splitlines() if "api_key:" in line)

    done = repo.reseal("spot", "api_secret", "other")

    assert done.out.startswith("sealed ")
    assert old in file.read_text()
    assert mode_of(file) == 0o640


def test_a_changed_destination_takes_rebind(repo):
    repo.new("spot", api_key="AK", api_secret="AS")
    repo.edit("spot", "provider: binance", "provider: kraken")

    done = repo.here("encrypt", "connections.d/spot.yaml", code=1)

    assert "--rebind" in done.err
    repo.here("encrypt", "--rebind", "connections.d/spot.yaml")


def test_decrypt_writes_a_private_file(repo):
    repo.new("spot", api_key="AK", api_secret=SECRET)

    done = repo.here("decrypt", repo.file("spot"), "-o", "plain.yaml")

    assert done.out == ""
    assert (
        yaml.safe_load(repo.read("plain.yaml"))["credentials"]["api_secret"] == SECRET
    )
    assert mode_of(repo.path / "plain.yaml") == 0o600


def test_decrypt_never_replaces_the_sealed_file(repo):
    repo.new("spot", api_key="AK", api_secret=SECRET)
    file = repo.file("spot")

    repo.here(
        "decrypt", file, "-o", "connections.d/../connections.d/spot.yaml", code=64
    )

    assert "ENC[" in file.read_text()


def test_decrypt_without_a_key_says_where_it_looked(repo):
    repo.new("spot", api_key="AK", api_secret="AS")
    key_file(repo).unlink()

    done = repo.here("decrypt", repo.file("spot"), code=1)

    assert "SOPS_AGE_KEY_FILE" in done.err
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.parametrize("kind", ["connection", "defaults", "config", "plan", "report"])
def test_schema_prints_each_schema(bare, kind):
    assert bare.here("schema", kind).json["$id"].endswith(f"{kind}:1")


def test_validate_tells_every_problem_with_its_place(repo):
    repo.file("a").write_text("name: a\ntype: ccxt_crypto\nactive: maybe\n")
    repo.file("b").write_text("- 1\n")

    done = repo.here("validate", code=3)

    assert "connections.d/a.yaml:3:9  R203" in done.out
    assert "    3 | active: maybe" in done.out
    assert "connections.d/b.yaml" in done.out
    found = repo.here("validate", "--format", "json", code=3).json
    assert found["file_count"] == 2


def test_validate_looks_at_the_files_it_is_given(repo):
    repo.file("a").write_text("name: a\n")
    repo.new("good")

    repo.here("validate", repo.file("good"))
    repo.here("validate", "nowhere.yaml", code=3)


def test_strict_makes_warnings_count(repo):
    repo.new("spot", api_key="AK", api_secret="AS")
    text = repo.file("spot").read_text()
    kept = [x for x in text.splitlines(keepends=True) if not x.startswith("binding:")]
    bare_text = "".join(kept).replace("    mac_only_encrypted: true\n", "")
    repo.file("spot").write_text(bare_text)

    repo.here("validate")
    repo.here("validate", "--strict", code=3)


def test_odd_file_names_do_not_drive_the_terminal(repo):
    name = os.fsdecode(b"connections.d/ev\x1b[31mil\xff.yaml")
    try:
        (repo.path / name).write_text("name: x\n")
    except (OSError, UnicodeEncodeError):
        pytest.skip("the file system takes no such name")

    done = repo.here("validate", code=3)

    assert "\x1b" not in done.out + done.err
    json.loads(repo.here("validate", "--format", "json", code=3).out)


MISTAKES = [
    (("--type", "ccxt_crypto", "--provider", "krakn"), "did you mean 'kraken'?"),
    (("--type", "ccxt_crypto", "--provider", "huobi"), "now called 'htx'"),
    (("--type", "ccxt_crypto", "--provider", "gateio"), "now called 'gate'"),
    (("--type", "ccxt_crypto", "--provider", "ftx"), "closed in November 2022"),
    (
        ("--type", "ccxt_crypto", "--provider", "kraken", "--timeframe", "7m"),
        "Kraken has no timeframe '7m'",
    ),
    (("--type", "mtapi", "--provider", "x", "--timeframe", "1h"), "'H1'"),
    (("--type", "mtapi", "--provider", "x", "--public"), "'api_key' is missing"),
    (("--type", "mtapi", "--provider", "x", "--owner", "bob"), "owner"),
]


@pytest.mark.parametrize(("options", "said"), MISTAKES)
def test_new_writes_no_file_that_would_be_invalid(repo, options, said):
    done = repo.here("new", "fresh", *options, code=3)

    assert said in done.err
    assert "Nothing was written." in done.err
    assert "connections.d/fresh.yaml:" in done.err
    assert done.out == ""
    assert not repo.file("fresh").exists()


def test_new_tells_a_missing_credential_before_it_writes(repo):
    arguments = ("--type", "ccxt_crypto", "--provider", "okx", "--credentials-stdin")

    done = repo.here("new", "fresh", *arguments, stdin="api_key=hunter2x\n", code=3)

    assert "'api_passphrase' is missing" in done.err
    assert "hunter2x" not in done.err
    assert not repo.file("fresh").exists()


def test_new_needs_somebody_to_seal_for_before_it_asks(bare):
    bare.here("init")
    arguments = ("--type", "mtapi", "--provider", "x", "--credentials-stdin")

    done = bare.here(
        "new", "fresh", *arguments, stdin="api_key=a\naccount_id=b\n", code=1
    )

    assert "nobody to seal for" in done.err
    assert not bare.file("fresh").exists()


def test_new_asks_a_terminal_for_what_the_provider_needs(repo):
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command_line(
            *("new", "spot", "--type", "ccxt_crypto", "--provider", "binance"),
            *("--symbol", "BTC/USDT", "--timeframe", "1h"),
        ),
        cwd=repo.path,
        env=repo.environment(),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    seen = ""
    for prompt, answer in (("api_key: ", "typed-key"), ("api_secret: ", "hunter2")):
        while not seen.endswith(prompt):
            seen += os.read(master, 1000).decode()
        os.write(master, f"{answer}\n".encode())
    assert process.wait(timeout=30) == 0
    os.close(master)

    text = repo.read("connections.d/spot.yaml")
    assert "api_key: ENC[" in text
    assert "api_secret: ENC[" in text
    assert "typed-key" not in seen + text
    assert "hunter2" not in seen + text


def test_new_leaves_places_to_fill_in_when_that_is_asked_for(repo):
    repo.here("new", "spot", "--type", "ccxt_crypto", "--provider", "okx", "--later")

    assert 'api_passphrase: "PASTE-HERE"' in repo.read("connections.d/spot.yaml")


def test_the_environment_of_sops_names_recipients_as_well(bare, monkeypatch):
    public = bare.here("keygen").out.strip()
    monkeypatch.setenv("SOPS_AGE_RECIPIENTS", f" {public} , ")
    arguments = ("--type", "ccxt_crypto", "--provider", "binance")

    bare.here(
        *("new", "spot", *arguments, "--credentials-stdin"),
        stdin='{"api_key": "k", "api_secret": "s"}',
    )

    assert f"recipient: {public}" in bare.file("spot").read_text()
