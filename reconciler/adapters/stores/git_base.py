"""An earlier commit as if it were the recorded state: what a branch would change.

A plan needs heads for everything and records for what changed. The files that are
as they were at the commit have the heads that they have now; only the others are
read from Git. Nothing is ever written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Never

from reconciler.core.declaring import attempt_of, deployed_of, new_record
from reconciler.core.errors import DocumentError, StateError
from reconciler.core.plan import COMMIT_LINEAGE
from reconciler.core.ports import Desired, DesiredHead, LockInfo, StoreInfo
from reconciler.core.record import (
    Head,
    Record,
    Result,
    Status,
    head_of,
)

Parse = Callable[[str, str], Desired]
"""From a text and its file's name to the document; raises `DocumentError`."""


class GitBase:
    """The `StateStore` of a commit; everything that writes is refused."""

    def __init__(
        self,
        *,
        commit: str,
        workspace: str,
        now: Mapping[str, DesiredHead],
        changed: Mapping[str, str],
        parse: Parse,
        at: datetime,
    ) -> None:
        """Take the commit apart.

        Args:
            commit: The commit.
            workspace: Whose records they would be.
            now: The heads of the files as they are now, by name.
            changed: The old text by file, empty for a file that is new.
            parse: Reads an old text.
            at: When all of it counts as accepted.
        """
        self.broken: list[str] = []
        self._commit, self._workspace, self._at = commit, workspace, at
        self._records = dict(self._read(changed, parse))
        same = (head for head in now.values() if head.file not in changed)
        self._heads = {head.name: self._as_recorded(head) for head in same}
        self._heads |= {name: head_of(one) for name, one in self._records.items()}

    def info(self) -> StoreInfo:
        """Return the commit as a store."""
        return StoreInfo(
            url=f"git:{self._commit}",
            lineage=f"{COMMIT_LINEAGE}{self._commit}",
            serial=0,
            sequence=0,
            format_version=1,
            records=len(self._heads),
        )

    def heads(self) -> Mapping[str, Head]:
        """Return the heads as they would be recorded."""
        return self._heads

    def get(self, name: str) -> Record | None:
        """Return the record of a connection whose file changed since."""
        return self._records.get(name)

    def scan(self, *, after: str = "", limit: int = 1000) -> Sequence[Record]:
        """Return the records of what changed, sorted."""
        names = sorted(name for name in self._records if name > after)
        return [self._records[name] for name in names[:limit]]

    def actions(self, name: str | None = None, *, limit: int = 100) -> Sequence[Any]:
        """Return nothing: Git keeps that history."""
        del name, limit
        return ()

    def lock_info(self) -> LockInfo | None:
        """Return None: nobody needs to lock what cannot change."""
        return None

    def close(self) -> None:
        """Hold nothing open."""

    def commit(self, *_: object, **__: object) -> Never:
        """Refuse."""
        raise StateError("a commit of Git's is compared with, and never written")

    lock = unlock = backup = restore = commit

    def _read(self, changed: Mapping[str, str], parse: Parse) -> dict[str, Record]:
        found = {}
        for file, text in changed.items():
            try:
                document = parse(text, file) if text else None
            except DocumentError:
                self.broken.append(file)
                continue
            if document is not None:
                found[document.connection.name] = self._accepted(document)
        return found

    def _accepted(self, document: Desired) -> Record:
        connection, suspension = document.connection, document.connection.suspension
        is_out = bool(suspension and suspension.holds(self._at))
        return replace(
            new_record(connection, workspace=self._workspace, at=self._at),
            status=_status(wanted=connection.active and not is_out),
            declared_suspension=suspension,
            active=deployed_of(document, commit=self._commit, at=self._at),
            attempted=attempt_of(
                document, Result.APPLIED, commit=self._commit, at=self._at
            ),
        )

    def _as_recorded(self, head: DesiredHead) -> Head:
        return Head(
            name=head.name,
            revision=head.revision,
            active_revision=head.revision,
            result=Result.APPLIED,
            status=_status(
                wanted=head.active and head.suspended_until <= self._at.timestamp()
            ),
            managed_by=self._workspace,
            owner=head.owner,
            provider=head.provider,
            protected=head.protected,
        )


def _status(*, wanted: bool) -> Status:
    return Status.ACTIVE if wanted else Status.INACTIVE
