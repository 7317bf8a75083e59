"""Sees every answer before ccxt does: keeps it as evidence, refuses a strange one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.adapters.providers.answers import Answer
from reconciler.adapters.providers.evidence import strange_answer
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.errors import ProviderError


class Listener:
    """Stands in for ccxt's `on_rest_response`, whose arguments it takes.

    `answer` is the newest one; who begins a call sets it to None.
    """

    __slots__ = ("_scrub", "answer")

    def __init__(self, scrub: Scrubber) -> None:
        self._scrub = scrub
        self.answer: Answer | None = None

    def __call__(
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        response_headers: Mapping[str, str],
        response_body: str,
        *request: Any,
    ) -> str:
        """Return the body; raises `ProviderError` for what no exchange answers."""
        del reason, url, method, request
        body = response_body.strip()
        self.answer = Answer(status=code, headers=response_headers, body=body)
        strange = strange_answer(self.answer, self._scrub, strict=True)
        if strange is not None:
            raise ProviderError(strange)
        return body
