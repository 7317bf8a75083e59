"""What a daemon brings up beside its loop when it is asked to, each in one function."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.core.errors import ReconcilerError
from reconciler.core.ports import DesiredSet
from reconciler.daemon.board import Board
from reconciler.daemon.control import Control
from reconciler.daemon.listeners import Listeners
from reconciler.daemon.process.offloading import Offload
from reconciler.wiring import App

if TYPE_CHECKING:
    from reconciler.daemon.http.server.listening import Listen

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What such a part meets of the daemon; `desired` is what the files said last."""

    app: App
    board: Board
    control: Control
    listeners: Listeners
    storage: Offload
    desired: Callable[[], DesiredSet | None]


async def attach_http(host: Host, listen: Listen, stack: AsyncExitStack) -> None:
    """Serve the API and the page until the stack is left; raises `ReconcilerError`."""
    # Loaded only to listen: a daemon without needs no server.
    from reconciler.daemon.http.access.ruling import read_rules  # noqa: PLC0415
    from reconciler.daemon.http.meter import Meter  # noqa: PLC0415
    from reconciler.daemon.http.server.serving import serving  # noqa: PLC0415
    from reconciler.daemon.pages.routes import PAGES  # noqa: PLC0415

    meter = Meter()
    host.listeners.hearing.append(meter)
    served = await stack.enter_async_context(
        serving(
            host.app,
            control=host.control,
            listen=listen,
            desired=host.desired,
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
            host.board.problem("http", said)
        else:
            host.board.problem("http", "")

    host.listeners.on_renewed.append(take)
    host.listeners.on_read.append(take)  # the policy is one of the files


def attach_alerts(host: Host, stack: AsyncExitStack) -> None:
    """Tell people what fails, until the stack is left; raises `DocumentError`."""
    # Loaded here: its settings need pydantic, and only a daemon has alerts.
    from reconciler.daemon.alerting.service import AlertService  # noqa: PLC0415

    service = AlertService(
        host.app,
        board=host.board,
        state=host.control.state,
        offload=host.storage,
    )
    host.listeners.hearing.append(service)
    host.listeners.on_renewed.append(service.take)
    ending = asyncio.Event()
    working = asyncio.ensure_future(service.run(ending))

    async def end() -> None:
        ending.set()
        await working

    stack.push_async_callback(end)
