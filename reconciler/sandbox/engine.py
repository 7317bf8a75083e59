"""From a call to an answer: find the route, apply the faults, prove the caller.

Pure apart from the fault board's counting and the provider's nonce memory; the
server does what needs a network (waiting, resetting, cutting an answer short).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.sandbox.faults import REFUSALS, ActiveFault, Fault
from reconciler.sandbox.provider import (
    Answer,
    Call,
    OpenRoute,
    Provider,
    Refusal,
    RefusalContext,
    Route,
    SignedRoute,
    account_with_key,
)
from reconciler.sandbox.spoiling import INSTEAD, spoiled

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account

REDIRECT_TRAP = "redirect-trap.sandbox.example"
ALL_PERMISSIONS = ("read", "trade", "withdraw")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An answer, and whether the caller had proven who it is."""

    answer: Answer
    authenticated: bool


def account_name(provider: Provider, call: Call) -> str | None:
    """Return whose key a call shows, if it is a known one; proves nothing."""
    account = account_with_key(provider.accounts, provider.presented_key(call))
    return account.name if account else None


def judge(
    provider: Provider, route: Route | None, call: Call, faults: tuple[ActiveFault, ...]
) -> Verdict:
    """Return what a provider answers to a call while faults are active."""
    refusal = _refusal(provider, call, faults)
    if refusal is not None:
        return Verdict(answer=refusal, authenticated=False)
    if route is None:
        return Verdict(answer=provider.not_found, authenticated=False)
    edge = _edge_answer(call, faults)
    if edge is not None:
        return Verdict(answer=edge, authenticated=False)
    verdict = _ask(provider, route, _with_market_faults(call, faults), faults)
    return replace(verdict, answer=spoiled(verdict.answer, faults, now_s=call.now_s))


def _ask(
    provider: Provider, route: Route, call: Call, faults: tuple[ActiveFault, ...]
) -> Verdict:
    proven = False
    try:
        if isinstance(route, OpenRoute):
            return Verdict(answer=route.reply(call), authenticated=False)
        account = _prove(provider, route, call)
        proven = True
        answer = route.reply(call, _as_reported(account, faults))
    except Refusal as refusal:
        answer = refusal.answer
    return Verdict(answer=answer, authenticated=proven)


def _refusal(
    provider: Provider, call: Call, faults: tuple[ActiveFault, ...]
) -> Answer | None:
    for active in faults:
        if active.fault in REFUSALS:
            wait_s = max(1, round(active.seconds))
            context = RefusalContext(
                now_s=call.now_s, ip=active.ip, retry_after_s=wait_s
            )
            return provider.refuse(active.fault, context)
    return None


def _prove(provider: Provider, route: SignedRoute, call: Call) -> Account:
    account = provider.authenticate(call, provider.accounts)
    if route.needs is not None and not account.may(route.needs):
        context = RefusalContext(now_s=call.now_s, ip=call.peer_ip, retry_after_s=1)
        raise Refusal(provider.refuse(Fault.PERMISSION_DENIED, context))
    return account


def _as_reported(account: Account, faults: tuple[ActiveFault, ...]) -> Account:
    if _has(faults, Fault.WRONG_PERMISSIONS):
        return replace(account, permissions=ALL_PERMISSIONS)
    return account


def _with_market_faults(call: Call, faults: tuple[ActiveFault, ...]) -> Call:
    market = call.market
    for active in faults:
        match active.fault:
            case Fault.STALE_CANDLES | Fault.STALE_CACHE:
                market = replace(market, shift_s=-active.seconds)
            case Fault.FUTURE_CANDLES:
                market = replace(market, shift_s=active.seconds)
            case Fault.NO_CANDLES:
                market = replace(market, empty=True)
            case Fault.RUBBISH_CANDLES:
                market = replace(market, rubbish=True)
            case Fault.OTHER_SYMBOL:
                market = replace(market, swapped=True)
            case _:
                pass
    return call if market is call.market else replace(call, market=market)


def _edge_answer(call: Call, faults: tuple[ActiveFault, ...]) -> Answer | None:
    """Return what stands in front of the provider and never asks it."""
    for active in faults:
        if active.fault is Fault.REDIRECT:
            there = f"https://{REDIRECT_TRAP}{call.target}"
            return Answer(status=302, headers={"Location": there})
        if active.fault in INSTEAD:
            return INSTEAD[active.fault]
    return None


def _has(faults: tuple[ActiveFault, ...], fault: Fault) -> bool:
    return any(active.fault is fault for active in faults)
