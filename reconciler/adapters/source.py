"""The connection files: found, read, judged, and remembered between runs.

The warm path reads and hashes, nothing else; YAML, pydantic and the adapters load
when the first file is not remembered. One bad file never hides another's problems:
whatever is wrong with it becomes diagnostics, and the names it claims are kept from
being taken for gone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.adapters import files, source_cache
from reconciler.adapters.clock import SystemClock
from reconciler.adapters.forked import map_forked
from reconciler.adapters.layers import (
    Layer,
    digest_of,
    folder_of,
    layers_of,
    self_contained,
    surrounded,
)
from reconciler.adapters.policy_file import PolicyBook
from reconciler.adapters.sops.upkeep.rulebook import Rulebook
from reconciler.adapters.source_cache import Row
from reconciler.adapters.source_claims import weigh_claims
from reconciler.adapters.source_listing import documents_in, named_in, path_in
from reconciler.adapters.source_reading import Reading
from reconciler.adapters.source_values import (
    collector_paused,
    desired_of,
    no_text,
    row_of,
    unreadable,
)
from reconciler.core import checks
from reconciler.core.diagnostic import ALLOWANCE_MARK, Diagnostic, Span
from reconciler.core.errors import DocumentError, InputError
from reconciler.core.ports import Adapter, Desired, DesiredHead, DesiredSet
from reconciler.core.source import Path as Steps
from reconciler.core.source import Source
from reconciler.core.variables import Variables

if TYPE_CHECKING:
    from reconciler.core.allowances import Allowed

CACHE_FILE: Final = ".reconcile/cache/documents.json"
_REMEMBERED: Final = 512
"""Documents kept in memory: a usual run loads each changed one two or three times."""

_Examine = Callable[[str, bytes, Layer | None], tuple[Source, checks.Examined]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fresh:
    """A file that is not remembered; its content may hold an unsealed secret."""

    file: str
    data: bytes = field(repr=False)
    digest: str
    layer: Layer | None


class FileSource:
    """The documents below one folder, or just the files asked for."""

    def __init__(  # noqa: PLR0913  # what a reading may choose
        self,
        *,
        directory: Path,
        connections: str,
        adapters: Callable[[], Mapping[str, Adapter]],
        files: Sequence[Path] = (),
        cache: bool = True,
        lengths: bool = False,
        now: Callable[[], datetime] | None = None,
        copies: Mapping[Path, Path] | None = None,
        variables: Variables | None = None,
    ) -> None:
        """Take note of what to read; nothing is touched yet.

        Args:
            directory: The working directory; files are named relative to it.
            connections: The folder of the documents, relative to it.
            adapters: Finds the adapters by type; called when first needed.
            files: Read only these documents or folders, also outside of
                `connections`; the cache is then used but not written.
            cache: Remember what was found in `.reconcile/cache`.
            lengths: Judge how long sealed credentials are; not in a sandbox, whose
                keys are as long as they happen to be.
            now: The clock that comments which end are held against.
            copies: Where to read what some of `files` are to say, before it is written
                there: they are judged in their own place.
            variables: What files may take from the environment.
        """
        self._root = os.fspath(directory)
        self._connections = connections
        self._find_adapters = adapters
        self._targets = files
        self._cache = str(directory / CACHE_FILE) if cache else ""
        self._lengths = lengths
        self._now = now or SystemClock().now
        self._copies = {
            named_in(self._root, file): os.fspath(copy)
            for file, copy in (copies or {}).items()
        }
        self._variables = variables or Variables()
        self._books = (Rulebook(self._root), PolicyBook(self._root))
        self._heads: Mapping[str, DesiredHead] = {}
        self._rows: Mapping[str, Row] = {}
        self._layers: Mapping[str, Layer] = {}
        self._examine: _Examine = lru_cache(_REMEMBERED)(self._examine_anew)

    def read(self) -> DesiredSet:
        """Read and validate every document; problems are values.

        Raises:
            InputError: The folder, or one in it, is missing or cannot be listed.
        """
        listed = documents_in(self._root, self._connections, self._targets)
        with collector_paused():
            reading = self._read_all(listed)
        claims = weigh_claims(reading.heads, reading.rejected, reading.former)
        problems = (*reading.diagnostics, *claims.problems(self._place))
        if self._layers:  # what stands there once is told once
            problems = tuple(dict.fromkeys(problems))
        told, allowed = self._weighed(problems, reading.marked)
        self._heads, self._rows = claims.heads, reading.rows
        return DesiredSet(
            heads=claims.heads,
            diagnostics=told,
            allowed=allowed,
            invalid_names=claims.invalid_names,
            files=len(reading.rows) - len(reading.others),
        )

    def _weighed(
        self, problems: tuple[Diagnostic, ...], marked: Mapping[str, str]
    ) -> tuple[tuple[Diagnostic, ...], tuple[Allowed, ...]]:
        """Return the problems to tell, and those that comments allow."""
        if not (problems or marked):
            return (), ()
        from reconciler.core.allowances import weigh_all  # noqa: PLC0415  # rarely

        found = weigh_all(
            problems,
            marked,
            today=self._now().date(),
            unknown=frozenset() if self._lengths else frozenset({"R315"}),
        )
        return found.diagnostics, found.allowed

    def load(self, name: str) -> Desired:
        """Return one valid document of the last reading in full, checked anew.

        Raises:
            KeyError: The last reading holds no valid document of that name.
            InputError: The file was changed or removed since.
            DocumentError: It is invalid after all (the cache was tampered with).
        """
        file = self._heads[name].file
        try:
            data = files.read_bytes(self._copies.get(file, self._path(file)))
        except OSError:
            data = b""
        layer = self._layer(file)
        if digest_of(data, layer, self._variables) != self._rows[file][0]:
            raise InputError(f"'{file}' changed while it was being used; run it again")
        source, examined = self._examine(file, data, layer)
        if examined.connection is None:
            raise DocumentError(examined.diagnostics)
        text = self_contained(source)
        return desired_of(replace(source, text=text), examined.connection)

    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Return the labels of every valid document of the last reading, by name."""
        return {
            name: source_cache.labels_of(self._rows[head.file])
            for name, head in self._heads.items()
        }

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
        return desired_of(source, connection)

    def _path(self, file: str) -> str:
        return path_in(self._root, file)

    def _read_all(self, listing: files.Listing) -> Reading:
        known, fingerprint = self._known()
        reading = Reading()
        self._layers = layers_of(listing.defaults, self._path)
        self._add_layers(known, reading)
        pending = [
            fresh
            for file in sorted(set(listing.files))
            if (fresh := self._read_one(file, listing.refused, known, reading))
        ]
        self._add_fresh(pending, reading)
        self._add_books(known, reading)
        changed = pending or len(known) != len(reading.rows)
        if self._cache and changed and not self._targets:
            source_cache.save_rows(self._cache, fingerprint, reading.rows)
        return reading

    def _add_layers(self, known: Mapping[str, Row], reading: Reading) -> None:
        """Add what is wrong with the defaults of folders, if anything is."""
        for layer in self._layers.values():
            if not self._is_known(layer.file, layer.digest, known, reading):
                row = source_cache.row_of(layer.digest, None, (), layer.problems)
                reading.add(layer.file, row)
            reading.others.add(layer.file)
            if ALLOWANCE_MARK in layer.content:
                reading.marked[layer.file] = layer.content.decode(errors="replace")

    def _layer(self, file: str) -> Layer | None:
        return self._layers.get(folder_of(file)) if self._layers else None

    def _add_fresh(self, pending: Sequence[_Fresh], reading: Reading) -> None:
        if not pending:
            return
        if len(pending) > _REMEMBERED:
            self._examine = self._examine_anew  # remembering costs, and finds nothing
        _ = self._parser, self._rules  # loaded once, not in every child
        rows = map_forked(self._fresh_row, pending)
        for fresh, row in zip(pending, rows, strict=True):
            reading.add(fresh.file, row)
        reading.heads.sort(key=lambda head: head.file)

    def _add_books(self, known: Mapping[str, Row], reading: Reading) -> None:
        """Add what is wrong with `.sops.yaml` and `policy.yaml`, if anything is.

        The fingerprint holds their digests, so a cache without a row calls it good.
        """
        for book in self._books:
            if known and book.name not in known:
                continue
            try:
                reading.add(book.name, known[book.name])
            except (KeyError, TypeError, ValueError, IndexError):
                if found := book.problems:
                    reading.add(book.name, source_cache.row_of("", None, (), found))
            reading.others |= {book.name} & reading.rows.keys()

    def _known(self) -> tuple[Mapping[str, Row], str]:
        if not self._cache:
            return {}, ""
        program = source_cache.fingerprint_of_program()
        program = " ".join((program, *(book.digest for book in self._books)))
        fingerprint = f"{program} {self._lengths}"
        return source_cache.load_rows(self._cache, fingerprint), fingerprint

    def _read_one(
        self,
        file: str,
        refused: Mapping[str, str],
        known: Mapping[str, Row],
        reading: Reading,
    ) -> _Fresh | None:
        """Add one file to the reading, or return it when it is not remembered."""
        data, why = self._content(file, refused.get(file, ""))
        if why:
            reading.add(file, unreadable(file, why))
            return None
        if ALLOWANCE_MARK in data:
            reading.marked[file] = data.decode(errors="replace")
        layer = self._layer(file)
        digest = digest_of(data, layer, self._variables)
        if self._is_known(file, digest, known, reading):
            return None
        return _Fresh(file=file, data=data, digest=digest, layer=layer)

    def _is_known(
        self, file: str, digest: str, known: Mapping[str, Row], reading: Reading
    ) -> bool:
        """Add what is remembered of a file, if it is and the file is as it was."""
        try:
            row = known[file]
            if row[0] != digest:
                return False
            reading.add(file, row)
        except (KeyError, TypeError, ValueError, IndexError):
            return False  # never seen, or a damaged row
        return True

    def _content(self, file: str, refused: str) -> tuple[bytes, str]:
        """Return the bytes, or why there are none."""
        if refused:
            return b"", refused
        try:
            return files.read_bytes(self._copies.get(file, self._path(file))), ""
        except OSError as error:
            return b"", error.strerror or type(error).__name__

    def _fresh_row(self, fresh: _Fresh) -> Row:
        source, examined = self._examine(fresh.file, fresh.data, fresh.layer)
        return row_of(fresh.digest, source, examined)

    def _examine_anew(
        self, file: str, data: bytes, layer: Layer | None
    ) -> tuple[Source, checks.Examined]:
        source, problems = self._decoded(file, data)
        stem = files.stem_of(file)
        whole = surrounded(source, layer, self._variables)
        examined = checks.examine(
            whole.source,
            (*problems, *whole.problems),
            stem=stem,
            rules=self._rules,
            unknown=whole.unknown,
        )
        if layer and layer.problems:  # told at their own place
            examined = replace(examined, connection=None)
        return whole.source, examined

    def _decoded(self, file: str, data: bytes) -> tuple[Source, tuple[Diagnostic, ...]]:
        try:
            return self._parser(data.decode(), file=file)
        except UnicodeDecodeError as error:
            return no_text(file, data, error.start)

    @cached_property
    def _parser(self) -> Callable[..., tuple[Source, tuple[Diagnostic, ...]]]:
        from reconciler.adapters import documents  # noqa: PLC0415  # not when warm

        return documents.parse

    @cached_property
    def _rules(self) -> checks.Rules:
        from reconciler.adapters.sops import inspector  # noqa: PLC0415
        from reconciler.core.document import to_connection  # noqa: PLC0415

        def inspect(source: Source) -> tuple[Diagnostic, ...]:
            looks = (
                book.check(source, self._path(source.file)) for book in self._books
            )
            return tuple(chain(inspector.inspect(source), *looks))

        return checks.Rules(
            validate=to_connection,
            inspect=inspect,
            adapters=self._find_adapters(),
            lengths=inspector.text_lengths if self._lengths else None,
        )

    def _place(self, file: str, path: Steps) -> Span:
        try:
            data = files.read_bytes(self._path(file))
        except OSError:
            return Span(file)
        source, _ = self._decoded(file, data)
        return source.span(path)
