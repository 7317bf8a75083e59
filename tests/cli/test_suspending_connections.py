"""suspend and resume, as an operator uses them during an incident."""

from __future__ import annotations

import asyncio
import json

import pytest

from reconciler import open_connection
from reconciler.core.errors import StateError
from reconciler.wiring import Choices

INCIDENT = ("--reason", "incident 7", "--until", "2099-01-01T00:00:00Z")
SAID = "until 2099-01-01T00:00:00Z: incident 7"


@pytest.fixture
def out(applied):
    """A repository whose one connection an operator suspended."""
    applied.monkeypatch.setenv("RECONCILE_WHO", "")
    applied.here("suspend", "spot", *INCIDENT)
    return applied


def test_suspend_says_who_why_and_until(applied):
    done = applied.here("suspend", "spo*", *INCIDENT)

    assert "spot  suspended by " in done.out
    assert SAID in done.out


def test_suspend_as_json_has_the_suspension(applied):
    (told,) = applied.here("suspend", "spot", *INCIDENT, "--format", "json").json[
        "suspended"
    ]

    assert told["name"] == "spot"
    assert told["suspension"]["reason"] == "incident 7"
    assert told["suspension"]["until"] == "2099-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("show", "spot"),
        ("plan",),
        ("plan", "--format", "markdown"),
        ("history", "spot"),
        ("report", "--now"),
        ("report", "--now", "--format", "markdown"),
    ],
)
def test_who_looks_is_told(out, command):
    shown = out.here(*command).out

    assert "incident 7" in shown
    assert "2099-01-01T00:00:00Z" in shown


def test_list_and_status_as_json_have_intent_and_suspension(out):
    for command in ("list", "status"):
        (row,) = out.here(command, "--format", "json").json["connections"]

        assert row["intent"] == "suspended"
        assert row["health"] == "inactive"
        assert row["suspension"]["reason"] == "incident 7"
    assert out.here("list", "--status", "suspended").out.count("spot") == 1


def test_apply_leaves_it_alone_whatever_its_file_says(out, sandbox):
    out.edit("spot", "timeframes: [1h]", "timeframes: [4h]")
    sandbox.reset_requests()

    done = out.here("apply")

    assert "what is new in its file waits" in done.err
    assert sandbox.requests == ()
    assert out.here("status", "--exit-code").out.count("pending")


def test_test_leaves_it_out_and_refuses_it_by_name(out, sandbox):
    sandbox.reset_requests()

    assert "Suspended, not tested: spot" in out.here("test", "--all").err
    refused = out.here("test", "spot", code=4)

    assert "to allow it: --suspended" in refused.err
    assert SAID in refused.err
    assert sandbox.requests == ()


def test_a_test_all_the_same_leaves_it_suspended(out, sandbox):
    out.here("test", "spot", "--suspended")

    assert sandbox.requests
    (row,) = out.here("list", "--format", "json").json["connections"]
    assert row["intent"] == "suspended"


def test_sample_and_programs_are_told_why(out):
    assert SAID in out.here("sample", "spot", code=1).err

    async def opened():
        async with open_connection("spot", choices=Choices.of_environment()):
            pass

    with pytest.raises(StateError, match="incident 7"):
        asyncio.run(opened())


def test_resume_puts_it_back_and_tests_it(out, sandbox):
    sandbox.reset_requests()

    done = out.here("resume", "spot")

    assert "Resumed: spot." in done.err
    assert "Test: 1 passed" in done.out
    assert sandbox.requests
    (row,) = out.here("list", "--format", "json").json["connections"]
    assert (row["intent"], row["health"]) == ("active", "healthy")


def test_resume_ends_with_5_when_the_test_fails(out, sandbox):
    sandbox.set_fault("binance", "maintenance")

    out.here("resume", "spot", code=5)

    (row,) = out.here("list", "--format", "json").json["connections"]
    assert row["intent"] == "active"


def test_resume_without_a_test_asks_nobody(out, sandbox):
    sandbox.reset_requests()

    done = out.here("resume", "spot", "--no-test", "--format", "json")

    assert done.json["tests"] == []
    assert sandbox.requests == ()


def test_without_a_key_nothing_is_resumed_unless_without_a_test(out):
    out.monkeypatch.setenv("XDG_CONFIG_HOME", str(out.path / "no-keys"))

    assert "no age key is at hand" in out.here("resume", "spot", code=1).err
    assert "incident 7" in out.here("status").out
    out.here("resume", "spot", "--no-test")
    assert "incident 7" not in out.here("status").out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("suspend", "spot"), 64, "--reason"),
        (("suspend", "--reason", "x"), 64, "say what to suspend"),
        (("suspend", "nowhere", "--reason", "x"), 1, "no connection 'nowhere'"),
        (("suspend", "-l", "a=b", "--reason", "x"), 1, "leaves no connection"),
        (("suspend", "spot", "--reason", " "), 1, "one line of text"),
        (("suspend", "spot", "--reason", "x", "--until", "0s"), 1, "in the past"),
        (
            ("suspend", "spot", "--reason", "x", "--until", "2020-01-01T00:00:00Z"),
            1,
            "in the past",
        ),
        (("suspend", "spot", "--reason", "x", "--until", "soon"), 64, "duration"),
        (
            ("suspend", "spot", "--reason", "x", "--until", "2099-01-01T00:00"),
            64,
            "is none of: a duration",
        ),
        (("resume", "spot"), 1, "'spot' is not suspended"),
        (("resume", "s*"), 1, "no operator suspended any of it"),
        (("resume",), 64, "say what to resume"),
    ],
)
def test_what_cannot_be_done_is_said(applied, arguments, code, said):
    assert said in applied.here(*arguments, code=code).err


def test_a_file_that_suspends_is_applied_and_ended_by_the_file(applied, sandbox):
    text = applied.file("spot").read_text()
    applied.file("spot").write_text(f"suspend: {{reason: moves, by: alice}}\n{text}")
    sandbox.reset_requests()

    applied.here("apply")

    assert "suspended by alice: moves" in applied.here("status").out
    assert sandbox.requests == ()
    assert "remove 'suspend' there" in applied.here("resume", "spot", code=1).err
    assert "alice: moves" in applied.here("test", "spot", code=4).err
    applied.file("spot").write_text(text)
    applied.here("apply")
    (row,) = applied.here("list", "--format", "json").json["connections"]
    assert (row["intent"], row["health"]) == ("active", "healthy")
    assert json.loads(applied.here("plan", "--format", "json").out)["changes"] == []
