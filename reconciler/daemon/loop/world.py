"""What the engine needs from the outside, beside the pipeline's ports.

Everything that blocks (files, the store, Git) is handed to `offload`; nothing that
the loop runs waits for a disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from reconciler.core.connectivity import Outage
from reconciler.core.ports import Job, Ports
from reconciler.core.verdict import Verdict
from reconciler.daemon.process.offloading import Offload


class JobTester(Protocol):
    """Tests one job over a network that stays open."""

    def limit_of(self, kind: str) -> int:
        """Return how many tests of one provider of a type may run side by side."""
        ...

    async def network_is_up(self) -> bool:
        """Tell whether this machine's own network is not known to be down."""
        ...

    async def of(self, job: Job) -> Verdict:
        """Return the job's verdict; raises nothing but cancellation."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The outside world of one engine; replaced as a whole on a reload.

    `luck` returns a number from -1 to 1, `ticks` seconds that no clock change moves.
    `seed` parts this server's phases from another's. `parallelism` tests run at once.
    `note_outage` tells other processes of this machine; it may raise `OSError`.
    """

    ports: Ports
    tester: JobTester
    offload: Offload
    luck: Callable[[], float]
    ticks: Callable[[], float]
    seed: int = 0
    parallelism: int = 32
    note_outage: Callable[[Outage | None], None] = lambda _outage: None
