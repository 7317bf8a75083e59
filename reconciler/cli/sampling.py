"""What `sample` asks for, and how its answer looks."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from reconciler.cli.console import Console
from reconciler.core.connection import Connection
from reconciler.core.errors import ProviderError
from reconciler.core.outcome import ExitCode
from reconciler.core.ports import Ask, Job, Sample
from reconciler.recording import record_fetch
from reconciler.report.samples import sample_csv, sample_human, sample_json
from reconciler.waiting import require_no_wait
from reconciler.wiring import App


def ask_for(  # noqa: PLR0913  # what can be asked for
    connection: Connection,
    *,
    symbol: str | None,
    timeframe: str | None,
    limit: int,
    since: datetime | None,
    ticker: bool,
    account: bool,
    list_symbols: bool,
) -> Ask:
    """Return the question; candles unless only something else was asked for.

    Raises:
        UsageError: The file declares no symbol or timeframe, and none was named, or
            a public connection is asked for its account.
    """
    if account and not connection.credential_names:
        raise click.UsageError(f"'{connection.name}' is public: it has no account")
    candles = bool(timeframe or since) or not (ticker or account or list_symbols)
    if candles or ticker:
        symbol = symbol or _first(connection.symbols, "--symbol")
    if candles:
        timeframe = timeframe or _first(connection.timeframes, "--timeframe")
    return Ask(
        symbol=symbol or "",
        timeframe=timeframe or "",
        limit=limit,
        since_ms=_milliseconds(since) if since else None,
        ticker=ticker,
        symbols=list_symbols,
        account=account,
    )


def fetch(app: App, name: str, job: Job, ask: Ask) -> Sample:
    """Fetch, and note in the store that it was done."""
    try:
        require_no_wait(app, job)
        sample = app.sampler.sample(job, ask)
    except ProviderError as error:
        record_fetch(app, name, ask, sample=None, detail=str(error))
        raise
    record_fetch(app, name, ask, sample=sample, detail=_detail(ask))
    return sample


def exit_code_of(sample: Sample, ask: Ask) -> ExitCode:
    """Return 1 when the present candles were asked for and there are none.

    After a moment that was named there may be none yet: that is an answer.
    """
    wanted = ask.symbol and ask.timeframe and ask.since_ms is None
    return ExitCode.ERROR if wanted and not sample.candles else ExitCode.DONE


def render_sample(console: Console, sample: Sample, ask: Ask, format_: str) -> str:
    """Return the sample as text."""
    match format_:
        case "csv":
            return sample_csv(sample)
        case "json":
            return sample_json(sample, symbol=ask.symbol, timeframe=ask.timeframe)
        case _:
            return sample_human(
                sample, symbol=ask.symbol, timeframe=ask.timeframe, color=console.color
            )


def _first(declared: tuple[str, ...], option: str) -> str:
    if not declared:
        raise click.UsageError(f"the file declares none; name one with {option}")
    return declared[0]


def _milliseconds(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)


def _detail(ask: Ask) -> str:
    parts = [" ".join(word for word in (ask.symbol, ask.timeframe) if word)]
    parts += ["ticker"] if ask.ticker else []
    parts += ["symbols"] if ask.symbols else []
    parts += ["account"] if ask.account else []
    return ", ".join(filter(None, parts))
