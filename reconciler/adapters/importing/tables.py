"""Rows of a table, from whatever a panel's operator exported: SQL, JSON or CSV.

The format is told by the content. A dump is read whole, so its size is bounded; one
that is larger holds other tables, and can be made of the one table alone.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from reconciler.adapters.importing.sql_dump import Row, looks_like_sql, rows_of
from reconciler.core.errors import InputError

MAX_DUMP_BYTES: Final = 268_435_456
_MEBIBYTE: Final = 1_048_576
_NULLS: Final = frozenset(("NULL", r"\N", ""))


def read_text(path: Path, *, limit: int = MAX_DUMP_BYTES) -> str:
    """Return a dump's text; what is no UTF-8 stays recognisable as such.

    Raises:
        InputError: It cannot be read, is no regular file or is too large.
    """
    try:
        with path.open("rb") as stream:
            if not path.is_file():
                raise InputError(f"cannot read '{path}': it is not a regular file")
            data = stream.read(limit + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InputError(f"cannot read '{path}': {why}") from None
    if len(data) > limit:
        raise InputError(
            f"'{path}' is larger than {limit // _MEBIBYTE} MiB; dump the two tables"
            " alone: mysqldump DATABASE data_connections users"
        )
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def read_rows(text: str, tables: Sequence[str], *, file: str) -> list[Row]:
    """Return the rows of the named tables; the first name is that of a bare list.

    Raises:
        InputError: The text is neither SQL nor JSON nor CSV, or the JSON is broken.
    """
    start = text.lstrip()[:1]
    if not start:
        raise InputError(f"'{file}' is empty")
    if start in "[{":
        return list(_json_rows(text, tables, file))
    if looks_like_sql(text):
        return list(rows_of(text, tables))
    return list(_csv_rows(text, tables[0], file))


def _json_rows(text: str, tables: Sequence[str], file: str) -> Iterator[Row]:
    data = parse_json(text, file=file)
    parts = data if isinstance(data, list) else [data]
    named = [part for part in parts if _is_table(part)]
    if named:  # phpMyAdmin: [{"type": "header"}, {"type": "table", "name", "data"}]
        for part in named:
            if part["name"].lower() in tables:
                yield from _listed(part["data"], part["name"].lower())
        return
    if isinstance(data, dict):
        found = [name for name in tables if isinstance(data.get(name), list)]
        for name in found:
            yield from _listed(data[name], name)
        if found:
            return
    yield from _listed(parts, tables[0])


def _is_table(part: Any) -> bool:
    return (
        isinstance(part, dict)
        and part.get("type") == "table"
        and isinstance(part.get("name"), str)
        and isinstance(part.get("data"), list)
    )


def _listed(items: Collection[Any], table: str) -> Iterator[Row]:
    for number, item in enumerate(items, start=1):
        if isinstance(item, dict):
            values = {str(key).lower(): value for key, value in item.items()}
            yield Row(table=table, number=number, values=values)
        else:
            yield Row(table=table, number=number, why="it is no JSON object")


def parse_json(text: str, *, file: str) -> Any:
    """Return JSON data; raises `InputError` that shows none of it."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{file}:{error.lineno}:{error.colno}: it is not valid JSON here"
        ) from None
    except (ValueError, RecursionError):
        raise InputError(f"'{file}' holds numbers or nesting beyond reason") from None


def _csv_rows(text: str, table: str, file: str) -> Iterator[Row]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] = []
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error:
            yield Row(table=table, number=number, why="it is not valid CSV")
            continue
        if fields is None:
            return
        if not columns:
            columns = _titles(fields, file)
        elif fields:
            yield _csv_row(Row(table=table, number=number), columns, fields)


def _titles(fields: Sequence[str], file: str) -> list[str]:
    titles = [field.strip().lower() for field in fields]
    if not {"type", "provider"} <= set(titles):
        raise InputError(
            f"'{file}' is neither SQL nor JSON, and no CSV with the columns' names in"
            " its first line (type, provider and credentials among them)"
        )
    return titles


def _csv_row(row: Row, columns: Sequence[str], fields: Sequence[str]) -> Row:
    if len(fields) != len(columns):
        why = f"it has {len(fields)} values for {len(columns)} columns"
        return replace(row, why=why)
    known = (None if field in _NULLS else field for field in fields)
    return replace(row, values=dict(zip(columns, known, strict=True)))
