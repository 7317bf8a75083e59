"""Rows out of every kind of dump: the same rows, however they were written."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.importing import tables
from reconciler.adapters.importing.sql_dump import rows_of
from reconciler.adapters.importing.tables import read_rows
from reconciler.core.errors import InputError
from tests.adapters.importing.laravel_writer import (
    copy_text,
    mysqldump,
    panel_row,
    pg_copy,
    pg_inserts,
    standard_text,
)

TABLES = ("data_connections", "users")
NAMES = (
    "plain",
    'it\'s; a "trap" -- /* `x` */',
    "back\\slash \\' \\n and \\",
    "two\nlines\tand a tab\r",
    "é漢😀",
    "'); INSERT INTO data_connections VALUES (9,'no','t','p');\nCOPY x FROM stdin;",
    "\nINSERT INTO `data_connections` VALUES (9,'no','t','p');\n\\.\n",
)
ROWS = [panel_row(number, name, "eyJ9") for number, name in enumerate(NAMES, 1)]


def values(found, table="data_connections"):
    found = list(found)
    assert [row.why for row in found if row.why] == []
    return [dict(row.values) for row in found if row.table == table]


def as_text(rows):
    """Return rows as COPY has them: everything is text."""
    return [
        {key: None if value is None else str(value) for key, value in row.items()}
        for row in rows
    ]


def test_mysqldump():
    assert values(read_rows(mysqldump(ROWS), TABLES, file="d.sql")) == ROWS


def test_pg_dump_with_copy():
    found = read_rows(pg_copy(ROWS), TABLES, file="d.sql")

    assert values(found) == as_text(ROWS)


def test_pg_dump_with_inserts():
    assert values(read_rows(pg_inserts(ROWS), TABLES, file="d.sql")) == ROWS


def test_phpmyadmin_names_the_columns_and_writes_a_line_per_row():
    columns = ", ".join(f"`{name}`" for name in ROWS[0])
    lines = mysqldump(ROWS[:2]).partition("VALUES ")[2].partition(";\nUNLOCK")[0]
    text = (
        "-- phpMyAdmin SQL Dump\n# a comment, isn't it\n"
        f"INSERT INTO `shop`.`data_connections` ({columns}) VALUES\n{lines};\n"
    )

    assert values(read_rows(text, TABLES, file="d.sql")) == ROWS[:2]


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="needs the sqlite3 program")
def test_what_sqlite3_dumps(tmp_path):
    file = tmp_path / "panel.sqlite"
    with sqlite3.connect(file) as database:
        columns = ", ".join(f'"{name}"' for name in ROWS[0])
        database.execute(f"CREATE TABLE data_connections ({columns})")
        marks = ", ".join("?" * len(ROWS[0]))
        rows = [tuple(row.values()) for row in ROWS]
        statement = f"INSERT INTO data_connections VALUES ({marks})"  # noqa: S608
        database.executemany(statement, rows)
    database.close()
    done = subprocess.run(
        ("sqlite3", file, ".dump"), capture_output=True, check=True, text=True
    )

    assert values(read_rows(done.stdout, TABLES, file="d.sql")) == ROWS


def test_phpmyadmins_json_and_a_bare_list():
    text = json.dumps(ROWS)
    exported = json.dumps(
        [
            {"type": "header", "version": "5.2"},
            {"type": "database", "name": "panel"},
            {"type": "table", "name": "migrations", "data": [{"id": "1"}]},
            {"type": "table", "name": "data_connections", "data": ROWS},
        ]
    )

    assert values(read_rows(text, TABLES, file="d.json")) == ROWS
    assert values(read_rows(exported, TABLES, file="d.json")) == ROWS


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_its_names_in_the_first_line(delimiter):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=ROWS[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(
        {key: "NULL" if value is None else value for key, value in row.items()}
        for row in ROWS
    )

    found = read_rows(stream.getvalue(), TABLES, file="d.csv")

    assert values(found) == as_text(ROWS)


def test_values_in_hexadecimal_and_casts():
    text = (
        "INSERT INTO `data_connections` (`id`,`name`,`type`,`config`) VALUES "
        "(1,0x6162,_binary 'x',NULL),(2,X'6162',_utf8mb4'x',TRUE),(-3,'a' ,'b',1.5e1);"
    )
    posts = (
        "INSERT INTO data_connections (id, name, config, is_active) VALUES "
        "(1, E'it\\'s', '{\"a\": 1}'::jsonb, true), "
        "(2, '\\x6162'::bytea, 'a\\b'::character varying(9), 'f'::boolean);"
    )

    assert [list(row.values()) for row in values(rows_of(text, TABLES))] == [
        [1, "ab", "x", None],
        [2, "ab", "x", True],
        [-3, "a", "b", 15.0],
    ]
    assert [list(row.values()) for row in values(rows_of(posts, TABLES))] == [
        [1, "it's", '{"a": 1}', True],
        [2, "ab", "a\\b", "f"],
    ]


def test_the_users_are_found_as_well():
    text = mysqldump(ROWS) + mysqldump([{"id": 7, "username": "alice"}], table="users")

    found = read_rows(text, TABLES, file="d.sql")

    assert values(found, "users") == [{"id": 7, "username": "alice"}]


def test_a_broken_row_is_named_by_its_line_and_the_others_come():
    text = (
        "INSERT INTO data_connections (id, name) VALUES\n"
        "(1, 'a'),\n(2, 'b', 'c'),\n(3, load_file('/etc/passwd')),\n(4, 1 + 1),\n"
        "(5, 'e');\n"
    )

    found = list(rows_of(text, TABLES))

    assert [(row.number, bool(row.why)) for row in found] == [
        (2, False),
        (3, True),
        (4, True),
        (5, True),
        (6, False),
    ]
    assert "functions are not run" in found[2].why
    assert "passwd" not in str(found)


@pytest.mark.parametrize("cut", [40, 200, 700, 1500])
def test_a_dump_that_was_cut_off_says_so(cut):
    whole = mysqldump(ROWS)
    start = whole.index("INSERT INTO")

    found = list(rows_of(whole[: start + cut], TABLES))

    assert found
    assert found[-1].why
    assert values(found[:-1]) == ROWS[: len(found) - 1]


@given(st.text(alphabet="'\"`\\;-/*()\nINSERTabc01,$#E ", max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_without_an_error_of_anybody_else(text):
    for dialect in ("-- MySQL dump\n", "--\n"):
        insert = f"{dialect}INSERT INTO data_connections VALUES {text}"  # noqa: S608
        list(rows_of(insert, TABLES))
        list(rows_of(f"{dialect}COPY users {text} FROM stdin;\n{text}", TABLES))
        list(rows_of(dialect + text, TABLES))


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_every_text_survives_every_dialect(texts):
    rows = [{"id": n, "name": text} for n, text in enumerate(texts)]
    mysql = mysqldump([{"id": 0, "name": ""}, *rows])
    inserts = pg_inserts(rows)

    assert values(rows_of(mysql, TABLES))[1:] == rows
    assert values(rows_of(inserts, TABLES)) == rows
    assert standard_text("a'b") == "'a''b'"
    assert copy_text(None) == r"\N"


def test_a_large_dump_takes_seconds_and_too_large_a_one_is_refused(tmp_path):
    other = mysqldump([{"id": n, "name": "x" * 500} for n in range(20_000)], table="t")
    text = other + mysqldump(ROWS)
    start = time.monotonic()

    found = read_rows(text, TABLES, file="d.sql")

    assert len(values(found)) == len(ROWS)
    assert time.monotonic() - start < 20
    file = tmp_path / "d.sql"
    file.write_text(text)
    with pytest.raises(InputError, match="dump the two tables alone"):
        tables.read_text(file, limit=1_000_000)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("hello\nworld\n", "neither SQL nor JSON"),
        ("[1, 2", "not valid JSON"),
        ("[" * 100_000, "beyond reason"),
        ("[" + "9" * 9_999 + "]", "beyond reason"),
    ],
)
def test_what_is_no_dump_is_refused_in_a_sentence(text, why):
    with pytest.raises(InputError, match=why):
        read_rows(text, TABLES, file="d")


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="cannot read"):
            tables.read_text(path)


@given(st.text(alphabet='",;\n\r\t\\ab\0', max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_csv_ends(text):
    for row in read_rows(f"id,type,provider\n{text}", TABLES, file="d.csv"):
        assert row.why or set(row.values) == {"id", "type", "provider"}
