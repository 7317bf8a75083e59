"""ccxt's way from a call to its answer, without what we never use of it.

On that way ccxt looks at proxies, retries and logs of its own, keeps the signed headers
to show them later, and arms three timers; the network has all that already. What an
exchange itself does stays as it is: its rate limit, its signature, its headers and its
reading of errors. Bodies are texts: only orders are sent in parts, and we send none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.ccxt_crypto.listener import Listener

if TYPE_CHECKING:
    import aiohttp


@cache
def made_direct(kind: type) -> type:
    """Return the class of an exchange that makes its requests directly."""
    ways = {"__module__": kind.__module__, "fetch2": _fetch2, "fetch": _fetch}
    return type(kind.__name__, (kind,), ways)


async def _fetch2(
    exchange: Any,
    path: str,
    api: str | Sequence[str] = "public",
    method: str = "GET",
    params: Mapping[str, Any] | None = None,
    *rest: Any,
) -> Any:
    """Return the decoded answer of one of the exchange's endpoints.

    `rest` ends with the endpoint's settings; releases before 4.5 put headers and a body
    of the caller's before them.
    """
    *given, config = rest or ({},)
    params = params or {}
    if exchange.enableRateLimit:
        cost = exchange.calculate_rate_limiter_cost(api, method, path, params, config)
        await exchange.throttle(cost)
    request = exchange.sign(path, api, method, params, *given)
    return await exchange.fetch(
        request["url"], request["method"], request["headers"], request["body"]
    )


async def _fetch(
    exchange: Any,
    url: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> Any:
    """Return the decoded answer to a request that is signed already."""
    sent = exchange.prepare_request_headers(headers)
    answer, reason = await _answer(exchange, url, method, sent, body)
    document = exchange.parse_json(answer.body)
    if isinstance(listener := exchange.on_rest_response, Listener):
        listener.heard(answer, is_document=document is not None)
    exchange.handle_errors(
        answer.status, reason, url, method, answer.headers, answer.body, document,
        sent, body,
    )  # fmt: skip
    exchange.handle_http_status_code(answer.status, reason, url, method, answer.body)
    return answer.body if document is None else document


async def _answer(
    exchange: Any, url: str, method: str, headers: Mapping[str, str], body: str | None
) -> tuple[Answer, str]:
    """Return the answer and its status in words; what is raised is ccxt's."""
    import aiohttp
    from ccxt.base import errors
    from yarl import URL

    try:
        async with exchange.session.watched(
            method,
            URL(url, encoded=True),
            data=body.encode() if body else None,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=exchange.timeout / 1000),
        ) as response:
            text = await response.text(_encoding(response), errors="replace")
    except TimeoutError as error:
        raise errors.RequestTimeout(f"{exchange.id} {method}") from error
    except aiohttp.ClientConnectionError as error:
        raise errors.ExchangeNotAvailable(f"{exchange.id} {method}") from error
    except aiohttp.ClientError as error:
        raise errors.ExchangeError(f"{exchange.id} {method}") from error
    answer = Answer(
        status=response.status, headers=_headers(response), body=text.strip()
    )
    return answer, response.reason or ""


def _encoding(response: aiohttp.ClientResponse) -> str | None:
    """Return None where the answer names an encoding, else that of all JSON."""
    return None if "charset" in response.headers.get("Content-Type", "") else "utf-8"


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return the headers as ccxt has them: what came twice, as one."""
    found: dict[str, str] = {}
    for name, value in response.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
