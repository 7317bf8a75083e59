"""Fetch data through one connection: one question, one answer, its own loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.adapters.providers.running.loops import quiet_runner, unseal_job
from reconciler.core.connection import Connection
from reconciler.core.ports import (
    Adapter,
    Ask,
    Clock,
    Job,
    Sample,
    Session,
    Unsealed,
    Unsealer,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectSampler:
    """The pipeline's `Sampler`: one connection, one question."""

    adapters: Callable[[], Mapping[str, Adapter]]
    unsealer: Unsealer
    clock: Clock
    sandbox: Path | None = None
    allow: Sequence[str] = ()
    cache: Path | None = None

    def sample(self, job: Job, ask: Ask) -> Sample:
        """Return what was asked for; raises `ProviderError` or `SecretError`."""
        unsealed = unseal_job(self.unsealer, job)
        with quiet_runner() as runner:
            return runner.run(self._sample(job.connection, unsealed, ask))

    async def _sample(
        self, connection: Connection, unsealed: Unsealed, ask: Ask
    ) -> Sample:
        from reconciler.adapters.providers.network.meter import Meter, metering
        from reconciler.adapters.providers.network.session import open_network

        adapter = self.adapters()[connection.type]
        async with (
            open_network(
                self.sandbox, clock=self.clock, allow=self.allow, cache=self.cache
            ) as network,
            adapter.open(connection, unsealed.credentials, network) as session,
        ):
            with metering(Meter()) as meter:
                sample = await answer_of(session, ask)
        return replace(sample, latency_ms=meter.latency_ms)


async def answer_of(session: Session, ask: Ask) -> Sample:
    """Return what was asked for over an open session; raises `ProviderError`."""
    sample = Sample()
    if ask.symbol and ask.timeframe:
        candles = await session.candles(
            ask.symbol, ask.timeframe, limit=ask.limit, since_ms=ask.since_ms
        )
        sample = replace(sample, candles=tuple(candles))
    if ask.symbol and ask.ticker:
        sample = replace(sample, ticker=await session.ticker(ask.symbol))
    if ask.symbols:
        sample = replace(sample, symbols=tuple(await session.symbols()))
    if ask.account:
        sample = replace(sample, account=await session.account())
    return sample
