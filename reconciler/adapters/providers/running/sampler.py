"""Fetch data through one connection: one question, one answer, its own loop."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.adapters.providers.running.loops import quiet_runner
from reconciler.adapters.providers.running.tester import ConcurrentTester
from reconciler.core.ports import Ask, Job, Sample


@dataclass(frozen=True, slots=True)
class DirectSampler:
    """The pipeline's `Sampler`: one question, over the network that tests go."""

    tester: ConcurrentTester

    def sample(self, job: Job, ask: Ask) -> Sample:
        """Return what was asked for; raises `ProviderError` or `SecretError`."""
        with quiet_runner() as runner:
            return runner.run(self._sample(job, ask))

    async def _sample(self, job: Job, ask: Ask) -> Sample:
        async with self.tester.opened() as test:
            return await test.sample(job, ask)
