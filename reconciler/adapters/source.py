"""The connection files: found, read, judged, and remembered between runs.

The warm path reads and hashes, nothing else; YAML, pydantic and the adapters load
when the first file is not remembered. One bad file never hides another's problems:
whatever is wrong with it becomes diagnostics, and the names it claims are kept from
being taken for gone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from reconciler.adapters import files, source_cache
from reconciler.adapters.source_cache import Entry, Row
from reconciler.core import checks
from reconciler.core.connection import Connection
from reconciler.core.diagnostic import Diagnostic, Span
from reconciler.core.errors import DocumentError, InputError
from reconciler.core.ports import Adapter, Desired, DesiredHead, DesiredSet
from reconciler.core.revision import revision_of
from reconciler.core.source import Source

CACHE_FILE: Final = ".reconcile/cache/documents.json"


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One reading under way: rows to remember, entries by file, fresh ones counted."""

    entries: dict[str, Entry] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    fresh: int = 0


class FileSource:
    """The documents below one folder, or just the files asked for."""

    def __init__(
        self,
        *,
        directory: Path,
        connections: str,
        adapters: Callable[[], Mapping[str, Adapter]],
        files: Sequence[Path] = (),
        cache: bool = True,
    ) -> None:
        """Take note of what to read; nothing is touched yet.

        Args:
            directory: The working directory; files are named relative to it.
            connections: The folder of the documents, relative to it.
            adapters: Finds the adapters by type; called when first needed.
            files: Read only these documents or folders, also outside of
                `connections`; the cache is then used but not written.
            cache: Remember what was found in `.reconcile/cache`.
        """
        self._root = os.fspath(directory)
        self._connections = connections
        self._find_adapters = adapters
        self._targets = files
        self._cache = str(directory / CACHE_FILE) if cache else ""
        self._digests: dict[str, tuple[str, str]] = {}

    def read(self) -> DesiredSet:
        """Read and validate every document; problems are values.

        Raises:
            InputError: The folder, or one in it, is missing or cannot be listed.
        """
        reading = self._read_all(self._listed())
        duplicates = self._duplicates(reading.entries)
        heads, invalid = _sorted_out(reading.entries, duplicates)
        diagnostics = [
            item for entry in reading.entries.values() for item in entry.diagnostics
        ]
        diagnostics += duplicates.diagnostics
        self._digests = {
            name: (head.file, reading.rows[head.file][0])
            for name, head in heads.items()
        }
        return DesiredSet(
            heads=heads,
            diagnostics=tuple(sorted(diagnostics, key=lambda item: item.sort_key)),
            invalid_names=frozenset(invalid),
            files=len(reading.entries),
        )

    def load(self, name: str) -> Desired:
        """Return one valid document of the last reading in full, checked anew.

        Raises:
            KeyError: The last reading holds no valid document of that name.
            InputError: The file was changed or removed since.
            DocumentError: It is invalid after all (the cache was tampered with).
        """
        file, digest = self._digests[name]
        try:
            data = files.read_bytes(self._path(file))
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() != digest:
            raise InputError(f"'{file}' changed while it was being used; run it again")
        source, examined = self._examine(file, data)
        if examined.connection is None:
            raise DocumentError(examined.diagnostics)
        return _desired(source, examined.connection)

    def parse(self, text: str, *, file: str) -> Desired:
        """Return a document kept elsewhere (the store's).

        Only its shape is checked: it was accepted once, and must stay usable when
        the rules for new documents have become stricter.

        Raises:
            DocumentError: It is not a connection.
        """
        source, problems = self._parser(text, file=file)
        connection, found = self._rules.validate(source, stem=files.stem_of(file))
        found = (*problems, *found)
        if connection is None or checks.is_invalid(found):
            raise DocumentError(found)
        return _desired(source, connection)

    def _listed(self) -> files.Listing:
        if not self._targets:
            return files.list_documents(self._root, self._connections)
        listing = files.Listing()
        for target in self._targets:
            name = self._named(target)
            if os.path.isdir(self._path(name)):  # noqa: PTH112
                below = files.list_documents(self._root, name)
                listing.files += below.files
                listing.refused |= below.refused
            else:
                listing.files.append(name)
        return listing

    def _named(self, target: Path) -> str:
        absolute = os.path.normpath(self._path(os.fspath(target)))
        top = os.path.abspath(self._root)  # noqa: PTH100
        full = os.path.abspath(absolute)  # noqa: PTH100
        return os.path.relpath(full, top) if full.startswith(top + os.sep) else full

    def _path(self, file: str) -> str:
        return os.path.join(self._root, file)  # noqa: PTH118

    def _read_all(self, listing: files.Listing) -> _Reading:
        fingerprint = source_cache.fingerprint_of_program() if self._cache else ""
        known = source_cache.load_rows(self._cache, fingerprint) if self._cache else {}
        reading = _Reading()
        for file in sorted(set(listing.files)):
            self._read_one(file, listing.refused.get(file, ""), known, reading)
        stale = reading.fresh or len(known) != len(reading.rows)
        if self._cache and stale and not self._targets:
            source_cache.save_rows(self._cache, fingerprint, reading.rows)
        return reading

    def _read_one(
        self, file: str, refused: str, known: Mapping[str, Row], reading: _Reading
    ) -> None:
        data = b""
        if not refused:
            try:
                data = files.read_bytes(f"{self._root}/{file}")
            except OSError as error:
                refused = error.strerror or type(error).__name__
        if refused:
            reading.entries[file] = _unreadable(file, refused)
            return
        digest = hashlib.sha256(data).hexdigest()
        row = known.get(file)
        entry = _remembered(file, digest, row)
        if entry is None or row is None:
            entry = self._entry(file, data)
            row = source_cache.row_of(digest, entry)
            reading.fresh += 1
        reading.entries[file], reading.rows[file] = entry, row

    def _entry(self, file: str, data: bytes) -> Entry:
        source, examined = self._examine(file, data)
        head = None
        if examined.connection is not None:
            head = _head(source, examined.connection)
        return Entry(head=head, names=examined.names, diagnostics=examined.diagnostics)

    def _examine(self, file: str, data: bytes) -> tuple[Source, checks.Examined]:
        source, problems = self._decoded(file, data)
        stem = files.stem_of(file)
        return source, checks.examine(source, problems, stem=stem, rules=self._rules)

    def _decoded(self, file: str, data: bytes) -> tuple[Source, tuple[Diagnostic, ...]]:
        try:
            return self._parser(data.decode(), file=file)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - data.rfind(b"\n", 0, error.start)
            digest = hashlib.sha256(data).hexdigest()
            source = Source(file=file, text="", sha256=digest, data=None)
            found = Diagnostic(
                code="R107",
                message="the file is not UTF-8 text",
                span=Span(file, line, column),
                hint="save it as UTF-8",
            )
            return source, (found,)

    @cached_property
    def _parser(self) -> Callable[..., tuple[Source, tuple[Diagnostic, ...]]]:
        from reconciler.adapters import documents  # noqa: PLC0415  # not when warm

        return documents.parse

    @cached_property
    def _rules(self) -> checks.Rules:
        from reconciler.adapters.sops.inspector import inspect  # noqa: PLC0415
        from reconciler.core.document import to_connection  # noqa: PLC0415

        adapters = self._find_adapters()
        return checks.Rules(validate=to_connection, inspect=inspect, adapters=adapters)

    def _duplicates(self, entries: Mapping[str, Entry]) -> _Duplicates:
        # A name that differs from its stem is R205 already: a forgotten edit of a
        # copy must not hold back the original.
        claims = {
            file: entry.names[0]
            for file, entry in entries.items()
            if len(entry.names) == 1
        }
        shared = checks.shared_names(claims)
        found: list[Diagnostic] = []
        for name, several in shared.items():
            found += checks.same_name(name, map(self._name_span, several))
        return _Duplicates(names=frozenset(shared), diagnostics=tuple(found))

    def _name_span(self, file: str) -> Span:
        try:
            data = files.read_bytes(self._path(file))
        except OSError:
            return Span(file)
        source, _ = self._decoded(file, data)
        return source.span(("name",))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Duplicates:
    names: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]


def _sorted_out(
    entries: Mapping[str, Entry], duplicates: _Duplicates
) -> tuple[dict[str, DesiredHead], set[str]]:
    """Return the heads that may be acted on, and the names that may not be touched."""
    heads: dict[str, DesiredHead] = {}
    invalid: set[str] = set(duplicates.names)
    for entry in entries.values():
        if entry.head is None:
            invalid.update(entry.names)
        elif entry.head.name not in duplicates.names:
            heads[entry.head.name] = entry.head
    # A file under a wrong name claims its stem too, but not against that name's owner.
    return dict(sorted(heads.items())), invalid - heads.keys()


def _remembered(file: str, digest: str, row: Row | None) -> Entry | None:
    try:
        if row is None or row[0] != digest:
            return None
        return source_cache.entry_of(file, row)
    except (TypeError, ValueError, IndexError):
        return None


def _unreadable(file: str, why: str) -> Entry:
    found = Diagnostic(
        code="R107",
        message=f"the file cannot be read: {why}",
        span=Span(file),
        hint="check its name and its mode",
    )
    name = files.stem_of(file) or os.path.basename(file)  # noqa: PTH119
    return Entry(head=None, names=(name,), diagnostics=(found,))


def _head(source: Source, connection: Connection) -> DesiredHead:
    return DesiredHead(
        name=connection.name,
        file=source.file,
        revision=revision_of(source.data or {}, name=connection.name),
        active=connection.active,
        owner=connection.owner,
        provider=connection.provider,
        protected=connection.protected,
    )


def _desired(source: Source, connection: Connection) -> Desired:
    data = source.data or {}
    return Desired(
        connection=connection,
        revision=revision_of(data, name=connection.name),
        file=source.file,
        text=source.text,
        data=data,
    )
