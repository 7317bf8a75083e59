"""Send a feed's requests: signed, tried again where that may help, never for ever.

Only reads are repeated, and only after what passes by itself: no answer in time, a
limit, a server in trouble. A refusal of the key is final, but for one new token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.waits import retry_after_s
from reconciler.adapters.providers.custom_api.signers import Signer
from reconciler.adapters.providers.ladder.patience import left_s
from reconciler.adapters.providers.rest import PLAIN_CODES, Request, RestClient, refusal
from reconciler.core.diagnosis import KINDS
from reconciler.core.durations import parse_duration

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 10
_READS = frozenset({"GET", "HEAD"})
_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often to try, after what, and how long to wait between (seconds)."""

    attempts: int = 1
    statuses: frozenset[int] = frozenset()
    after_timeout: bool = False
    grows: bool = True
    longest_s: float = _LONGEST_WAIT_S

    def wait_s(
        self, tries: int, answer: Answer | None, *, now_s: float
    ) -> float | None:
        """Return how long to wait after so many tries; None: it is not worth it."""
        asked = None if answer is None else retry_after_s(answer, now_s=now_s)
        if asked is not None:
            return asked if asked <= self.longest_s else None
        wait = _FIRST_WAIT_S * (2 ** (tries - 1) if self.grows else 1)
        return min(wait, self.longest_s)


def make_retry(config: Mapping[str, Any]) -> Retry:
    """Return what `config.retry` says; without it, nothing is tried again."""
    if not config:
        return Retry()
    after = config.get("after", ["timeout", 429, 502, 503, 504])
    return Retry(
        attempts=config.get("attempts", 2),
        statuses=frozenset(item for item in after if isinstance(item, int)),
        after_timeout="timeout" in after,
        grows=config.get("backoff", "exponential") == "exponential",
        longest_s=float(parse_duration(config.get("max")) or _LONGEST_WAIT_S),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Sends requests for one connection, with its key or without.

    `bare` has no client certificate; it asks what anybody can. `timeout_s` is the
    whole test's: an attempt that may be repeated gets its share of it.
    """

    client: RestClient
    bare: RestClient
    signer: Signer
    retry: Retry
    timeout_s: float
    now: Callable[[], datetime]

    async def send(self, request: Request, *, signed: bool = True) -> Answer:
        """Return the last answer; raises what the last attempt raised."""
        tries = 0
        while True:
            tries += 1
            is_last = tries >= self.retry.attempts or request.method not in _READS
            answer: Answer | None = None
            try:
                answer = await self._once(request, signed=signed, is_last=is_last)
            except TimeoutError:
                if is_last or not self.retry.after_timeout:
                    raise
            if answer is not None and (is_last or not self._may_pass(answer)):
                return answer
            wait = self.retry.wait_s(tries, answer, now_s=self.now().timestamp())
            if answer is not None and not _fits(wait):
                return answer
            await asyncio.sleep(wait or 0.0)

    async def _once(self, request: Request, *, signed: bool, is_last: bool) -> Answer:
        share = None if is_last or not self.retry.after_timeout else self._share_s()
        if not signed:
            return await self.bare.send(request, limit_s=share)
        answer = await self.client.send(await self.signer.sign(request), limit_s=share)
        if answer.status == _UNAUTHORIZED and self.signer.forget():
            again = await self.signer.sign(request)
            answer = await self.client.send(again, limit_s=share)
        return answer

    def _share_s(self) -> float:
        return self.timeout_s / self.retry.attempts

    def _may_pass(self, answer: Answer) -> bool:
        if answer.status not in self.retry.statuses:
            return False
        meant = self.client.rules(answer) or refusal(answer, PLAIN_CODES)
        return meant is None or not KINDS[meant].terminal


def _fits(wait: float | None) -> bool:
    """Tell whether the test's own time allows a wait and an answer after it."""
    left = left_s()
    return wait is not None and (left is None or wait < left)
