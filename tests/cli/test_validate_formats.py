"""`validate` for pipelines: formats, files, rule sets, and allowed warnings."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from xml.dom import minidom

import pytest

from tests.cli.cli_runner import ROOT

GOOD = "type: ccxt_crypto\nprovider: binance\n"
BAD = f"{GOOD}ownr: admin\n"
DOUBTFUL = ROOT / "tests/data/doubtful/r316.yaml"
ALLOW = "# reconcile: allow R316 until {day} because it is a test key\n"
HUMAN = """
from reconciler.cli.boundary import run
import sys
run(["validate"])
print(*sorted(name for name in sys.modules if name.startswith("reconciler.")))
"""


@pytest.fixture
def written(repo):
    """A repository with a good file, a bad one and a doubtful one."""
    (repo.path / ".sops.yaml").unlink()
    repo.file("good").write_text(GOOD)
    repo.file("bad").write_text(BAD)
    shutil.copy(DOUBTFUL, repo.file("r316"))
    return repo


def in_a_month():
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


def allow(repo, day):
    file = repo.file("r316")
    file.write_text(ALLOW.format(day=day) + file.read_text())


def codes(done):
    return [one["code"] for one in done.json["diagnostics"]]


def test_people_are_told_where_to_read_on(written):
    said = written.here("validate", code=3).err

    assert "'reconcile explain R201' tells more of a problem." in said
    assert "There is no file" not in said


def test_an_empty_folder_says_how_to_begin(repo):
    for command in ("validate", "plan"):
        said = repo.here(command).err
        assert "no file in connections.d yet; 'reconcile new' writes one" in said


def test_github_shows_what_to_mend(written):
    shown = written.here("validate", "--format", "github", code=3).out.splitlines()

    assert shown[0].startswith(
        "::error file=connections.d/bad.yaml,line=3,col=1,title="
    )
    assert shown[1].startswith("::warning file=connections.d/r316.yaml,line=")
    assert shown[2] == "1 error, 1 warning in 2 files."


@pytest.mark.skipif(not shutil.which("git"), reason="Git is not here")
def test_places_begin_at_the_top_of_the_repository(written):
    top = written.path.parent
    subprocess.run(["git", "init", "-q", str(top)], check=True)

    shown = written.here("validate", "--format", "github", code=3).out
    sarif = written.here("validate", "--format", "sarif", code=3).json

    assert "file=repo/connections.d/bad.yaml," in shown
    place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "repo/connections.d/bad.yaml"


def test_junit_has_every_file(written):
    copy = written.path / "connections.d/more"
    copy.mkdir()
    (copy / "good.yaml").write_text(GOOD)

    shown = written.here("validate", "--format", "junit", code=3).out

    cases = minidom.parseString(shown).getElementsByTagName("testcase")  # noqa: S318
    failed = [
        one.getAttribute("name") for one in cases if one.getElementsByTagName("failure")
    ]
    assert len(cases) == 4
    assert failed == ["connections.d/bad.yaml", "connections.d/more/good.yaml"]


def test_a_format_goes_to_a_file_and_people_read_on(written):
    done = written.here("validate", "--format", "sarif", "-o", "p.sarif", code=3)

    assert json.loads(written.read("p.sarif"))["version"] == "2.1.0"
    assert "1 error, 1 warning in 2 files.\n" in done.out
    assert "Written: p.sarif" in done.err


def test_people_pay_for_no_other_format(written):
    done = subprocess.run(
        (sys.executable, "-c", HUMAN),
        cwd=written.path,
        env=written.environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = set(done.stdout.splitlines()[-1].split())
    assert "reconciler.report.diagnostics" in loaded
    assert (
        not {
            "reconciler.report.annotations",
            "reconciler.report.junit",
            "reconciler.report.sarif",
            "reconciler.adapters.git_setup",
        }
        & loaded
    )


def test_warnings_are_chosen_by_code_and_errors_always_told(written):
    def told(*arguments):
        return codes(written.here("validate", "--format", "json", *arguments, code=3))

    assert told() == ["R201", "R316"]
    assert told("--ignore", "R316") == told("--ignore", "r3,R2") == ["R201"]
    assert told("--select", "R1") == ["R201"]
    assert told("--select", "R3", "--select", "R1") == ["R201", "R316"]


@pytest.mark.parametrize("code", ["R999", "X", "", "R31x"])
def test_a_code_that_does_not_exist_is_wrong_usage(repo, code):
    done = repo.here("validate", "--ignore", code, code=64)

    assert f"there is no code '{code.upper()}'" in done.err


def test_a_comment_allows_a_warning_for_a_time(written):
    written.file("bad").unlink()
    written.here("validate", "--strict", code=3)
    allow(written, in_a_month())

    quiet = written.here("validate", "--strict")
    told = written.here("-v", "validate")
    shown = written.here("validate", "--format", "json").json

    assert quiet.out == "No problems. Comments allow 1 warning.\n"
    assert "r316.yaml:8:15  R316 allowed until" in told.out
    assert "it is a test key" in told.out
    assert (shown["warning_count"], shown["allowed_count"]) == (0, 1)
    assert shown["allowed"][0]["reason"] == "it is a test key"
    assert "R316" not in written.here("plan").err


def test_the_comment_ends_on_its_day_also_when_nothing_else_changed(written):
    written.file("bad").unlink()
    allow(written, "2026-01-31")

    for _ in range(2):
        done = written.here("validate", "--format", "json")
        assert codes(done) == ["R111", "R316"]


def test_a_comment_allows_no_error(written):
    written.file("bad").write_text(ALLOW.format(day=in_a_month()) + BAD)
    written.edit("bad", "R316", "R201")

    done = written.here("validate", "--format", "json", code=3)

    assert codes(done) == ["R113", "R201", "R316"]
