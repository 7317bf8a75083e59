"""`doctor` looks at everything that the work hangs on, and says what to do."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.adapters import machine
from reconciler.adapters.stores import open_store
from reconciler.core.record import Commit
from tests.cli.test_validate_since import git


def found(repo, area, *arguments, code=None):
    """Return what `doctor` says of one area: standing, text and fix."""
    told = repo.here("doctor", "--format", "json", *arguments, code=code).json
    return [
        (one["standing"], one["text"], one["fix"])
        for one in told["checks"]
        if one["area"] == area
    ]


def standings(checks):
    return {standing for standing, *_ in checks}


def store_of(repo):
    return open_store(
        "tinydb:.reconcile/state.json", base=repo.path, now=lambda: datetime.now(UTC)
    )


@pytest.fixture
def committed(applied):
    git(applied, "init")
    git(applied, "add", "-A")
    git(applied, "-c", "commit.gpgsign=false", "commit", "-m", "x")
    return applied


def test_a_place_where_all_is_well_ends_with_zero(committed):
    done = committed.here("doctor")

    assert "broken" not in done.out
    assert "1 sealed file, and the keys at hand open them all" in done.out
    assert "tinydb:.reconcile/state.json: 1 record" in done.out


def test_without_a_key_it_names_every_place_where_one_was_looked_for(
    committed, tmp_path
):
    committed.monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "empty"))

    ((standing, text, fix),) = found(committed, "keys", code=1)

    assert standing == "broken"
    assert "no age key for 1 sealed file" in text
    assert "SOPS_AGE_KEY_FILE: not set" in text
    assert "SOPS_AGE_KEY_FILE" in fix


def test_a_key_that_opens_nothing_is_told_from_one_that_is_missing(committed, tmp_path):
    other = tmp_path / "other.agekey"
    committed.here("keygen", "-o", str(other))
    committed.monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "empty"))
    committed.monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(other))

    broken = [one for one in found(committed, "keys", code=1) if one[0] == "broken"]

    assert "1 of 1 sealed file cannot be opened" in broken[0][1]
    assert "spot.yaml" in broken[0][1]
    assert "updatekeys" in broken[0][2]


def test_a_key_file_that_others_may_read_is_a_warning(committed):
    key = committed.path.parent / "home/config/sops/age/keys.txt"
    key.chmod(0o644)

    (first, *_) = found(committed, "keys", code=0)

    assert first == (
        "warning",
        f"{key} can be read by others on this machine",
        f"chmod 600 {key}",
    )


def test_wrong_settings_are_told_with_their_place(committed):
    settings = committed.path / "reconcile.yaml"
    settings.write_text(settings.read_text() + "daemon: {rescan: soon}\n")

    ((standing, text, _),) = found(committed, "settings", code=1)

    assert standing == "broken"
    assert text.startswith("reconcile.yaml:")
    assert "daemon.rescan must be a duration" in text


def test_settings_that_stop_every_command_stop_no_other_check(committed):
    (committed.path / "reconcile.yaml").write_text("parallelism: none\n")

    told = committed.here("doctor", code=1).out

    assert "reconcile.yaml:1:14: R203" in told
    assert "Python" in told


def test_invalid_files_are_counted(committed):
    committed.edit("spot", "type: ccxt_crypto", "type: 7")

    ((standing, text, fix),) = found(committed, "files", code=1)

    assert (standing, fix) == ("broken", "run 'reconcile validate'")
    assert "1 error" in text


def test_no_repository_and_an_unguarded_report_are_warnings(applied):
    assert standings(found(applied, "git", code=0)) == {"warning"}
    git(applied, "init")
    (applied.path / ".gitignore").write_text("")

    (_, (standing, text, fix)) = found(applied, "git", code=0)

    assert standing == "warning"
    assert "report.json is not ignored" in text
    assert ".gitignore" in fix


def test_a_held_lock_is_told_with_its_holder_and_how_to_break_it(committed):
    with (
        closing(store_of(committed)) as store,
        store.lock(operation="apply", who="ada@desk") as held,
    ):
        checks = found(committed, "state", code=0)

    (told,) = [one for one in checks if one[0] == "warning"]
    assert "ada@desk holds the lock for apply" in told[1]
    assert held.id in told[2]


def test_a_damaged_store_is_told_and_the_rest_still_examined(committed):
    for file in (committed.path / ".reconcile").glob("state*"):
        if file.is_file():
            file.write_bytes(b"{rubbish")

    told = found(committed, "state", code=1)

    assert "broken" in standings(told)
    assert standings(found(committed, "machine")) == {"ok"}


def test_a_report_that_cannot_be_written_is_broken(committed):
    settings = committed.path / "reconcile.yaml"
    settings.write_text(settings.read_text() + "report: README/report.json\n")
    (committed.path / "README").write_text("a file where a folder is wanted")

    told = found(committed, "state", code=1)

    assert ("broken", "the report cannot be written to README/report.json") in [
        one[:2] for one in told
    ]


def test_a_clock_behind_what_was_recorded_is_broken(committed):
    later = datetime.now(UTC) + timedelta(days=2)
    with closing(store_of(committed)) as store:
        record = store.get("spot")
        store.commit(
            Commit(
                put=(replace(record, updated_at=later),),
                expected={"spot": record.version},
            )
        )

    told = found(committed, "clock", code=1)

    assert told[0][0] == "broken"
    assert f"{later:%Y-%m-%d}" in told[0][1]
    assert "NTP" in told[0][2]


def test_the_network_is_asked_only_when_wanted_and_without_a_key(committed, sandbox):
    sandbox.reset_requests()
    committed.here("doctor")
    assert sandbox.requests == ()

    told = found(committed, "egress", "--network", code=0)

    assert told[0][0] == "ok"
    assert told[0][1].startswith("binance answers in")
    assert sandbox.requests
    assert not any(request.authenticated for request in sandbox.requests)


def test_an_exchange_out_of_reach_is_told_with_its_fix(committed, sandbox):
    sandbox.set_fault("binance", "refused")

    ((standing, text, fix),) = found(committed, "egress", "--network", code=1)

    assert standing == "broken"
    assert text.startswith("binance: ")
    assert "firewall" in fix


def test_nothing_to_ask_is_no_fault(repo):
    assert standings(found(repo, "egress", "--network")) == {"skipped"}


def test_the_longest_mount_decides_where_a_file_lies(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/root / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\n"
        f"tmpfs {tmp_path}/local tmpfs rw 0 0\n"
    )
    (tmp_path / "local").mkdir()

    assert machine.remote_file_system(tmp_path / "state", mounts=mounts) == "nfs4"
    assert machine.remote_file_system(tmp_path / "local/s", mounts=mounts) == ""
    assert machine.remote_file_system(tmp_path / "s", mounts=tmp_path / "none") == ""
