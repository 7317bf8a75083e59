"""What a daemon brings up beside its loop when it is asked to, each in one function."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from reconciler.core.errors import ReconcilerError
from reconciler.wiring import App

if TYPE_CHECKING:
    from reconciler.daemon.hosting import Daemon
    from reconciler.daemon.http.listening import Listen

logger = logging.getLogger(__name__)

Renewed = Callable[[App], None]
"""Called with the outside world, after a reload or after the files were read."""


async def attach_http(daemon: Daemon, listen: Listen, stack: AsyncExitStack) -> None:
    """Serve the API and the page until the stack is left; raises `ReconcilerError`."""
    # Loaded only to listen: a daemon without needs no server.
    from reconciler.daemon.http.ruling import read_rules  # noqa: PLC0415
    from reconciler.daemon.http.serving import serving  # noqa: PLC0415
    from reconciler.daemon.meter import Meter  # noqa: PLC0415
    from reconciler.daemon.pages.routes import PAGES  # noqa: PLC0415

    meter = Meter()
    daemon.listeners.append(meter)
    served = await stack.enter_async_context(
        serving(
            daemon.app,
            control=daemon.control,
            listen=listen,
            desired=lambda: daemon.desired,
            meter=meter,
            pages=PAGES,
        )
    )
    logger.info("listening", extra={"url": served.url})

    def take(app: App) -> None:
        try:
            served.take(read_rules(app))
        except ReconcilerError as error:
            logger.warning("rules of http not taken", extra={"error": str(error)})
            said = f"the new rules of who may ask are not taken: {error}"
            daemon.board.problem("http", said)
        else:
            daemon.board.problem("http", "")

    daemon.on_renewed.append(take)
    daemon.on_read.append(take)  # the policy is one of the files


def attach_alerts(daemon: Daemon, stack: AsyncExitStack) -> None:
    """Tell people what fails, until the stack is left; raises `DocumentError`."""
    # Loaded here: its settings need pydantic, and only a daemon has alerts.
    from reconciler.daemon.alerting.service import AlertService  # noqa: PLC0415

    service = AlertService(
        daemon.app,
        board=daemon.board,
        state=daemon.engine.state,
        offload=daemon.storage,
    )
    daemon.listeners.append(service)
    daemon.on_renewed.append(service.take)
    ending = asyncio.Event()
    working = asyncio.ensure_future(service.run(ending))

    async def end() -> None:
        ending.set()
        await working

    stack.push_async_callback(end)
