"""What becomes of one connection file: a row, a head, a document."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.adapters import files, source_cache
from reconciler.adapters.source_cache import Row
from reconciler.core.checks import Examined
from reconciler.core.connection import Connection
from reconciler.core.diagnostic import Diagnostic, Span
from reconciler.core.ports import Desired, DesiredHead
from reconciler.core.revision import revision_of, seal_of
from reconciler.core.source import Source


def unreadable(file: str, why: str) -> Row:
    """Return the row of a file that could not be read."""
    found = Diagnostic(
        code="R107",
        message=f"the file cannot be read: {why}",
        span=Span(file),
        hint="check its name and its mode",
    )
    name = files.stem_of(file) or os.path.basename(file)  # noqa: PTH119
    return source_cache.row_of("", None, (name,), (found,))


def no_text(
    file: str, data: bytes, start: int
) -> tuple[Source, tuple[Diagnostic, ...]]:
    """Return what a file is that is not UTF-8, and what is wrong at byte `start`."""
    line = data.count(b"\n", 0, start) + 1
    column = start - data.rfind(b"\n", 0, start)
    digest = hashlib.sha256(data).hexdigest()
    source = Source(file=file, text="", sha256=digest, data=None)
    found = Diagnostic(
        code="R107",
        message="the file is not UTF-8 text",
        span=Span(file, line, column),
        hint="save it as UTF-8",
    )
    return source, (found,)


def row_of(digest: str, source: Source, examined: Examined) -> Row:
    """Return the row of a file that was examined."""
    connection = examined.connection
    return source_cache.row_of(
        digest,
        head_of(source, connection) if connection else None,
        examined.names,
        examined.diagnostics,
        examined.former_names,
        connection.labels if connection else {},
    )


def head_of(source: Source, connection: Connection) -> DesiredHead:
    """Return what decides whether a document needs a look."""
    return DesiredHead(
        name=connection.name,
        file=source.file,
        revision=revision_of(source.data or {}, name=connection.name),
        active=connection.active,
        owner=connection.owner,
        provider=connection.provider,
        protected=connection.protected,
        previous_names=connection.previous_names,
        suspended_until=connection.suspension.until_s if connection.suspension else 0.0,
    )


def desired_of(source: Source, connection: Connection) -> Desired:
    """Return a valid document in full."""
    data = source.data or {}
    return Desired(
        connection=connection,
        revision=revision_of(data, name=connection.name),
        file=source.file,
        text=source.text,
        data=data,
        seal=seal_of(data),
    )


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cyclic garbage collector away: all we make here is kept, or acyclic."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
