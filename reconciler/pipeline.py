"""The phases in order, against ports only: the file to read first.

load → validate → unseal → plan → test → commit → report

Nothing here knows files, stores, clocks or providers. Every run reads the whole
desired and the whole recorded state, so that running twice changes nothing the
second time, and a run that was killed is simply run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.core.assemble import (
    assemble,
    decide_all,
    ending_keys,
    facts_of,
)
from reconciler.core.compare import (
    bare_change,
    compared_change,
    reaching_change,
    suspended_change,
)
from reconciler.core.errors import (
    DocumentError,
    InputError,
    RefusedError,
    SecretError,
    StaleError,
    StateError,
)
from reconciler.core.freezing import Freeze
from reconciler.core.guard import Allowances, Limits, judge, stale_plan
from reconciler.core.outcome import (
    Outcome,
    failed,
    held_back,
    is_untested,
    skipped,
)
from reconciler.core.plan import (
    ActionKind,
    Change,
    Plan,
    PlanOptions,
    Step,
    is_removal,
    is_stale,
)
from reconciler.core.ports import (
    Desired,
    DesiredSet,
    Job,
    Ports,
    StateStore,
)
from reconciler.core.record import (
    Commit,
    Head,
    Record,
    is_suspended,
    suspension_of,
)
from reconciler.core.refusal import held_by, stops_all
from reconciler.core.renames import successors
from reconciler.core.run import Row, lost_row, row_of
from reconciler.core.settle import Context, Settled, settle
from reconciler.core.verdict import Verdict
from reconciler.holding import held_by_freezes, labelled_names, suspended_names

COMMIT_TRIES = 3
"""A re-test by somebody else may move a record between our read and our commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What to plan, and what the guards let pass."""

    options: PlanOptions
    limits: Limits = field(default_factory=Limits)
    allowances: Allowances = field(default_factory=Allowances)
    freezes: tuple[Freeze, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan together with the reading of the files that it was made from."""

    plan: Plan
    desired: DesiredSet


def make_plan(ports: Ports, request: PlanRequest) -> Planned:
    """Read files and records, and return what would be done; changes nothing."""
    desired = ports.source.read()
    recorded = ports.store.heads()
    now, options = ports.clock.now(), request.options
    if labels := options.scope.labels:
        names = labelled_names(ports, desired, recorded, labels)
        options = replace(options, labelled=names)
    steps = decide_all(
        desired,
        recorded,
        options=options,
        now=now,
        suspended=suspended_names(ports.store, recorded, now=now),
    )
    changes = tuple(_detail(ports, step, desired, recorded) for step in steps)
    plan = replace(
        assemble(changes, desired, recorded, options=options),
        lineage=(info := ports.store.info()).lineage,
        serial=info.serial,
        commit=ports.commit() if changes else None,
        created_at=now,
        warnings=ending_keys(recorded, options=options, now=now),
    )
    refusals = judge(
        facts_of(plan, desired, recorded),
        limits=request.limits,
        allowances=request.allowances,
    )
    refusals += held_by_freezes(
        ports,
        request.freezes,
        plan.changes,
        recorded,
        allowed=request.allowances.during_freeze,
    )
    return Planned(plan=replace(plan, refusals=refusals), desired=desired)


def apply_plan(ports: Ports, planned: Planned, *, lock_id: str) -> tuple[Outcome, ...]:
    """Test first, then commit each connection on its own as soon as it is decided.

    One failure never stops the others. The caller holds the lock.

    A change that cannot be committed (the disk is full, the lock was lost) is an
    outcome of its own, so that the report tells what was done and what was not.

    Raises:
        RefusedError: A guard refused the plan; nothing was done.
    """
    plan = planned.plan
    if stops_all(plan.refusals):
        raise RefusedError(plan.refusals)
    if is_stale(plan, ports.store.info()):
        raise RefusedError((stale_plan("the store moved on while planning"),))
    run = _Run(ports=ports, plan=plan, lock_id=lock_id)
    held = held_by(plan.refusals)
    free = [change for change in plan.changes if change.name not in held]
    run.outcomes += [
        held_back(change, held[change.name])
        for change in plan.changes
        if change.name in held
    ]
    for change in free:
        if not change.test:
            run.change(change)
    run.test([change for change in free if change.test])
    return tuple(sorted(run.outcomes, key=lambda outcome: outcome.name))


def collect_rows(
    ports: Ports,
    desired: DesiredSet | None,
    outcomes: Iterable[Outcome],
    *,
    workspace: str,
    names: Iterable[str] | None = None,
) -> tuple[Row, ...]:
    """Return a row for every record (or for `names`) and for every lost outcome.

    A record of another workspace that no file declares is compared with no file.
    """
    by_name = {outcome.recorded_as or outcome.name: outcome for outcome in outcomes}
    heads = successors(desired) if desired else {}
    now = ports.clock.now()
    outage = ports.outage()
    records = _records(ports.store, names)
    rows = [
        row_of(
            record,
            desired=heads.get(record.name),
            known=is_known(record, desired, workspace),
            outcome=by_name.pop(record.name, None),
            now=now,
            outage=outage,
        )
        for record in records
    ]
    rows.extend(lost_row(outcome) for outcome in by_name.values())
    return tuple(sorted(rows, key=lambda row: row.name))


def is_known(record: Record, desired: DesiredSet | None, workspace: str) -> bool:
    """Tell whether the files say anything of a record, if only by its absence."""
    if desired is None or record.name in desired.invalid_names:
        return False
    return record.managed_by == workspace or record.name in desired.heads


def all_records(store: StateStore) -> Iterator[Record]:
    """Return every record, sorted by name, page by page."""
    after = ""
    while page := store.scan(after=after):
        yield from page
        after = page[-1].name


def _records(store: StateStore, names: Iterable[str] | None) -> Iterator[Record]:
    if names is None:
        return all_records(store)
    return (record for name in names if (record := store.get(name)))


def _detail(
    ports: Ports, step: Step, desired: DesiredSet, recorded: Mapping[str, Head]
) -> Change:
    """Look at the fields, which may show that no test is needed."""
    known_as = step.previous or step.name
    head, before = desired.heads.get(step.name), recorded.get(known_as)
    change = bare_change(step, head, before)
    if step.action is ActionKind.KEEP and not step.suspended:
        return change
    record = ports.store.get(known_as) if before else None
    if step.action is ActionKind.KEEP:
        held = suspension_of(record, now=ports.clock.now()) if record else None
        return suspended_change(change, held)
    if head is None:
        return reaching_change(change, record)
    new = ports.source.load(step.name)
    change = compared_change(
        change,
        may_skip_test=step.compare,
        old=_deployed(ports, record),
        new=new,
        record=record,
        same_secrets=lambda old, new: _same_secrets(ports, old, new),
    )
    return reaching_change(change, record, declared=new.connection.used_by)


def _deployed(ports: Ports, record: Record | None) -> Desired | None:
    """Return what runs as a document; None when today's rules cannot read it."""
    if record is None or record.active is None:
        return None
    try:
        return ports.source.parse(record.active.text, file=record.active.file)
    except DocumentError:
        return None


def _same_secrets(ports: Ports, old: Desired, new: Desired) -> bool:
    """Tell whether two documents hold the same values; without a key, no."""
    if not ports.unsealer.can_unseal():
        return False
    try:
        before = ports.unsealer.unseal(old.text, file=old.file)
        after = ports.unsealer.unseal(new.text, file=new.file)
    except SecretError:
        return False
    return dict(before.credentials) == dict(after.credentials)


@dataclass(slots=True, kw_only=True)
class _Run:
    """One apply under way: what was decided so far."""

    ports: Ports
    plan: Plan
    lock_id: str
    outcomes: list[Outcome] = field(default_factory=list)

    def test(self, changes: list[Change]) -> None:
        """Test the documents that were planned; each is read once for all of this."""
        documents = {c.name: document for c in changes if (document := self._load(c))}
        by_name = {change.name: change for change in changes}

        def finish(job: Job, verdict: Verdict) -> None:
            name = job.connection.name
            self.finish(by_name[name], verdict=verdict, desired=documents[name])

        jobs = [_desired_job(document) for document in documents.values()]
        for job in self.ports.tester.run(jobs, decide=finish):
            change = by_name[job.connection.name]
            self.outcomes.append(skipped(change.name, change.action))

    def change(self, change: Change) -> None:
        """Make a change that needs no test."""
        if self.ports.stopping():
            self.outcomes.append(skipped(change.name, change.action))
        elif not change.after:
            self.finish(change, verdict=None, desired=None)
        elif document := self._load(change):
            self.finish(change, verdict=None, desired=document)

    def _load(self, change: Change) -> Desired | None:
        """Return the planned document; one that changed meanwhile fails alone."""
        try:
            return replace(self.ports.source.load(change.name), data={})
        except InputError as error:
            self.outcomes.append(failed(change, str(error)))
            return None

    def finish(
        self, change: Change, *, verdict: Verdict | None, desired: Desired | None
    ) -> None:
        """Commit what was decided; after somebody's re-test in between, once more."""
        why = ""
        for _ in range(COMMIT_TRIES):
            try:
                self.outcomes.append(self._commit(change, verdict, desired))
            except StaleError as error:
                why = str(error)
                continue
            except StateError as error:
                why = str(error)
                break
            return
        why = f"not committed: {why}; run apply again"
        self.outcomes.append(failed(change, why))

    def _commit(
        self, change: Change, verdict: Verdict | None, desired: Desired | None
    ) -> Outcome:
        ports = self.ports
        record = ports.store.get(change.previous or change.name)
        now = ports.clock.now()
        if record and is_suspended(record, now=now) and not is_removal(change):
            return held_back(change, "suspended meanwhile")
        settled = settle(
            change,
            desired=desired,
            record=record,
            verdict=verdict,
            context=Context(
                now=now,
                who=ports.who(),
                workspace=self.plan.workspace,
                commit=self.plan.commit,
            ),
        )
        if verdict and is_untested(verdict) and settled.record is record:
            return settled.outcome  # nothing that is not known already
        ports.store.commit(
            _commit_of(change, settled, record), lock_id=self.lock_id or None
        )
        return settled.outcome


def _commit_of(change: Change, settled: Settled, record: Record | None) -> Commit:
    after = settled.record
    gone = record is not None and (after is None or after.name != record.name)
    versions = {after.name: 0} if after else {}
    known_as = change.previous or change.name
    return Commit(
        put=(after,) if after else (),
        remove=(known_as,) if gone else (),
        actions=settled.actions,
        expected=versions | {known_as: record.version if record else 0},
        desired=change.action is not ActionKind.RETEST or gone,
    )


def _desired_job(desired: Desired) -> Job:
    return Job(connection=desired.connection, text=desired.text, file=desired.file)
