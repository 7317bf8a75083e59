"""One fake per port, at the boundary only; nothing of ours is patched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from reconciler.core.connection import Connection, OnRemove
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import SecretError, StaleError, StateError
from reconciler.core.ports import (
    Desired,
    DesiredHead,
    DesiredSet,
    Job,
    LockInfo,
    Ports,
    StoreInfo,
    Unsealed,
)
from reconciler.core.record import Action, Commit, Head, Record, head_of
from reconciler.core.revision import seal_of
from reconciler.core.secret import Secret
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class FakeClock:
    """Time that moves only when told to."""

    moment: datetime = START

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Killed(BaseException):
    """What a `kill -9` looks like from inside: nothing after it runs."""


@dataclass
class FakeStore:
    """A store in memory; dies before commit number `die_at` when that is set."""

    records: dict[str, Record] = field(default_factory=dict)
    log: list[Action] = field(default_factory=list)
    lineage: str = "fake"
    serial: int = 0
    sequence: int = 0
    die_at: int | None = None

    def info(self) -> StoreInfo:
        return StoreInfo(
            url="fake:",
            lineage=self.lineage,
            serial=self.serial,
            sequence=self.sequence,
            format_version=1,
            records=len(self.records),
        )

    def heads(self) -> Mapping[str, Head]:
        return {name: head_of(record) for name, record in self.records.items()}

    def get(self, name: str) -> Record | None:
        return self.records.get(name)

    def scan(self, *, after: str = "", limit: int = 1000) -> Sequence[Record]:
        names = sorted(name for name in self.records if name > after)[:limit]
        return [self.records[name] for name in names]

    def commit(self, commit: Commit, *, lock_id: str | None = None) -> StoreInfo:
        if self.die_at is not None and self.sequence >= self.die_at:
            raise Killed
        for name, version in commit.expected.items():
            held = self.records.get(name)
            if (held.version if held else 0) != version:
                raise StaleError(f"'{name}' moved on")
        for record in commit.put:
            held = self.records.get(record.name)
            version = (held.version if held else 0) + 1
            self.records[record.name] = replace(record, version=version)
        for name in commit.remove:
            self.records.pop(name, None)
        self.log.extend(commit.actions)
        self.sequence += 1
        self.serial += commit.desired
        return self.info()

    def actions(self, name: str | None = None, *, limit: int = 100) -> Sequence[Action]:
        lines = [a for a in reversed(self.log) if name in {None, a.name}]
        return lines[:limit]

    @contextmanager
    def lock(
        self, *, operation: str, who: str, lease_s: float = 60.0, timeout_s: float = 0.0
    ) -> Iterator[LockInfo]:
        yield LockInfo(
            id="lock",
            operation=operation,
            who=who,
            created_at=START,
            expires_at=START,
        )

    def lock_info(self) -> LockInfo | None:
        return None

    def unlock(self, lock_id: str) -> None:
        raise StateError(f"no lock {lock_id}")

    def backup(self) -> bytes:
        return b""

    def restore(self, data: bytes) -> StoreInfo:
        return self.info()

    def close(self) -> None:
        pass


def desired(
    name: str, *, active: bool = True, version: str = "1", **more: object
) -> Desired:
    """Return a small valid document; `version` stands for its content."""
    data = {
        "name": name,
        "type": "fake",
        "provider": "fake",
        "active": active,
        "settings": {"symbols": [f"S/{version}"]},
        **more,
    }
    text = json.dumps(data, sort_keys=True, default=str)
    connection = Connection(
        name=name,
        type="fake",
        provider="fake",
        owner=str(more.get("owner", "admin")),
        active=active,
        protected=bool(more.get("protected")),
        on_remove=OnRemove(more.get("on_remove", "deactivate")),
        previous_names=tuple(more.get("previous_names", ())),  # type: ignore[arg-type]
        used_by=tuple(more.get("used_by", ())),  # type: ignore[arg-type]
        suspension=more.get("suspend"),  # type: ignore[arg-type]
        labels=dict(more.get("labels", {})),  # type: ignore[call-overload]
        credential_names=tuple(more.get("credentials", {})),  # type: ignore[arg-type]
    )
    return Desired(
        connection=connection,
        revision=text,
        file=f"{name}.yaml",
        text=text,
        data=data,
        seal=seal_of(data),
    )


def _until_s(connection: Connection) -> float:
    return connection.suspension.until_s if connection.suspension else 0.0


@dataclass
class FakeSource:
    """Documents in memory; `invalid` names have a file that cannot be read."""

    documents: dict[str, Desired] = field(default_factory=dict)
    invalid: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *documents: Desired, invalid: Sequence[str] = ()) -> FakeSource:
        by_name = {document.connection.name: document for document in documents}
        return cls(by_name, frozenset(invalid))

    def read(self) -> DesiredSet:
        heads = {
            name: DesiredHead(
                name=name,
                file=document.file,
                revision=document.revision,
                active=document.connection.active,
                owner=document.connection.owner,
                provider=document.connection.provider,
                protected=document.connection.protected,
                previous_names=document.connection.previous_names,
                suspended_until=_until_s(document.connection),
            )
            for name, document in self.documents.items()
            if name not in self.invalid
        }
        files = len(self.documents.keys() | self.invalid)
        return DesiredSet(heads=heads, invalid_names=self.invalid, files=files)

    def load(self, name: str) -> Desired:
        return self.documents[name]

    def labels(self) -> Mapping[str, Mapping[str, str]]:
        return {n: one.connection.labels for n, one in self.documents.items()}

    def parse(self, text: str, *, file: str) -> Desired:
        data = json.loads(text)
        known = {"name", "type", "provider", "active", "settings"}
        more = {key: value for key, value in data.items() if key not in known}
        version = data["settings"]["symbols"][0].removeprefix("S/")
        return desired(data["name"], active=data["active"], version=version, **more)


def passed(at: datetime = START) -> Verdict:
    probe = Probe(name=ProbeName.AUTH, status=ProbeStatus.PASSED, latency_ms=4.0)
    return Verdict(probes=(probe,), at=at)


def failed(
    category: Category = Category.TIMEOUT,
    at: datetime = START,
    retry_after_s: float | None = None,
) -> Verdict:
    probe = Probe(
        name=ProbeName.AUTH,
        status=ProbeStatus.FAILED,
        diagnosis=diagnose(category, retry_after_s=retry_after_s),
    )
    return Verdict(probes=(probe,), at=at)


@dataclass
class FakeTester:
    """Answers from a table, passing by default, one after another."""

    failing: dict[str, Category] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    stop_after: int | None = None
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    def run(
        self,
        jobs: Sequence[Job],
        *,
        decide: Callable[[Job, Verdict], None],
        keep: Callable[[], None] | None = None,
    ) -> Sequence[Job]:
        left = self._decide(jobs, decide)
        if keep is not None:
            keep()
        return left

    def _decide(
        self, jobs: Sequence[Job], decide: Callable[[Job, Verdict], None]
    ) -> Sequence[Job]:
        for index, job in enumerate(jobs):
            if self.stop_after is not None and index >= self.stop_after:
                return jobs[index:]
            self.asked.append(job.connection.name)
            category = self.failing.get(job.connection.name)
            found = self.verdicts.get(job.connection.name, passed())
            decide(job, failed(category) if category else found)
        return []


@dataclass
class FakeUnsealer:
    """Reads `credentials` of a fake document; the text after ':' is the value."""

    key: bool = True

    def can_unseal(self) -> bool:
        return self.key

    def unseal(self, text: str, *, file: str) -> Unsealed:
        if not self.key:
            raise SecretError(f"{file}: no key")
        sealed = json.loads(text).get("credentials", {})
        return Unsealed(
            credentials={k: Secret(v.split(":")[-1]) for k, v in sealed.items()}
        )


def make_ports(
    source: FakeSource | None = None,
    store: FakeStore | None = None,
    tester: FakeTester | None = None,
    *,
    key: bool = True,
    clock: FakeClock | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Ports:
    return Ports(
        source=source or FakeSource(),
        store=store if store is not None else FakeStore(),
        tester=tester or FakeTester(),
        unsealer=FakeUnsealer(key),
        clock=clock or FakeClock(),
        who=lambda: "tester@here",
        stopping=stopping,
    )
