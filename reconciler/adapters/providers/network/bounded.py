"""Answers of bounded length, whichever library reads them.

Exchange libraries read a body to its end, and a server that never ends (or a packed
gigabyte of blanks) takes all the memory there is.
"""

from __future__ import annotations

from typing import Final

import aiohttp

MAX_BYTES: Final = 48 * 1024 * 1024
"""Of an unpacked body: the longest list of markets that we know of has 18 MB."""
_TOO_LONG: Final = f"the answer is longer than {MAX_BYTES // 1024**2} MiB"


class AnswerTooLongError(aiohttp.ClientPayloadError):
    """A body does not end where any list of markets has ended."""


class BoundedResponse(aiohttp.ClientResponse):
    """aiohttp's response, which gives up on a body that is too long."""

    async def read(self) -> bytes:
        """Return the body; raises `AnswerTooLongError` when it is too long."""
        if self._body is None:
            try:
                self._body = await self._bounded()
            except BaseException:
                self.close()
                raise
            for trace in self._traces:
                await trace.send_response_chunk_received(
                    self.method, self.url, self._body
                )
        return await super().read()

    async def _bounded(self) -> bytes:
        pieces, size = [], 0
        async for piece in self.content.iter_any():
            pieces.append(piece)
            size += len(piece)
            if size > MAX_BYTES:
                raise AnswerTooLongError(_TOO_LONG)
        return b"".join(pieces)
