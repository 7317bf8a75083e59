"""Sees every answer before ccxt does: keeps it as evidence, refuses a strange one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.evidence import strange_answer
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
        self.heard(Answer(status=code, headers=response_headers, body=body))
        return body

    def heard(self, answer: Answer, *, is_document: bool = False) -> None:
        """Keep an answer; raises `ProviderError` for what no exchange answers.

        `is_document` tells that its body was found to be whole JSON already.
        """
        self.answer = answer
        strange = strange_answer(
            answer, self._scrub, strict=True, is_document=is_document
        )
        if strange is not None:
            raise ProviderError(strange)
