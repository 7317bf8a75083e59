"""One HTTP request to a receiver: bounded, without redirects, its failure in words.

Neither the address nor what was answered is part of any error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.core.incidents.delivering import DeliveryError
from reconciler.core.secret import Secret

_GOOD: Final = range(200, 300)
_RETRY_LATER: Final = (429, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent where."""

    method: str
    address: Secret
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


async def call(request: Request, *, timeout_s: float) -> None:
    """Send one request and look at the status of the answer.

    Raises:
        DeliveryError: No answer came in time, or no good one.
    """
    import aiohttp  # loads when something is sent

    url = request.address.reveal()
    if not url.lower().startswith(("http://", "https://")):
        raise DeliveryError("the address is not one of http or https")
    limit = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, trust_env=True) as session,
            session.request(
                request.method,
                url,
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
            ) as answer,
        ):
            _judge(answer)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise DeliveryError(_why(error)) from None


def _judge(answer: Any) -> None:
    if answer.status in _GOOD:
        return
    wait_s = None
    asked = answer.headers.get("Retry-After", "")
    if answer.status in _RETRY_LATER and asked.isdecimal():
        wait_s = float(asked[:6])
    raise DeliveryError(f"the receiver answered HTTP {answer.status}", wait_s=wait_s)


def _why(error: BaseException) -> str:
    """Return why no answer came, as the class alone tells it."""
    from reconciler.adapters.providers.answers.transport import (
        transport_diagnosis,
    )
    from reconciler.adapters.providers.redaction import Scrubber

    found = transport_diagnosis(error, Scrubber())
    return found.summary if found else f"no answer ({type(error).__name__})"
