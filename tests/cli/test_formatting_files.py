"""`fmt`: files rewritten, checked or compared, and nothing secret shown."""

from __future__ import annotations

import pytest

GOOD = "type: ccxt_crypto\nprovider: binance\n"
MESSY = "provider: binance  \ntype: ccxt_crypto\n"
SECRET = "SeKrEt9f8e7d6c5b4a3"


@pytest.fixture
def written(repo):
    """A good file, one to be formatted, and a sealed one that is new."""
    repo.file("good").write_text(GOOD)
    repo.file("messy").write_text(MESSY)
    repo.new("spot", api_key="k" * 64, api_secret="s" * 64)
    return repo


def test_several_files_that_differ_are_counted_in_the_plural(repo):
    for name in ("a", "b"):
        repo.file(name).write_text("provider: binance\ntype: ccxt_crypto\n")

    assert "2 files: 2 differ." in repo.here("fmt", "--check", code=3).out


def test_what_new_and_encrypt_write_is_formatted(written):
    done = written.here("fmt", "--check", "spot", "good")

    assert done.out.endswith("2 files: 2 unchanged.\n")


def test_check_tells_and_writes_nothing(written):
    done = written.here("fmt", "--check", code=3)

    assert "differs    connections.d/messy.yaml" in done.out
    assert written.file("messy").read_text() == MESSY


def test_files_are_formatted_in_place_once(written):
    first = written.here("fmt", "--format", "json").json
    second = written.here("fmt", "--check", "--format", "json").json

    assert first["files"]["connections.d/messy.yaml"] == "formatted"
    assert set(second["files"].values()) == {"unchanged"}
    assert written.file("messy").read_text() == GOOD


def test_a_formatted_file_is_no_change(written):
    written.here("apply", "--allow-empty", code=None)
    before = written.here("plan", "--format", "json").json["changes"]
    written.here("fmt")

    assert written.here("plan", "--format", "json").json["changes"] == before


def test_the_difference_is_shown_line_by_line(written):
    done = written.here("fmt", "--diff")

    assert done.out.splitlines() == [
        "--- a/connections.d/messy.yaml",
        "+++ b/connections.d/messy.yaml",
        "@@ -1,3 +1,3 @@",
        "-provider: binance  ",
        " type: ccxt_crypto",
        "+provider: binance",
        " ",
    ]
    assert written.file("messy").read_text() == MESSY


def test_a_broken_file_is_named_and_the_others_are_formatted(written):
    written.file("broken").write_text("a: [\n")

    done = written.here("fmt", code=3)

    assert "connections.d/broken.yaml:2:1  R101" in done.err
    assert written.file("messy").read_text() == GOOD


@pytest.mark.parametrize(
    "text",
    [
        f"credentials: {{a: {SECRET}}}  \n",
        f"credentials:\n    a: {SECRET}\n",
        f"credentials:\n    {SECRET}:\n",
        f"credentials:\n    - {SECRET}\n",
        f"credentials:\n    a: |\n        {SECRET}\n    b: 1  \n",
        f"api_secret: {SECRET}  \n",
        f"{SECRET}: 1  \n",
        f"config:\n    api_secret: {SECRET}\n",
        f"# api_secret: {SECRET}  \n",
        f"labels:\n    a: b  # {SECRET}\n",
        f"settings:\n    # {SECRET}\n    symbols: [A]\n",
        f"labels:\n    a: https://u:{SECRET}@host\n",
        f"credentials:\n    a: {SECRET}\r\n",
    ],
)
def test_no_difference_shows_a_secret(repo, text):
    repo.file("x").write_text(f"provider: p\n{text}type: t  \n")

    shown = repo.here("fmt", "--diff", code=None)
    checked = repo.here("fmt", "--check", code=3)

    assert "@@" in shown.out
    for done in (shown, checked):
        assert SECRET not in done.out + done.err
