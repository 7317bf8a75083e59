"""What a record takes from a document: its declaration, and the marks of a revision."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from reconciler.core.connection import Connection
from reconciler.core.ports import Desired
from reconciler.core.record import Accepted, Attempt, Deployed, Record, Result, Status


def new_record(connection: Connection, *, workspace: str, at: datetime) -> Record:
    """Return the first record of a connection, as its document declares it."""
    record = Record(
        name=connection.name,
        type=connection.type,
        provider=connection.provider,
        owner=connection.owner,
        managed_by=workspace,
        status=Status.ACTIVE if connection.active else Status.INACTIVE,
        created_at=at,
        updated_at=at,
    )
    return as_declared(record, connection)


def as_declared(record: Record, connection: Connection) -> Record:
    """Return the record with all that its document says for itself."""
    return replace(
        record,
        type=connection.type,
        provider=connection.provider,
        owner=connection.owner,
        labels=dict(connection.labels),
        protected=connection.protected,
        on_remove=connection.on_remove,
        used_by=connection.used_by,
        policy=connection.health,
        expires_at=connection.expires_at,
    )


def deployed_of(desired: Desired, *, commit: str | None, at: datetime) -> Deployed:
    """Return a document as what runs from now on."""
    return Deployed(
        revision=desired.revision,
        text=desired.text,
        file=desired.file,
        commit=commit,
        at=at,
    )


def accepted_of(desired: Desired, *, commit: str | None, at: datetime) -> Accepted:
    """Return the mark that a revision passed."""
    return Accepted(revision=desired.revision, seal=desired.seal, commit=commit, at=at)


def attempt_of(
    desired: Desired, result: Result, *, commit: str | None, at: datetime
) -> Attempt:
    """Return what came of a document that was considered."""
    return Attempt(
        revision=desired.revision,
        result=result,
        file=desired.file,
        commit=commit,
        at=at,
    )
