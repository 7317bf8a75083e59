"""A request of aiohttp that is timed, and noted while it is under way."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from reconciler.adapters.providers.network.inflight import Inflight
from reconciler.adapters.providers.network.meter import Marks, Recorder


class Timed:
    """A request, entered as aiohttp's own; who never leaves it is timed to its head.

    `url` is the one that was asked for.
    """

    __slots__ = ("_marks", "_recorder", "_request", "_url")

    def __init__(self, request: Any, url: Any, recorder: Recorder) -> None:
        self._request = request
        self._url = url
        self._recorder = recorder
        self._marks: Marks | None = None

    async def __aenter__(self) -> Any:
        marks = self._marks = self._recorder.began(self._url)
        try:
            response = await self._request.__aenter__()
        except BaseException as error:
            self._recorder.failed(marks, error)
            raise
        self._recorder.answered(marks, response)
        return response

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._marks is not None:
            self._recorder.received(self._marks)
        await self._request.__aexit__(kind, error, trace)


class Watched(Timed):
    """A request that its network waits for before it closes."""

    __slots__ = ("_inflight", "_task")

    def __init__(
        self, request: Any, url: Any, recorder: Recorder, inflight: Inflight
    ) -> None:
        super().__init__(request, url, recorder)
        self._inflight = inflight
        self._task: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Any:
        self._task = self._inflight.begin()
        try:
            return await super().__aenter__()
        except BaseException:
            self._inflight.end(self._task)
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await super().__aexit__(kind, error, trace)
        finally:
            self._inflight.end(self._task)
