"""A tester that costs nothing while there is nothing to test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reconciler.core.ports import Job, Tester
from reconciler.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class LazyTester:
    """A tester that is made when there is something to test: it costs start-up."""

    make: Callable[[], Tester]

    def run(
        self,
        jobs: Sequence[Job],
        *,
        decide: Callable[[Job, Verdict], None],
        keep: Callable[[], None] | None = None,
    ) -> Sequence[Job]:
        """Test every job; makes nothing for none."""
        return self.make().run(jobs, decide=decide, keep=keep) if jobs else ()
