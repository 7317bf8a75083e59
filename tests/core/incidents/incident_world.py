"""A fleet whose health tests choose, watched by the incidents through fake time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reconciler.core import codec
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.health import Health
from reconciler.core.incidents.book import Book
from reconciler.core.incidents.deciding import Sight, decide
from reconciler.core.incidents.observation import Observation, Surroundings
from reconciler.core.incidents.routing import Routing
from reconciler.core.incidents.telling import Manner
from tests.fakes import START

OPS = Manner(routing=Routing(default=("ops",)))


def well(name, provider="binance", **more):
    facts = {"owner": "admin", "at": START, "tested_at": START, **more}
    return Observation(name=name, provider=provider, health=Health.HEALTHY, **facts)


@dataclass
class World:
    """`run` lets time pass, a second at a time, and notes what was told."""

    manner: Manner = OPS
    now: datetime = START
    book: Book = field(default_factory=Book)
    seen: dict[str, Observation] = field(default_factory=dict)
    around: Surroundings = field(default_factory=Surroundings)
    told: list = field(default_factory=list)

    @classmethod
    def of(cls, *observations, manner=OPS):
        return cls(manner=manner, seen={one.name: one for one in observations})

    def fails(self, *names, category=Category.TIMEOUT, **more):
        for name in names:
            self.becomes(
                name,
                health=Health.ERROR,
                diagnosis=diagnose(category),
                since=self.now,
                **more,
            )

    def recovers(self, *names):
        for name in names:
            self.becomes(name, health=Health.HEALTHY, diagnosis=None, since=None)

    def becomes(self, name, **changes):
        changes = {"at": self.now, "tested_at": self.now, **changes}
        self.seen[name] = replace(self.seen[name], **changes)

    def run(self, seconds=0, step=1):
        """Return what was told meanwhile."""
        before = len(self.told)
        self.decide()
        while seconds > 0:
            self.now += timedelta(seconds=min(step, seconds))
            seconds -= step
            self.decide()
        return self.told[before:]

    def decide(self):
        sight = Sight(seen=self.seen, surroundings=self.around)
        self.book, told = decide(self.book, sight, self.manner, now=self.now)
        self.told += told

    def restart(self):
        """Forget all that is not in the book, and what is not JSON of it."""
        self.book = codec.from_json(Book, codec.to_json(self.book))


def kinds(told):
    return [(channel, one.kind.value, one.cause.value) for channel, one in told]


def names(notice):
    return [one.name for one in notice.connections]


def many(count, provider="binance", **more):
    return [well(f"{provider}-{n:04}", provider, **more) for n in range(count)]
