"""The operation lock: one change of desired state at a time, never for ever.

A small JSON file names the holder. It is a lease: who lives renews it from a
background thread, who is stuck loses it. Who was killed does not keep others
waiting even that long: every holder keeps a file of its own locked, and the kernel
lets go of it with the process. Every look and change happens under the writers'
mutex, and a commit that names the lock checks it there too, so that a holder who
overslept can no longer write.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from reconciler.adapters.stores.tinydb import life
from reconciler.adapters.stores.tinydb.disk import Disk
from reconciler.adapters.stores.tinydb.files import replace_file
from reconciler.core import codec
from reconciler.core.errors import DamagedError, LockedError, StaleError, StateError
from reconciler.core.ports import LockInfo

logger = logging.getLogger(__name__)

_FIRST_DELAY_S = 1.0
_LONGEST_DELAY_S = 16.0
_RENEWALS_PER_LEASE = 3


class OperationLock:
    """The lock file of one store."""

    def __init__(
        self,
        disk: Disk,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], object],
    ) -> None:
        self._disk = disk
        self._path = disk.paths.lock
        self._now = now
        self._sleep = sleep

    @contextlib.contextmanager
    def held(
        self, *, operation: str, who: str, lease_s: float, timeout_s: float
    ) -> Iterator[LockInfo]:
        """Take the lock, renew it while held, release it whatever happens.

        Raises:
            LockedError: Somebody else kept it for longer than `timeout_s`.
        """
        info, line = self._acquire(operation, who, lease_s=lease_s, timeout_s=timeout_s)
        stop = threading.Event()
        renewer = threading.Thread(
            target=self._keep_renewing,
            args=(info.id, lease_s, stop),
            name=f"lock-{info.id[:8]}",
            daemon=True,
        )
        renewer.start()
        try:
            yield info
        finally:
            stop.set()
            renewer.join()
            self._release(info.id)
            os.close(line)

    def holder(self) -> LockInfo | None:
        """Return who holds it now; None when free, expired or left by a dead run."""
        found = self._read()
        if found is None or found.expires_at <= self._now():
            return None
        return None if life.is_over(self._life_line(found.id)) else found

    def require(self, lock_id: str) -> None:
        """Refuse unless this very lock still holds.

        Raises:
            StaleError: It expired, was broken, or somebody else took it.
        """
        found = self._read()
        if found is None or found.id != lock_id:
            by = f"{found.who} took it for {found.operation}" if found else "it is gone"
            raise StaleError(
                f"lock {lock_id} no longer holds: {by}; "
                "nothing was committed, plan and apply again"
            )
        if found.expires_at <= self._now():
            raise StaleError(
                f"lock {lock_id} expired at {_text(found.expires_at)}; "
                "nothing was committed, plan and apply again"
            )

    def renew(self, lock_id: str, *, lease_s: float) -> bool:
        """Lengthen the lease; False when the lock is no longer ours."""
        with self._disk.alone():
            found = self._read()
            if found is None or found.id != lock_id:
                return False
            until = self._now() + timedelta(seconds=lease_s)
            self._write(replace(found, expires_at=until))
            return True

    def unlock(self, lock_id: str) -> None:
        """Break the lock with exactly this id.

        Raises:
            StateError: There is none, or it has another id.
        """
        if self._read() is None:  # or this would make the store's folder
            raise StateError(f"{self._path} is not there: not locked; nothing to do")
        with self._disk.alone():
            found = self._read()
            if found is None:
                return
            if found.id != lock_id:
                raise StateError(
                    f"the lock's id is {found.id}, not {lock_id}: held for "
                    f"{found.operation} by {found.who}; to break that one run: "
                    f"reconcile state unlock {found.id}"
                )
            self._forget(found.id)

    def _acquire(
        self, operation: str, who: str, *, lease_s: float, timeout_s: float
    ) -> tuple[LockInfo, int]:
        waited_s, delay_s = 0.0, _FIRST_DELAY_S
        while True:
            mine, line, holder = self._try(operation, who, lease_s=lease_s)
            if holder is None:
                return mine, line
            if waited_s >= timeout_s:
                raise LockedError(_conflict(holder, waited_s))
            pause_s = min(delay_s, timeout_s - waited_s)
            self._sleep(pause_s)
            waited_s += pause_s
            delay_s = min(2 * delay_s, _LONGEST_DELAY_S)

    def _try(
        self, operation: str, who: str, *, lease_s: float
    ) -> tuple[LockInfo, int, LockInfo | None]:
        """Take the lock if it is free; return it, its life line, and who has it."""
        now = self._now()
        mine = LockInfo(
            id=str(uuid.uuid4()),
            operation=operation,
            who=who,
            created_at=now,
            expires_at=now + timedelta(seconds=lease_s),
        )
        with self._disk.alone():
            holder = self.holder()
            if holder is not None:
                return mine, -1, holder
            if left := self._read():
                self._forget(left.id)
            line = life.begin(self._life_line(mine.id))
            try:
                self._write(mine)
            except BaseException:
                os.close(line)
                self._forget(mine.id)
                raise
        return mine, line, None

    def _keep_renewing(
        self, lock_id: str, lease_s: float, stop: threading.Event
    ) -> None:
        while not stop.wait(lease_s / _RENEWALS_PER_LEASE):
            try:
                if not self.renew(lock_id, lease_s=lease_s):
                    logger.warning("lock lost", extra={"lock": lock_id})
                    return
            except StateError as error:
                # The next round may succeed; if none does, commits are refused.
                logger.warning("lock not renewed", extra={"error": str(error)})

    def _release(self, lock_id: str) -> None:
        try:
            with self._disk.alone():
                found = self._read()
                if found is not None and found.id == lock_id:
                    self._forget(lock_id)
        except StateError as error:
            # It expires by itself, and what happened before must not be hidden.
            logger.warning("lock not released", extra={"error": str(error)})

    def _forget(self, lock_id: str) -> None:
        self._path.unlink(missing_ok=True)
        self._life_line(lock_id).unlink(missing_ok=True)

    def _life_line(self, lock_id: str) -> Path:
        return self._path.with_name(f"{self._path.name}.{lock_id}")

    def _read(self) -> LockInfo | None:
        try:
            return codec.from_json(LockInfo, self._path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            raise DamagedError(
                f"{self._path} is not a lock file; "
                f"make sure that no reconcile is running, then: rm {self._path}"
            ) from None

    def _write(self, info: LockInfo) -> None:
        data = codec.to_json(info).encode() + b"\n"
        # Not waited for: after a power cut its holder is gone as well.
        replace_file(self._disk.paths, self._path, data, durable=False)


def _conflict(holder: LockInfo, waited_s: float) -> str:
    waited = f" (waited {waited_s:g} s)" if waited_s else ""
    return (
        f"the state is locked by {holder.who} for {holder.operation} since "
        f"{_text(holder.created_at)}, until {_text(holder.expires_at)} unless "
        f"renewed{waited}; wait with --lock-timeout, or if that run is dead: "
        f"reconcile state unlock {holder.id}"
    )


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
