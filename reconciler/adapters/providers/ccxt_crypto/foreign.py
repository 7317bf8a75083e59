"""An error answer that somebody shows us, explained as if we had received it.

ccxt's own handler looks at it first, on an instance that never sends anything, so
that the diagnosis is the one that a test would have given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.evidence import strange_answer
from reconciler.adapters.providers.ccxt_crypto.classify import (
    Case,
    explain_ccxt,
    explain_native,
)
from reconciler.adapters.providers.ccxt_crypto.library import import_plain_exchange
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.diagnosis import Diagnosis


def explain_answer(
    exchange_id: str, answer: Answer, *, scrub: Scrubber, now_s: float
) -> Diagnosis | None:
    """Return what an exchange's answer means, None for a success."""
    strange = strange_answer(answer, scrub)
    if strange is not None:
        return strange
    case = Case(
        exchange=exchange_id, scrub=scrub, now_s=now_s, answer=answer, signing=True
    )
    error = _raised_by_ccxt(exchange_id, answer)
    return explain_native(case) if error is None else explain_ccxt(error, case)


def _raised_by_ccxt(exchange_id: str, answer: Answer) -> Exception | None:
    exchange = import_plain_exchange(exchange_id)()
    url = _some_url(exchange.urls.get("api"))
    document = exchange.parse_json(answer.body)
    headers = dict(answer.headers)
    try:
        exchange.handle_errors(
            answer.status, "", url, "GET", headers, answer.body, document, {}, None
        )
        exchange.handle_http_status_code(answer.status, "", url, "GET", answer.body)
    except Exception as error:  # noqa: BLE001 - whatever it makes of a foreign text
        return error
    return None


def _some_url(api: Any) -> str:
    """Return any address of the API: some handlers choose their table by it."""
    if isinstance(api, Mapping):
        return next((found for one in api.values() if (found := _some_url(one))), "")
    return api if isinstance(api, str) else ""
