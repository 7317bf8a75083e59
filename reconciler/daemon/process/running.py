"""The loop that the daemon lives on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

logger = logging.getLogger(__name__)


def run_on_a_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end on a loop of its own.

    What was left behind is told by its class alone: asyncio would print the forgotten
    exception, and that may hold a signed URL.
    """
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(_tell)
        return runner.run(work)


def _tell(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    extra = {"exception": type(error).__qualname__ if error else ""}
    logger.warning("something was left behind", extra=extra)
