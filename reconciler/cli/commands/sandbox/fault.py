"""`reconcile sandbox fault`."""

from __future__ import annotations

from shlex import quote

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command(
    "fault",
    epilog=example(
        "reconcile sandbox fault kraken timeout times=2",
        "reconcile sandbox fault binance rate_limited account=reader",
    ),
)
@click.argument("provider")
@click.argument("fault")
@click.argument("parameters", nargs=-1, metavar="[KEY=VALUE]...")
@click.pass_obj
def command(
    console: Console, /, *, provider: str, fault: str, parameters: tuple[str, ...]
) -> None:
    """Let a provider go wrong, or all of them with '*'.

    With account=NAME only the connections with that account's key are hit; 'reconcile
    sandbox accounts' lists the names. Other parameters: times=N, seconds=S, ip=ADDRESS,
    endpoint=public|candles|private.

    Faults: bad_key, ip_not_allowed, permission_denied, wrong_permissions, clock_skew,
    rate_limited, banned, geo_blocked, maintenance, unavailable, timeout, slow, refused,
    reset, html, empty, truncated, cut_off, rubbish_candles, stale_candles,
    future_candles, no_candles, redirect, tls_expired, tls_wrong_host.
    """
    from reconciler.cli.sandboxing import (
        parameters_of,
        require_fault,
        require_provider,
        running_info,
    )
    from reconciler.sandbox import put_fault

    require_provider(provider)
    require_fault(fault)
    info = running_info(console)
    put_fault(info, provider, fault, **parameters_of(parameters))
    to_clear = f"reconcile sandbox clear {quote(provider)}"
    console.say(f'{provider}: {fault}, until "{to_clear}".')
