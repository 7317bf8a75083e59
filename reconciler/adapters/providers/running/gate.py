"""What stands around every test: whether it may be made, and whether it is believed.

Before: is our own network up, does the provider want this address to wait, was the
very same key refused a moment ago. After: a failure of the way is believed only if the
network is up, and what a provider says of limits and keys holds for all who share them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from reconciler.adapters.providers.ladder.rates import Rates
from reconciler.adapters.providers.ladder.sharing import sharing
from reconciler.adapters.providers.network.contacts import is_outside
from reconciler.adapters.providers.running.frozen import FREEZING, Frozen
from reconciler.adapters.providers.running.holds import SHORT_S, Holds, wait_asked_for
from reconciler.adapters.providers.running.ways import Way, account_of, way_of
from reconciler.core.connectivity import NetworkState
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.ports import Connectivity, Job
from reconciler.core.secret import Credentials
from reconciler.core.verdict import Verdict

T = TypeVar("T")

OF_THE_WAY: Final = frozenset(
    {
        *(Category.DNS_FAILURE, Category.CONNECTION_REFUSED),
        *(Category.CONNECTION_RESET, Category.PROXY_UNREACHABLE),
        *(Category.TLS_CERTIFICATE, Category.TLS_HANDSHAKE, Category.TIMEOUT),
    }
)
"""Failures that look the same when it is our network that is down."""
_RARELY: Final = (
    "wait; raise health.interval of the connections that use the account, or "
    "tests_per_minute in reconcile.yaml"
)
TURN_S: Final = 60.0
"""So long a test waits for its turn; few of one provider wait at the same time."""
_PONDER_S: Final = 2.0
_LOOK_S: Final = 0.05


@dataclass(slots=True)
class Shared:
    """What outlives one network: what is known of limits and keys in this process."""

    holds: Holds
    rates: Rates
    frozen: Frozen = field(default_factory=Frozen)

    @classmethod
    def of(
        cls, ticks: Callable[[], float], tests_per_minute: int | None = None
    ) -> Shared:
        """Return what nobody knows anything of yet; None tests without a limit."""
        return cls(holds=Holds(ticks), rates=Rates(ticks, per_minute=tests_per_minute))


class Gate:
    """Lets tests through one network, and judges what they found."""

    def __init__(
        self,
        connectivity: Connectivity,
        shared: Shared,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sleep = sleep
        self._connectivity = connectivity
        self._shared = shared
        self._testing = 0

    async def network_is_up(self) -> bool:
        """Tell whether our own network is not known to be down; asks while it is."""
        state = self._connectivity.state()
        if state is NetworkState.DOWN:
            state = await self._connectivity.find_out()
        return state is not NetworkState.DOWN

    async def through(
        self, job: Job, credentials: Credentials, test: Callable[[], Awaitable[Verdict]]
    ) -> Verdict | Diagnosis:
        """Return a test's verdict, or why this machine cannot make it now."""
        way = way_of(job.connection, credentials)
        account = account_of(way, credentials)
        frozen = self._shared.frozen
        if found := frozen.why_not(account, job.connection.name, job.text):
            return found
        is_pilot = await frozen.turn(account)
        try:
            if not is_pilot and (
                found := frozen.why_not(account, job.connection.name, job.text)
            ):
                return found
            sharers = (way, account) if account else None
            if found := await self._obstacle(way, sharers or job.connection.name):
                return found
            with sharing(sharers):
                verdict = await self._tested(test)
            verdict = replace(verdict, inside=not _leads_out(way))
            return await self._judged(job, way, account, verdict)
        finally:
            if is_pilot:
                frozen.gave_up(account)

    def sharing(
        self, job: Job, credentials: Credentials
    ) -> AbstractContextManager[None]:
        """Let the block's requests count for all that use the same account."""
        way = way_of(job.connection, credentials)
        account = account_of(way, credentials)
        return sharing((way, account) if account else None)

    async def question(
        self, job: Job, credentials: Credentials, work: Callable[[], Awaitable[T]]
    ) -> T:
        """Return what a single question brings; raises `ProviderError`.

        It obeys what tests were told, and tests obey what it is told; only it is not
        counted as one of them.
        """
        way = way_of(job.connection, credentials)
        account = account_of(way, credentials)
        name, shared = job.connection.name, self._shared
        if found := shared.frozen.why_not(account, name, job.text):
            raise ProviderError(found)
        held_s = shared.holds.left_s(way)
        if held_s > SHORT_S:
            raise ProviderError(shared.holds.postponed(way))
        if held_s:
            await self._sleep(held_s)
        try:
            with self.sharing(job, credentials):
                return await work()
        except ProviderError as error:
            shared.holds.heed(way, error.diagnosis, name)
            if error.diagnosis.category in FREEZING:
                shared.frozen.found(account, name, error.diagnosis)
            raise

    async def _obstacle(self, way: Way, sharers: Hashable) -> Diagnosis | None:
        """Return what keeps anybody from testing this way now; waits if it is short."""
        held_s = self._shared.holds.left_s(way)
        if held_s > SHORT_S:
            return self._shared.holds.postponed(way)
        turn_s = self._shared.rates.wait_s(sharers, most_s=TURN_S)
        if turn_s > TURN_S:
            return diagnose(
                Category.POSTPONED,
                detail="its account was tested often enough just now",
                fix=_RARELY,
                retry_after_s=round(turn_s, 1),
            )
        if wait_s := max(held_s, turn_s):
            await self._sleep(wait_s)
        if not _leads_out(way) or self._connectivity.state() is not NetworkState.DOWN:
            return None
        state = await self._connectivity.find_out()
        return no_network() if state is NetworkState.DOWN else None

    async def _tested(self, test: Callable[[], Awaitable[Verdict]]) -> Verdict:
        self._testing += 1
        try:
            return await test()
        finally:
            self._testing -= 1

    async def _judged(
        self, job: Job, way: Way, account: bytes, verdict: Verdict
    ) -> Verdict | Diagnosis:
        diagnosis, name = verdict.diagnosis, job.connection.name
        if diagnosis is None:
            self._shared.frozen.found(account, name, None)
            return verdict
        if diagnosis.category in OF_THE_WAY and _leads_out(way):
            return await self._believed(verdict, diagnosis)
        if wait_asked_for(diagnosis):
            was_held = self._shared.holds.left_s(way) > 0
            self._shared.holds.heed(way, diagnosis, name)
            return self._shared.holds.postponed(way) if was_held else verdict
        self._shared.frozen.found(account, name, diagnosis)
        return verdict

    async def _believed(
        self, verdict: Verdict, diagnosis: Diagnosis
    ) -> Verdict | Diagnosis:
        state = await self._connectivity.find_out()
        if state is NetworkState.UNSURE:
            state = await self._ponder()
        if state is NetworkState.DOWN:
            return no_network(diagnosis.category)
        return verdict

    async def _ponder(self) -> NetworkState:
        """Wait for what the tests beside this one show; soon they show it, or never."""
        for _ in range(int(_PONDER_S / _LOOK_S)):
            state = self._connectivity.state()
            if state is not NetworkState.UNSURE or not self._testing:
                return state
            await self._sleep(_LOOK_S)
        return self._connectivity.state()


def no_network(category: Category | None = None) -> Diagnosis:
    """Return the diagnosis of a test that our own network did not let through."""
    evidence = {"test": category.value} if category else {}
    return diagnose(Category.OWN_NETWORK, evidence=evidence)


def _leads_out(way: Way) -> bool:
    """Tell whether a way needs the network outside; a proxy is its own way out."""
    return not way.host or is_outside(way.host)
