"""Rows out of an SQL dump, without a database and without running anything.

Four programs write the dumps that people have: mysqldump (and phpMyAdmin), pg_dump
with COPY or with INSERT, and `sqlite3 .dump`. They write a handful of statements in
one way each, so these are read and everything else is stepped over, texts and all:
a statement that stands inside a text is text. A general SQL parser would build a
tree for every row of every table, and reads no COPY data.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from reconciler.adapters.importing.sql_words import (
    MYSQL,
    STANDARD,
    Spelling,
    SqlError,
    Token,
    named,
    next_token,
    value_of,
)

_GAP: Final = re.compile(
    r"(?>(?:\s++|--[^\n]*+|#[^\n]*+|/\*.*?\*/|;|\\[^\n]*+|DELIMITER[^\n]*+)*)",
    re.DOTALL,
)
_PART: Final = r'(?:`(?>(?:[^`]|``)+)`|"(?>(?:[^"]|"")+)"|[A-Za-z_][\w$]*+)'
_HEAD: Final = re.compile(
    r"(?i)(?P<what>INSERT(?:\s++(?:IGNORE|OR\s++\w++))?\s++INTO|REPLACE\s++INTO|COPY"
    r"|CREATE\s++TABLE(?:\s++IF\s++NOT\s++EXISTS)?)\s++"
    rf"(?:ONLY\s++)?(?:{_PART}\s*\.\s*)?(?P<table>{_PART})"
)
_MYSQL_SIGNS: Final = re.compile(
    r"(?i)MySQL dump|MariaDB dump|phpMyAdmin|^/\*!4", re.MULTILINE
)
_FIRST: Final = re.compile(r"(?i)(?:INSERT|CREATE|SET|BEGIN|PRAGMA|COPY|DROP|LOCK)\b")
_COPY_END: Final = re.compile(r"^\\\.\r?$", re.MULTILINE)
_UNCLOSED: Final = (
    "a text begins here and is not closed; nothing after it was read: make the dump"
    " anew, of this table alone"
)
_HEAD_CHARS: Final = 4_096
_NO_COLUMN: Final = frozenset(
    {
        *("primary", "key", "unique", "constraint", "index", "fulltext", "spatial"),
        *("foreign", "check", "exclude", "period"),
    }
)
_COPY_ESCAPES: Final = {
    "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, by column name in lower case.

    `why` says what is wrong with a broken one, which has no values.
    """

    table: str
    number: int
    """The line that it begins in, or its place in a list; from 1."""
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    why: str = ""


def looks_like_sql(text: str) -> bool:
    """Tell whether a text begins as dumps do: with a comment, or a statement."""
    if text.lstrip()[:2] in {"--", "/*"}:
        return True
    return _FIRST.match(text, _after_gap(text, 0)) is not None


def rows_of(text: str, tables: Collection[str]) -> Iterator[Row]:
    """Yield the rows of the named tables as they stand, broken ones with their reason.

    Args:
        text: The whole dump.
        tables: Their names in lower case, without a schema.
    """
    dump = _Dump(text, tables)
    at = 0
    while (at := _after_gap(text, at)) < len(text):
        head = _HEAD.match(text, at)
        spelling = dump.spelling_of(head)
        table = _table(head)
        wanted = table in tables
        end = _end(text, at, spelling)
        is_open = text[end : end + 1] not in {";", ""}
        if head and _is_copy(head) and not is_open:
            end, rows = dump.copied(head, table, end)
            yield from rows if wanted else ()
        elif head and wanted and head["what"].upper().startswith("CREATE"):
            dump.columns[table] = _declared(text, head.end(), spelling)
        elif head and wanted:
            yield from dump.inserted(head, table, spelling)
        elif is_open:
            yield Row(table="", number=dump.line(end), why=_UNCLOSED)
        if is_open:
            return  # whatever follows could be inside of a text
        at = end


def _is_copy(head: re.Match[str] | None) -> bool:
    return head is not None and head["what"].upper() == "COPY"


def _after_gap(text: str, at: int) -> int:
    found = _GAP.match(text, at)
    return found.end() if found else at


def _table(head: re.Match[str] | None) -> str:
    if head is None:
        return ""
    kind = "name" if head["table"][0] in '`"' else "word"
    return named(Token(kind, head["table"]))


def _end(text: str, at: int, spelling: Spelling) -> int:
    """Return where the statement ends; short of it at a text that is not closed."""
    while found := spelling.piece.match(text, at):
        at = found.end()
    return at


class _Dump:
    """One dump under way: its columns as far as they were declared, and its lines."""

    def __init__(self, text: str, tables: Collection[str]) -> None:
        self._text = text
        self._tables = tables
        self._escapes = bool(_MYSQL_SIGNS.search(text, 0, _HEAD_CHARS))
        self.columns: dict[str, Sequence[str]] = {}
        self._line, self._counted = 1, 0

    def spelling_of(self, head: re.Match[str] | None) -> Spelling:
        """Return how texts are spelt here: backticks are MySQL's alone."""
        quoted = head is not None and head["table"].startswith("`")
        return MYSQL if self._escapes or quoted else STANDARD

    def line(self, at: int) -> int:
        """Return the line of a place; places come in order."""
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        return self._line

    def inserted(
        self, head: re.Match[str], table: str, spelling: Spelling
    ) -> Iterator[Row]:
        """Yield the rows of one INSERT."""
        text, at = self._text, head.end()
        try:
            listed, at = _column_list(text, at, spelling)
            columns = listed or self.columns.get(table, ())
            while True:
                start = _after_gap(text, at)
                parts, at = _row(text, at, spelling)
                yield self._row(table, self.line(start), columns, parts, spelling)
                mark, at = next_token(text, at, spelling)
                if mark.text != ",":
                    return
        except SqlError as error:
            place = self.line(min(at, len(text)))
            yield Row(table=table, number=place, why=str(error))

    def _row(
        self,
        table: str,
        line: int,
        columns: Sequence[str],
        parts: Sequence[Sequence[Token]],
        spelling: Spelling,
    ) -> Row:
        if not columns:
            why = "its columns are not named; make the dump with CREATE TABLE in it"
            return Row(table=table, number=line, why=why)
        if len(columns) != len(parts):
            why = f"it has {len(parts)} values for {len(columns)} columns"
            return Row(table=table, number=line, why=why)
        try:
            values = [value_of(part, spelling) for part in parts]
        except SqlError as error:
            return Row(table=table, number=line, why=str(error))
        return Row(
            table=table, number=line, values=dict(zip(columns, values, strict=True))
        )

    def copied(
        self, head: re.Match[str], table: str, end: int
    ) -> tuple[int, Iterator[Row]]:
        """Return where a COPY's data ends, and its rows."""
        text = self._text
        statement = text[head.end() : end]
        if not re.search(r"(?i)\bFROM\s+stdin\b", statement):
            return end, iter(())
        start = text.find("\n", end) + 1 or len(text)
        last = _COPY_END.search(text, start)
        stop = last.start() if last else len(text)
        try:
            listed, _ = _column_list(text, head.end(), STANDARD)
        except SqlError as error:
            broken = Row(table=table, number=self.line(end), why=str(error))
            return (last.end() if last else stop), iter([broken])
        columns = listed or self.columns.get(table, ())
        rows = self._copied_rows(table, columns, start, stop)
        return (last.end() if last else stop), rows

    def _copied_rows(
        self, table: str, columns: Sequence[str], start: int, stop: int
    ) -> Iterator[Row]:
        lines = self._text[start:stop].split("\n")
        for number, line in zip(count(self.line(start)), lines, strict=False):
            if not line:
                continue
            fields = [_copied_value(part) for part in line.rstrip("\r").split("\t")]
            if len(fields) != len(columns):
                why = f"it has {len(fields)} values for {len(columns)} columns"
                yield Row(table=table, number=number, why=why)
                continue
            values = dict(zip(columns, fields, strict=True))
            yield Row(table=table, number=number, values=values)


def _copied_value(part: str) -> str | None:
    if part == r"\N":
        return None
    return re.sub(r"\\(.)", lambda found: _COPY_ESCAPES.get(found[1], found[1]), part)


def _column_list(text: str, at: int, spelling: Spelling) -> tuple[list[str], int]:
    """Return the columns that a statement names, and where its rows begin."""
    token, after = next_token(text, at, spelling)
    columns: list[str] = []
    if token.text == "(":
        while token.text != ")":
            token, after = next_token(text, after, spelling)
            if token.kind in {"name", "word"}:
                columns.append(named(token))
        token, after = next_token(text, after, spelling)
    if token.kind == "word" and token.text.upper() == "OVERRIDING":
        for _ in range(3):  # OVERRIDING SYSTEM VALUE VALUES
            token, after = next_token(text, after, spelling)
    if token.text.upper() not in {"VALUES", "FROM"}:
        raise SqlError("the statement has no VALUES")
    return columns, after


def _row(text: str, at: int, spelling: Spelling) -> tuple[list[list[Token]], int]:
    """Return the words of each value of one row, and where the row ends."""
    token, at = next_token(text, at, spelling)
    if token.text != "(":
        raise SqlError("a row does not begin with '('")
    parts: list[list[Token]] = [[]]
    depth = 1
    while True:
        token, at = next_token(text, at, spelling)
        if token.kind == "mark":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if depth == 0:
                return parts, at
            if token.text in {";", "'"}:
                raise SqlError("a row is not closed")
            if token.text == "," and depth == 1:
                parts.append([])
                continue
        parts[-1].append(token)


def _declared(text: str, at: int, spelling: Spelling) -> Sequence[str]:
    """Return the columns that a CREATE TABLE declares."""
    try:
        parts, _ = _row(text, at, spelling)
    except SqlError:
        return ()
    firsts = [part[0] for part in parts if part]
    return [
        named(token)
        for token in firsts
        if token.kind in {"name", "word"}
        and not (token.kind == "word" and token.text.lower() in _NO_COLUMN)
    ]
