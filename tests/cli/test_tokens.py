"""Tokens: made, shown once, and accepted by the line that is told."""

from __future__ import annotations

import pytest

from reconciler.core.access import hash_of, is_token
from reconciler.core.http_settings import HttpSection
from reconciler.wiring import App, Choices


def section_with(repo, line):
    (repo.path / "reconcile.yaml").write_text(f"http:\n  tokens:\n    {line}\n")
    return App(Choices(directory=repo.path)).part(HttpSection)


def test_stdout_is_the_token_and_its_line_is_valid_in_the_settings(bare):
    done = bare.here(
        *("tokens", "new", "grafana", "--principal", "alice"),
        *("--role", "operator", "--expires", "2027-12-31"),
    )
    token = done.out.strip()
    line = next(one for one in done.err.splitlines() if "sha256:" in one).strip()

    (found,) = section_with(bare, line).tokens

    assert is_token(token)
    assert token not in done.err
    assert found.hash == hash_of(token)
    assert (found.name, found.principal) == ("grafana", "alice")
    assert (found.role, found.expires) == ("operator", "2027-12-31")


def test_json_has_the_token_and_the_line(bare):
    arguments = ("tokens", "new", "x", "--principal", "a", "--format", "json")
    made = bare.here(*arguments).json

    assert section_with(bare, made["line"]).tokens[0].hash == hash_of(made["token"])


@pytest.mark.parametrize("name", ["on", "1e3", "null", "2027-01-01", "a@b.c"])
def test_a_name_that_looks_like_something_else_stays_a_name(bare, name):
    made = bare.here(
        "tokens", "new", name, "--principal", name, "--format", "json"
    ).json

    (found,) = section_with(bare, made["line"]).tokens
    assert (found.name, found.principal) == (name, name)


def test_two_tokens_are_never_the_same(bare):
    made = [bare.here("tokens", "new", "x", "--principal", "a").out for _ in range(5)]

    assert len(set(made)) == 5
