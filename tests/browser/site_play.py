"""What is served to the browser: a fleet of records, or a repository that runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from reconciler.core.connectivity import Outage
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.incidents.book import Why
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.incidents.outbox import Delivery
from reconciler.core.incidents.standing import (
    AlertStanding,
    ChannelStanding,
    IncidentStanding,
)
from reconciler.core.market import Mark
from reconciler.core.record import (
    Action,
    ActionName,
    Attempt,
    Commit,
    Event,
    Result,
    Status,
)
from reconciler.core.statistics import Statistics
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict
from reconciler.daemon.control import Queue, Revisions
from reconciler.sandbox import sandbox_account
from reconciler.wiring import App, Choices
from tests.cli.cli_runner import ROOT
from tests.daemon.http_play import RealControl, served
from tests.daemon.records_play import record

BAD_KEY = diagnose(Category.INVALID_CREDENTIALS, evidence={"http_status": "401"})
PROVIDERS = ("binance", "kraken", "okx")
OWNERS = ("admin", "user:anna")


def fleet(now, count=250):
    """Return records of three providers and two owners; every tenth has trouble."""
    return tuple(_one(number, now) for number in range(count))


def _one(number, now):
    at = now - timedelta(seconds=30 + number)
    provider = PROVIDERS[number % 3]
    fields = {
        "type": "ccxt_crypto",
        "provider": provider,
        "stats": Statistics(latencies_ms=_latencies(number)),
        "labels": {"env": "prod" if number % 2 else "dev"},
        "history": tuple(_tested(at, minutes) for minutes in range(10, 0, -1)),
        "marks": (Mark(symbol="BTC/USDT", timeframe="1h", rows=3,
                       last_candle_at_ms=None, last_price=None),),
    }  # fmt: skip
    if number % 50 == 10:
        fields |= _failing(at)
    if number % 50 == 20:
        fields |= {"attempted": _refusal(at)}
    if number % 50 == 30:
        fields |= {"status": Status.INACTIVE}
    return record(f"{provider}-{number:04}", at=at, owner=OWNERS[number % 2], **fields)


def _latencies(number):
    return " ".join(str(20 + (number * 7 + test * 13) % 80) for test in range(40))


def _tested(at, minutes):
    return Event(
        at=at - timedelta(minutes=minutes),
        action=ActionName.TEST,
        revision="r1",
        result=Result.APPLIED,
        latency_ms=20.0 + minutes,
    )


def _failing(at):
    probe = Probe(name=ProbeName.AUTH, status=ProbeStatus.FAILED, diagnosis=BAD_KEY)
    return {
        "status": Status.ERROR,
        "failures": 4,
        "last_test": Verdict(probes=(probe,), at=at),
    }


def _refusal(at):
    return Attempt(
        revision="r2" * 20,
        result=Result.REJECTED,
        file="x.yaml",
        commit="deadbeef" * 5,
        at=at,
        diagnosis=BAD_KEY,
    )


def troubled(app):
    """Return a control that tells of an incident, and of a commit that was refused."""
    now = app.clock.now()
    names = tuple(f"okx-{number:04}" for number in range(2, 23, 3))
    incident = IncidentStanding(
        id="i1", cause=Cause.ACCOUNT, label="the key of anna", severity=Severity.ERROR,
        since=now, count=7, total=9, names=names,
        owners=("admin",), why=Why(summary="the key was refused"), told=("mail",),
    )  # fmt: skip
    channel = ChannelStanding(
        name="mail", waiting=2, delivery=Delivery(failures=3, error="no route")
    )
    said = {
        "not_ready": ("the commit abc is broken",),
        "revisions": Revisions(running="c0ffee", refused="abc", why="R201 in x.yaml"),
        "queue": Queue(waiting=3, running=1, oldest_due_at=now),
        "stages": {"plan": 0.25},
        "counters": {"tests_passed": 12},
        "alerts": AlertStanding(incidents=(incident,), channels=(channel,)),
    }
    return RealControl(app, said=said)


@contextmanager
def fleet_site(folder, records=fleet, *, is_cut=False, **options):
    """Serve records that never ran; when `is_cut`, our own network is down."""
    app = App(Choices(directory=folder))
    now = app.clock.now()
    held = records(now)
    done = tuple(
        Action(at=now, name=one.name, action=ActionName.TEST, result=Result.APPLIED,
               who="anna@desk", revision="r1", latency_ms=21.0)
        for one in held[:20]
    )  # fmt: skip
    app.store.commit(Commit(put=held, actions=done))
    control = troubled(app)
    if is_cut:
        control.said["outage"] = Outage(since=app.clock.now())
    try:
        with served(app, control=control, **options) as at:
            yield at
    finally:
        app.close()


@dataclass
class Living:
    """A repository whose connection runs against the sandbox, as it is served."""

    at: object
    sandbox: object
    app: App

    @property
    def url(self):
        return self.at.url


@contextmanager
def living_site(folder, sandbox):
    """Serve a real repository; commands run as processes, beside the browser's loop."""
    home, path = folder / "home", folder / "repo"
    home.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "RECONCILE_SANDBOX": str(sandbox.file),
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
    }

    def run(*arguments, stdin="", cwd=path):
        subprocess.run(
            (sys.executable, "-m", "reconciler", *arguments),
            cwd=cwd, env=env, input=stdin, text=True, check=True, timeout=100,
            capture_output=True,
        )  # fmt: skip

    run("keygen", cwd=folder)
    run("init", str(path), "--workspace", "desk", cwd=folder)
    account = sandbox_account("binance")
    run(
        *("new", "spot", "--type", "ccxt_crypto", "--provider", "binance"),
        *("--symbol", "BTC/USDT", "--timeframe", "1h", "--credentials-stdin"),
        stdin=json.dumps(
            {"api_key": account.api_key, "api_secret": account.api_secret}
        ),
    )
    run("apply")
    app = App(Choices(directory=path, sandbox=sandbox.file, environment=env))
    try:
        with served(app) as at:
            yield Living(at=at, sandbox=sandbox, app=app)
    finally:
        app.close()
