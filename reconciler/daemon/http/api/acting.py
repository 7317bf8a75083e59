"""The operations that act: test now, fetch a sample, suspend and resume."""

from __future__ import annotations

from typing import Final

from reconciler.core.ports import Ask
from reconciler.core.record import Record
from reconciler.daemon.http.api.answers import Changed, Sampled, Tested
from reconciler.daemon.http.api.asking import NoBody, SampleBody, SuspendBody
from reconciler.daemon.http.api.operations import Call, Operation, record_of, row_of
from reconciler.daemon.http.problems import Fault, Problem


async def test_connection(call: Call) -> Tested:
    """Test what runs now, and wait for it."""
    outcome = await call.site.control.test(call.name, who=call.principal.who)
    row = await row_of(call.site, call.principal, call.name, anew=True)
    return Tested(outcome=outcome, connection=row)


async def sample_connection(call: Call) -> Sampled:
    """Fetch data through what runs."""
    record = await record_of(call.site, call.principal, call.name)
    question = ask_for(record, call.body)
    sample = await call.site.control.sample(call.name, question, who=call.principal.who)
    return Sampled(symbol=question.symbol, timeframe=question.timeframe, sample=sample)


async def suspend_connection(call: Call) -> Changed:
    """Take a connection out of service for a time."""
    body: SuspendBody = call.body
    until = body.checked_until(call.site.clock.now())
    await call.site.control.suspend(
        call.name, who=call.principal.who, reason=body.reason, until=until
    )
    return await _changed(call)


async def resume_connection(call: Call) -> Changed:
    """Put a suspended connection back, and test it."""
    await call.site.control.resume(call.name, who=call.principal.who)
    return await _changed(call)


def ask_for(record: Record, body: SampleBody) -> Ask:
    """Return the question; what is not named is what the last test looked at.

    Raises:
        Problem: 409 when nothing is named and no test looked at anything.
    """
    mark = next(iter(record.marks), None)
    symbol = body.symbol or (mark.symbol if mark else "")
    timeframe = body.timeframe or (mark.timeframe if mark else "")
    missing = [
        Fault(at=name, detail="name one: no test looked at any")
        for name, value, needed in (
            ("symbol", symbol, body.candles or body.ticker),
            ("timeframe", timeframe, body.candles),
        )
        if needed and not value
    ]
    if missing:
        raise Problem(409, "it is not said what to fetch", errors=missing)
    return Ask(
        symbol=symbol if body.candles or body.ticker else "",
        timeframe=timeframe if body.candles else "",
        limit=body.limit,
        since_ms=body.since_ms,
        ticker=body.ticker,
        symbols=body.symbols,
        account=body.account,
    )


async def _changed(call: Call) -> Changed:
    row = await row_of(call.site, call.principal, call.name, anew=True)
    return Changed(connection=row)


_ENDINGS: Final = (404, 409)
ACTING: Final = (
    Operation(
        id="testConnection",
        path="/connections/{name}/test",
        summary="Test what runs now, and wait for the outcome",
        answer=Tested,
        handler=test_connection,
        body=NoBody,
        problems=_ENDINGS,
    ),
    Operation(
        id="sampleConnection",
        path="/connections/{name}/sample",
        summary="Fetch candles, the price, symbols or the account through what runs",
        answer=Sampled,
        handler=sample_connection,
        body=SampleBody,
        problems=(*_ENDINGS, 424),
    ),
    Operation(
        id="suspendConnection",
        path="/connections/{name}/suspend",
        summary="Take a connection out of service for a time",
        answer=Changed,
        handler=suspend_connection,
        body=SuspendBody,
        problems=_ENDINGS,
    ),
    Operation(
        id="resumeConnection",
        path="/connections/{name}/resume",
        summary="Put a suspended connection back, and test it",
        answer=Changed,
        handler=resume_connection,
        body=NoBody,
        problems=_ENDINGS,
    ),
)
