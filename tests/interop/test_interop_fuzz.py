"""The fuzz itself: its documents mean what they say, and it sees a disagreement."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from reconciler.adapters.documents import parse
from reconciler.adapters.sops.values import Timestamp
from tests.adapters.sops.sops_helpers import typed_documents
from tests.interop import documents, fuzz, peers
from tests.interop.compare import Disagreement, difference
from tests.interop.others import chances


@pytest.mark.parametrize("number", range(100))
def test_a_generated_connection_is_in_our_dialect_and_means_what_it_says(number):
    document = documents.connection(chances(1, str(number)))
    _, problems = parse(document.text, file="f.yaml")

    assert problems == ()
    assert difference(document.data, typed_documents(document.text)) == ""


@pytest.mark.parametrize("number", range(100))
def test_any_generated_document_means_what_it_says(number):
    document = documents.anything(chances(2, str(number)))

    assert difference(document.data, typed_documents(document.text)) == ""


def test_the_same_seed_makes_the_same_document():
    first, again = (documents.anything(chances(3, "a")).text for _ in range(2))

    assert first == again
    assert first != documents.anything(chances(3, "b")).text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": "1"}), ({"a": 1}, {"a": True}), ({"a": None}, {"a": ""}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([1], [1, 2]), ({}, []),
        (2**53 + 1, float(2**53)), (Timestamp("2026-11-22"), "2026-11-22"),
    ],
)  # fmt: skip
def test_what_is_not_the_same_differs(one, other):
    assert difference(one, other)


@pytest.mark.parametrize("one", [3.0, float("nan"), [{"a": [None]}], -0.0])
def test_what_sops_prints_alike_is_the_same(one):
    same = 3 if one == 3.0 else one

    assert difference(one, same) == ""


def test_a_disagreement_and_a_crash_fail_the_run_and_are_shown(tmp_path):
    def disagree(_work):
        raise Disagreement("a against b", document="a: 1")

    def crash(_work):
        raise ZeroDivisionError

    kinds = {"good": lambda _work: 2, "bad": disagree, "broken": crash}
    run = fuzz.Run(program=tmp_path, kinds=kinds, seed=1, documents=3, seconds=60)
    tallies = {name: run.tally(name) for name in kinds}

    assert (tallies["good"].documents, tallies["good"].openings) == (3, 6)
    assert [len(tally.found) for tally in tallies.values()] == [0, 3, 3]
    assert "ZeroDivisionError" in tallies["broken"].found[0][1].what


def test_without_any_peer_the_run_says_so_and_passes(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = CliRunner().invoke(fuzz.main, ["--documents", "1", "--seed", "1"])

    assert ran.exit_code == 0
    assert "absent: there is no Go here" in ran.output
    assert "absent: there is no Node here" in ran.output
    assert "nothing was compared" in ran.output


def test_a_build_that_fails_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text("#!/bin/sh\necho 'no route to the proxy' >&2\nexit 1\n")
    go.chmod(0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{go.parent}:/usr/bin:/bin")
    peer = peers.sops("v3.13.3", install=True)

    assert peer.path is None
    assert peer.why == "go exited with 1: no route to the proxy"
    assert list((peers.cache_folder() / "bin").iterdir()) == []


def test_a_program_that_calls_itself_something_else_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    program = peers.cache_folder() / "bin" / "sops-v0.0.1" / "sops"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho sops 9.9.9\n")
    program.chmod(0o700)
    peer = peers.sops("v0.0.1", install=False)

    assert peer.path is None
    assert peer.why == "it calls itself 'sops 9.9.9'"
