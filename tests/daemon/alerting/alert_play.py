"""Alerts of a real repository, with real channels on loopback and fake time."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.health import Health
from reconciler.daemon.alerting.alerting import Alerting
from reconciler.daemon.alerting.compose import alerting_of
from reconciler.wiring import App, Choices
from tests.core.incidents.incident_world import many, well
from tests.fakes import FakeClock

__all__ = ["many", "well"]

SETTINGS = """\
alerts:
  channels:
    ops: {url_env: OPS_URL}
"""


def app_of(folder, settings=SETTINGS, clock=None, **environment):
    """Return the outside world of a repository with these settings."""
    folder.mkdir(exist_ok=True)
    (folder / "reconcile.yaml").write_text(settings)
    app = App(Choices(directory=folder, environment=environment))
    app.__dict__["clock"] = clock or FakeClock()
    app.__dict__["vantage"] = "here"
    return app


@dataclass
class Play:
    """Alerts, the fleet that they are told of, and time that passes when told to."""

    alerting: Alerting
    clock: FakeClock
    fleet: dict = field(default_factory=dict)

    def has(self, *observations):
        self.fleet |= {one.name: one for one in observations}
        self.alerting.observe(observations)
        self.alerting.keep_only(self.fleet)

    def becomes(self, names, **changes):
        now = self.clock.now()
        changes = {"at": now, "tested_at": now, **changes}
        for name in names:
            self.fleet[name] = replace(self.fleet[name], **changes)
            self.alerting.observe([self.fleet[name]])

    def fails(self, names, category=Category.TIMEOUT):
        found = diagnose(category)
        since = self.clock.now()
        self.becomes(names, health=Health.ERROR, diagnosis=found, since=since)

    def recovers(self, names):
        self.becomes(names, health=Health.HEALTHY, diagnosis=None, since=None)

    async def passes(self, seconds, *, step=10, moving=True):
        """Let time pass; every delivery that begins ends before it goes on."""
        await self.alerting.tick(moving=moving)
        await self.alerting.settled()
        while seconds > 0:
            self.clock.advance(min(step, seconds))
            seconds -= step
            await self.alerting.tick(moving=moving)
            await self.alerting.settled()


@asynccontextmanager
async def playing(app):
    play = Play(alerting=alerting_of(app), clock=app.clock)
    try:
        yield play
    finally:
        await play.alerting.aclose(grace_s=0.2)
        app.close()
