"""Tests: what runs them, what fetches data, who hears of progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.core.connection import Connection
from reconciler.core.connectivity import NetworkState
from reconciler.core.ports.providing import Ask, Sample
from reconciler.core.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One test to run: a connection and its sealed document."""

    connection: Connection
    text: str
    file: str


class Sampler(Protocol):
    """Fetches data through one connection."""

    def sample(self, job: Job, ask: Ask) -> Sample:
        """Return what was asked for; raises `ProviderError` or `SecretError`."""
        ...


class Connectivity(Protocol):
    """Knows whether this machine's own network is up."""

    def state(self) -> NetworkState:
        """Return what is known; asks nobody."""
        ...

    async def find_out(self) -> NetworkState:
        """Return what is known after asking whoever may tell, if it is unsure."""
        ...


class Tester(Protocol):
    """Runs tests side by side, bounded; one failure never touches another."""

    def run(
        self,
        jobs: Sequence[Job],
        *,
        decide: Callable[[Job, Verdict], None],
        keep: Callable[[], None] | None = None,
    ) -> Sequence[Job]:
        """Test every job, calling `decide` once for each soon after it is done.

        `keep` is called after each group of them, before anybody is told of it, and
        after the last. Returns the jobs that were not tested because a stop was
        asked for.
        """
        ...


class Observer(Protocol):
    """Hears of progress; the default does nothing."""

    def started(self, total: int) -> None:
        """`total` tests are about to run."""
        ...

    def finished(self, name: str, *, passed: bool) -> None:
        """One test is done."""
        ...
