"""What a plug-in or a child process may do to a run, and what it may see of it."""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from reconciler.adapters.git import head_commit
from reconciler.adapters.providers.running.tester import ConcurrentTester
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError, StateError
from reconciler.core.ports import Job, Unsealed
from reconciler.core.secret import Secret
from reconciler.wiring import App, Choices
from tests.fakes import FakeClock

KEY = "k3y-0123456789abcdef"


class PanicException(BaseException):
    """As pyo3's PanicException: an error of a library that is no Exception."""


class Plugin:
    type = "plugin"
    max_concurrency = 4

    def __init__(self, misdeed):
        self.misdeed = misdeed

    @asynccontextmanager
    async def open(self, connection, credentials, network):
        yield self if connection.name == "bad" else _Good()

    async def test(self):
        return await self.misdeed()


class _Good:
    async def test(self):
        raise ProviderError(diagnose(Category.NO_DATA))


class OneKey:
    def can_unseal(self):
        return True

    def unseal(self, text, *, file):
        return Unsealed(credentials={"api_key": Secret(KEY)})


def run(misdeed):
    jobs = [
        Job(
            connection=Connection(
                name=name, type="plugin", provider="p", credential_names=("api_key",)
            ),
            text="",
            file=f"{name}.yaml",
        )
        for name in ("bad", "good")
    ]
    told = {}
    tester = ConcurrentTester(
        adapters=lambda: {"plugin": Plugin(misdeed)},
        unsealer=OneKey(),
        clock=FakeClock(),
    )
    tester.run(jobs, decide=lambda job, verdict: told.update({job.file: verdict}))
    return told


async def panic():
    raise PanicException(f"GET https://x.test/?signature={KEY}")


async def tell_the_key():
    raise ProviderError(diagnose(Category.UNKNOWN, detail=KEY, fix=KEY))


async def forget_a_task():
    async def fail():
        raise ValueError(KEY)

    asyncio.get_running_loop().create_task(fail())
    await asyncio.sleep(0)
    raise ProviderError(diagnose(Category.NO_DATA))


@pytest.mark.parametrize("misdeed", [panic, tell_the_key, forget_a_task])
def test_a_plugins_misdeed_is_its_own_and_shows_no_key(misdeed, capfd):
    told = run(misdeed)

    assert set(told) == {"bad.yaml", "good.yaml"}
    assert KEY not in repr(told)
    said = capfd.readouterr()
    assert KEY not in said.out + said.err


def test_git_is_not_given_the_keys(tmp_path, monkeypatch):
    seen = tmp_path / "seen"
    git = tmp_path / "git"
    git.write_text(f"#!/bin/sh\nenv > {seen}\necho 0123456\n")
    git.chmod(git.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for name in ("SOPS_AGE_KEY", "SOPS_AGE_KEY_CMD", "RECONCILE_STATE"):
        monkeypatch.setenv(name, KEY)

    assert head_commit(Path(tmp_path))

    assert KEY not in seen.read_text()


def test_the_password_of_a_store_is_not_shown():
    url = f"postgresql://reconcile:{KEY}@db.test/state"
    app = App(Choices(state=url))

    assert app.state_url == "postgresql://reconcile:***@db.test/state"
    with pytest.raises(StateError) as caught:
        _ = app.store
    assert KEY not in str(caught.value)
