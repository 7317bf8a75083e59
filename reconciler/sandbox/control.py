"""The sandbox's remote control: faults and the request record over HTTP.

Host `sandbox.localhost`, same port, same authority:

    GET    /faults                 what is set now
    PUT    /faults                 {"provider": "binance", "fault": "rate_limited",
                                    "account"?, "endpoint"?, "times"?,
                                    "seconds"?, "ip"?}
    DELETE /faults, /faults/NAME   heal everything, or one provider
    GET    /requests               what was asked so far
    DELETE /requests               forget it
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.faults import EVERY_PROVIDER, make_fault
from reconciler.sandbox.provider import Answer, json_answer
from reconciler.sandbox.providers import PROVIDERS

if TYPE_CHECKING:
    from reconciler.sandbox.faults import ActiveFault
    from reconciler.sandbox.server import Service


def parse_fault(provider: str, fault: str, params: dict[str, Any]) -> ActiveFault:
    """Return a fault for a provider that exists.

    Raises:
        ValueError: unknown provider, fault, account, endpoint or parameter.
    """
    if provider != EVERY_PROVIDER and provider not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise ValueError(f"unknown provider '{provider}'; known: {known}, *")
    try:
        active = make_fault(provider, fault, **params)
    except TypeError as error:
        raise ValueError(f"bad parameter for '{fault}': {error}") from error
    if active.account is not None:
        _require_account(provider, active.account)
    return active


def _require_account(provider: str, account: str) -> None:
    """Raise `ValueError` for an account that nobody has: its fault hits nothing."""
    names = dict.fromkeys(
        one.name
        for name, played in PROVIDERS.items()
        if provider in (name, EVERY_PROVIDER)
        for one in played.accounts
    )
    if account not in names:
        known = ", ".join(names)
        raise ValueError(f"'{provider}' has no account '{account}'; known: {known}")


def reply_to_control(service: Service, method: str, path: str, body: bytes) -> Answer:
    """Carry out one control request."""
    words = [method, *path.strip("/").split("/")]
    if words == ["PUT", "faults"]:
        return _put(service, body)
    match words:
        case ["DELETE", "faults", *provider] if len(provider) < 2:  # noqa: PLR2004
            service.clear_faults(*provider)
        case ["DELETE", "requests"]:
            service.forget_requests()
        case ["GET", "faults" | "requests"]:
            pass
        case _:
            return json_answer({"error": "no such control"}, status=404)
    things: list[Any] = list(
        service.board if words[1] == "faults" else service.requests
    )
    return json_answer({words[1]: [asdict(thing) for thing in things]})


def _put(service: Service, body: bytes) -> Answer:
    try:
        document = json.loads(body)
        fault = parse_fault(document.pop("provider"), document.pop("fault"), document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return json_answer({"error": str(error)}, status=400)
    service.put_fault(fault)
    return json_answer(asdict(fault))
