"""How Binance says no: a negative code, a sentence, and a status that matters."""

from __future__ import annotations

from dataclasses import replace

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.provider import Answer, RefusalContext, html_answer, json_answer


def error(status: int, code: int, message: str) -> Answer:
    """Return Binance's error document."""
    return json_answer({"code": code, "msg": message}, status=status)


def missing(name: str) -> Answer:
    """Refuse a call that lacks a parameter."""
    message = (
        f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )
    return error(400, -1102, message)


def not_for_you() -> Answer:
    """Refuse without saying which of three reasons it is, as Binance does."""
    return error(401, -2015, "Invalid API-key, IP, or permissions for action.")


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way Binance does; a ban names the time it ends."""
    unavailable = html_answer(503, "503 Service Temporarily Unavailable")
    return _wordings(context).get(fault, unavailable)


def _wordings(context: RefusalContext) -> dict[Fault, Answer]:
    wait = {"Retry-After": str(context.retry_after_s)}
    until = int((context.now_s + context.retry_after_s) * 1000)
    heavy = "Too much request weight used; current limit is 6000 per 1 MINUTE."
    banned = f"Way too much request weight used; IP banned until {until}."
    restricted = (
        "Service unavailable from a restricted location according to "
        "'b. Eligibility' in https://www.binance.com/en/terms."
    )
    return {
        Fault.BAD_KEY: error(401, -2008, "Invalid Api-Key ID."),
        Fault.IP_NOT_ALLOWED: not_for_you(),
        Fault.PERMISSION_DENIED: not_for_you(),
        Fault.RATE_LIMITED: replace(error(429, -1003, heavy), headers=wait),
        Fault.BANNED: replace(error(418, -1003, banned), headers=wait),
        Fault.GEO_BLOCKED: error(451, 0, restricted),
        Fault.MAINTENANCE: error(503, 1, "System is under maintenance."),
    }
