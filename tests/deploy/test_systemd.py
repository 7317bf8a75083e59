"""The units, judged by systemd itself, and held to what the program can do."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from reconciler.cli.manual import every_command
from tests.deploy.deploy_files import DEPLOY, unit

UNITS = ("reconcile.service", "reconcile-once.service", "reconcile-once.timer",
         "reconcile.socket")  # fmt: skip
SERVICES = UNITS[:2]
PROGRAM = "/opt/reconcile/bin/reconcile"
analyze = shutil.which("systemd-analyze")
with_systemd = pytest.mark.skipif(not analyze, reason="no systemd-analyze here")


def analyzed(*arguments, cwd):
    return subprocess.run(
        (analyze, *arguments),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def installed(tmp_path):
    """The units, with a program that is there in the place of ours."""
    for name in UNITS:
        text = (DEPLOY / "systemd" / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace(PROGRAM, "/bin/true"))
    return tmp_path


@with_systemd
def test_systemd_finds_nothing_wrong_with_the_units(installed):
    done = analyzed("verify", "--man=no", *UNITS, cwd=installed)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@with_systemd
def test_the_check_sees_a_unit_that_is_wrong(installed):
    broken = installed / UNITS[0]
    broken.write_text(broken.read_text().replace("Type=notify", "Typ=notify"))

    assert "Typ" in analyzed("verify", "--man=no", UNITS[0], cwd=installed).stderr


@with_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_calls_the_services_well_shut_in(installed, name):
    done = analyzed(
        "security", "--offline=true", "--no-pager", "--threshold=20", name,
        cwd=installed,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout


def options_of_the_daemon():
    commands = {" ".join(path): command for path, command in every_command()}
    return {
        option
        for parameter in commands["reconcile daemon"].params
        for option in parameter.opts
    }


@pytest.mark.parametrize("name", SERVICES)
def test_the_services_start_the_daemon_with_options_that_it_has(name):
    (line,) = [value for _, key, value in unit(name) if key == "ExecStart"]
    words = line.split()
    after = words[words.index("daemon") + 1 :]

    assert words[0] == PROGRAM
    assert {word for word in after if word.startswith("--")} <= options_of_the_daemon()


@pytest.mark.parametrize("name", SERVICES)
def test_the_key_reaches_the_service_as_a_credential_of_systemd(name):
    settings = unit(name)

    assert ("Service", "LoadCredential", "age.key:/etc/reconcile/age.key") in settings
    assert ("Service", "Environment", "SOPS_AGE_KEY_FILE=%d/age.key") in settings
    assert ("Service", "LimitCORE", "0") in settings


def test_both_services_are_shut_in_alike():
    kept = [
        [one for one in unit(name) if one[1].startswith(("Protect", "Restrict",
         "Private", "SystemCall", "Capability", "NoNew", "Lock", "Limit", "UMask"))]
        for name in SERVICES
    ]  # fmt: skip

    assert kept[0] == kept[1]


def test_the_watched_daemon_reloads_and_has_time_to_end():
    settings = {key: value for _, key, value in unit(UNITS[0])}

    assert settings["Type"] == "notify"
    assert settings["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert int(settings["WatchdogSec"]) >= 30
    assert int(settings["TimeoutStopSec"]) > 30
