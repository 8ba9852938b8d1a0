"""A small reader and runner of .slt scripts (sqllogictest): statements, errors and expected rows.

    # a comment: what the case proves
    statement ok                         must succeed
    create table t (a int)

    statement error 42P01 .*"x".*        must fail: SQLSTATE (a pattern, optional), then a pattern that is
    select * from x                      found in "message | detail | hint"

    query IT rowsort                     rows follow behind ----, a row a line, values between tabs or
    select a, b from t                   two and more blanks; types as in sqllogictest:
    ----                                 I integer  T text  R decimal or float  D date or time  B boolean
    1  x
    2  NULL

    set nodes 2                          before the first statement: connect's options
    set slices_per_node 2
    set compatibility extended

Values are written as the command line shows them: NULL, t and f, (empty) for the empty text. `rowsort`
compares rows in any order. Each script runs in a database of its own; an error names script and line.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TYPES = {
    "I": ("int16", "int32", "int64"),
    "R": ("decimal128", "float", "double"),
    "T": ("string", "large_string", "string_view", "dictionary", "binary"),
    "D": ("date32", "timestamp", "time64", "duration", "month_day_nano_interval"),
    "B": ("bool",),
}


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a script."""

    line: int
    head: list[str]  # the first line's words
    sql: str
    expected: list[str]  # lines behind ----


def read(path: Path) -> Iterator[Record]:
    """The records of a script."""
    block: list[str] = []
    start = 0
    for number, line in enumerate([*path.read_text().splitlines(), ""], start=1):
        if line.startswith("#"):
            continue
        if line.strip():
            if not block and line.startswith("set "):
                yield Record(number, line.split(), "", [])
                continue
            if not block:
                start = number
            block.append(line)
        elif block:
            yield _record(start, block)
            block = []


def _record(line: int, block: list[str]) -> Record:
    body = block[1:]
    cut = body.index("----") if "----" in body else len(body)
    return Record(line, block[0].split(), "\n".join(body[:cut]), body[cut + 1 :])


def run(path: Path) -> None:
    """Run a script; AssertionError at the first record that does not hold."""
    import warehouse

    records = list(read(path))
    options: dict[str, Any] = {"nodes": 1, "slices_per_node": 2, "threads": 2}
    while records and records[0].head[0] == "set" and len(records[0].head) == 3:
        _, name, value = records.pop(0).head
        options[name] = int(value) if value.isdigit() else value
    connection = warehouse.connect(":memory:", **options, autocommit=True)
    try:
        for record in records:
            try:
                check(connection, record)
            except AssertionError as error:
                raise AssertionError(f"{path.name}:{record.line}: {error}\n{record.sql}") from None
            except warehouse.Error as error:
                told = f"{path.name}:{record.line}: {type(error).__name__} {error.sqlstate}: {error}"
                raise AssertionError(f"{told}\n{record.sql}") from error
    finally:
        connection.close()


def check(connection: Any, record: Record) -> None:
    """One record against the database."""
    match record.head:
        case ["statement", "ok"]:
            connection.cursor().execute(record.sql).close()
        case ["statement", "error", *pattern]:
            check_error(connection, record.sql, " ".join(pattern))
        case ["query", types, *sort]:
            check_rows(connection, record, types, "rowsort" in sort)
        case _:
            raise AssertionError(f"unknown record: {' '.join(record.head)}")


def check_error(connection: Any, sql: str, pattern: str) -> None:
    """The statement fails, with this SQLSTATE and text."""
    import warehouse

    try:
        cursor = connection.cursor().execute(sql)
        if cursor.description is not None:
            cursor.fetchall()
    except warehouse.Error as error:
        state, _, rest = pattern.partition(" ")
        if re.fullmatch(r"[0-9A-Z.\[\]]{5,}", state):
            assert re.fullmatch(state, error.sqlstate), f"SQLSTATE {error.sqlstate}: {error}"
            pattern = rest
        told = " | ".join(text for text in (error.message, error.detail, error.hint) if text)
        assert re.search(pattern, told), f"error {told!r} does not match {pattern!r}"
        assert not isinstance(error, warehouse.InternalError), f"an internal error: {error}"
        return
    raise AssertionError("no error")


def check_rows(connection: Any, record: Record, types: str, any_order: bool) -> None:
    """The query's rows and the kinds of its columns."""
    table = connection.cursor().execute(record.sql).fetch_arrow_table()
    kinds = [kind_of(field.type) for field in table.schema]
    assert len(types) == len(kinds), f"{len(kinds)} columns, expected {len(types)}"
    assert "".join(kinds) == types, f"columns are {''.join(kinds)}: {[str(f.type) for f in table.schema]}"
    rows = list(shown(table))
    wanted = [re.split(r"\t| {2,}", line.strip()) for line in record.expected]
    if any_order:
        rows, wanted = sorted(rows), sorted(wanted)
    assert rows == wanted, "got\n" + "\n".join("  ".join(row) for row in rows)


def kind_of(arrow_type: Any) -> str:
    """sqllogictest's letter for a column."""
    name = str(arrow_type)
    return next((kind for kind, names in TYPES.items() if name.startswith(names)), "?")


def shown(table: Any) -> Iterator[list[str]]:
    """Rows of a result as the command line spells them."""
    from warehouse.client.render import spelled, text_column

    table = spelled(table)
    columns = [["NULL" if v is None else v for v in text_column(c).to_pylist()] for c in table.columns]
    for row in zip(*columns):
        yield [value if value != "" else "(empty)" for value in row]
