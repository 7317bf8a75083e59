"""One bad connection never holds back the others, and is never a success."""

import json

import pytest

from reconciler.adapters import sops
from reconciler.sandbox import running_sandbox, sandbox_account
from tests.story.test_kill_dash_nine import DOCUMENT, NOW, command, finished

FLEET = 50
BAD = "feed-17"


@pytest.fixture
def repository(tmp_path):
    private, public = sops.generate_identity(NOW)
    (tmp_path / "key.txt").write_text(private.reveal())
    folder = tmp_path / "connections.d"
    folder.mkdir()
    for index in range(FLEET):
        file = folder / f"feed-{index:02}.yaml"
        good = sandbox_account("feed").api_key
        key = "nobody-knows-this-key" if file.stem == BAD else good
        text = DOCUMENT.format(index=index, key=key)
        file.write_text(
            sops.seal(
                text, file=file.name, recipients=sops.Recipients.of([public]), now=NOW
            )
        )
    return tmp_path


@pytest.fixture
def sandbox(tmp_path):
    with running_sandbox(tmp_path / "sandbox") as running:
        yield running


def rows_by_name(repository):
    report = json.loads((repository / ".reconcile" / "report.json").read_text())
    return {row["name"]: row for row in report["connections"]}


def test_a_bad_key_among_fifty_ends_with_5_and_one_red_row(repository, sandbox):
    code, out, _ = finished(command(repository, sandbox, "apply"))

    rows = rows_by_name(repository)
    red = {name for name, row in rows.items() if row["health"] != "healthy"}
    assert code == 5
    assert (len(rows), red) == (FLEET, {BAD})
    assert rows[BAD]["diagnosis"]["category"] == "invalid_credentials"
    assert out.count("rejected  +") == 1


def test_an_unparsable_file_among_fifty_ends_with_3_and_is_told_once(
    repository, sandbox
):
    (repository / "connections.d" / f"{BAD}.yaml").write_text("type: [oops\n")

    code, out, _ = finished(command(repository, sandbox, "apply"))

    rows = rows_by_name(repository)
    assert code == 3
    assert len(rows) == FLEET - 1
    assert all(row["health"] == "healthy" for row in rows.values())
    assert out.count(f"{BAD}.yaml:") == 1


def test_a_bad_key_is_not_tried_again_until_its_file_changes(repository, sandbox):
    finished(command(repository, sandbox, "apply"))
    sandbox.reset_requests()

    code, _, _ = finished(command(repository, sandbox, "apply"))

    assert code == 5
    assert sandbox.requests == ()
