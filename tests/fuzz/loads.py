"""Files that are broken in every way, loaded: no internal error, no hang, the table unchanged or loaded per MAXERROR.

PYTHONPATH=tests .venv/bin/python -m fuzz.loads --count 10000 --seed 7       (make fuzz-load COUNT=... SEED=...)
PYTHONPATH=tests .venv/bin/python -m fuzz.loads --replay 7:31                one file: seed 7, number 31

A case is a table of good rows, written in one of COPY's formats, then damaged (or not), and a COPY with random
options. What comes by way of text is read twice, by the fast path and by the strict one alone: both must find the same.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from pyarrow import orc

TABLE = """create table t (a integer not null, b varchar(8), c decimal(6,2), d date, e timestamp, f boolean,
                           g double precision, h char(3))"""
WIDTHS = (6, 9, 8, 11, 20, 2, 8, 4)
SLOW_SECONDS = 10.0
Row = tuple[Any, ...]

_GOOD: tuple[tuple[str, ...], ...] = (
    ("1", "-7", "2147483647", "+5"),
    ("x", "", "héllo", "a b", "12345678", "\\N", "'q'"),
    ("1.5", "-0.01", "9999.99", "3", ""),
    ("2024-02-29", "1970-01-01", ""),
    ("2024-02-29 10:20:30", "2024-01-01", "1999-12-31 23:59:59.999999", "1700000000", ""),
    ("t", "0", "yes", ""),
    ("1e10", "0.5", "-3", "inf", ""),
    ("abc", "x", ""),
)
_BAD = (
    "2147483648", "x1", "0x10", "1e5", "--1", "9" * 50, "123456789", "é" * 8, "2023-02-29", "99999.99", "1.2.3",
    "2024-13-01", "24:61", "maybe", "nan1", "\x00", "\r", '"', "'", "|", ",", "\\", "\ufffe", "12:00", " ", "éé",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """`clauses`: what follows FROM 'file'; `text`: it comes by way of text, on two paths."""

    data: bytes
    clauses: str
    limit: int
    text: bool

    def __str__(self) -> str:
        return f"copy t from ... {self.clauses}   -- {len(self.data)} bytes: {self.data[:200]!r}"


def case(seed: int, number: int) -> Case:
    """Case `number` of a seed."""
    random = Random(f"{seed}:{number}")
    rows = [_row(random) for _ in range(random.choice((0, 1, 3, 20, 60)))]
    write = random.choice(list(WRITERS))
    data, clauses = WRITERS[write](rows, random)
    text = write not in ("parquet", "orc")
    if random.random() < 0.6:
        data = _damaged(data, random, text)
    limit = 1
    if write not in ("parquet", "orc"):
        limit = random.choice((1, 1, 2, 3, 10, 100_000))
        clauses.append(f"maxerror {limit}")
        clauses += [o for o in ("acceptinvchars", "acceptanydate", "truncatecolumns", "roundec", "emptyasnull",
                                "blanksasnull", "trimblanks") if random.random() < 0.15]  # fmt: skip
        formats = ("dateformat 'YYYY-MM-DD'", "dateformat 'auto'", "timeformat 'auto'", "timeformat 'epochsecs'",
                   "timeformat 'YYYY-MM-DD HH:MI:SS'", "timeformat 'epochmillisecs'")  # fmt: skip
        if random.random() < 0.25:
            clauses.append(random.choice(formats))
        if random.random() < 0.2:
            clauses.append(f"ignoreheader {random.choice((0, 1, 5))}")
    if write in ("delimited", "csv", "fixedwidth", "json") and random.random() < 0.25:
        data, clauses = _packed(data, clauses, random)
    if write == "avro":
        clauses = [c for c in clauses if not c.startswith(("acceptinv", "ignoreheader"))]
    random.shuffle(clauses)
    return Case(data, " ".join(clauses), limit, text)


def _row(random: Random) -> list[str]:
    row = [random.choice(texts) for texts in _GOOD]
    if random.random() < 0.15:
        row[random.randrange(len(row))] = random.choice(_BAD)
    if random.random() < 0.03:
        row.append("more")
    if random.random() < 0.03:
        row.pop()
    return row


# -- formats ------------------------------------------------------------------------------------------


def _delimited(rows: list[list[str]], random: Random) -> tuple[bytes, list[str]]:
    delimiter = random.choice("|,\t;")
    end = random.choice(("\n", "\n", "\r\n", delimiter + "\n"))
    clauses = [f"delimiter '{delimiter}'"]
    clauses += [o for o in ("escape", "removequotes", "fillrecord", "ignoreblanklines") if random.random() < 0.2]
    if "escape" in clauses:
        rows = [[_escaped(text, delimiter, random) for text in row] for row in rows]
    if "removequotes" in clauses:
        rows = [[q + text + q for text in row for q in (random.choice(('"', '"', "'", "")),)] for row in rows]
    return "".join(delimiter.join(row) + end for row in rows).encode(), clauses


def _escaped(text: str, delimiter: str, random: Random) -> str:
    if random.random() < 0.2:
        text += random.choice((delimiter, "\n", "\\", "N", "\\N"))
    return "".join("\\" + c if c in delimiter + "\\\n" or random.random() < 0.05 else c for c in text)


def _csv(rows: list[list[str]], random: Random) -> tuple[bytes, list[str]]:
    def field(text: str) -> str:
        if any(c in text for c in ',"\n\r') or random.random() < 0.2:
            return '"' + text.replace('"', '""') + '"'
        return text

    clauses = ["csv"] + [o for o in ("fillrecord", "ignoreblanklines") if random.random() < 0.2]
    return "".join(",".join(map(field, row)) + "\n" for row in rows).encode(), clauses


def _fixed(rows: list[list[str]], random: Random) -> tuple[bytes, list[str]]:
    spec = ",".join(f"{i}:{width}" for i, width in enumerate(WIDTHS))
    lines = ("".join(text[:w].ljust(w) for text, w in zip(row, WIDTHS)) for row in rows)
    return "".join(line + "\n" for line in lines).encode(), [f"fixedwidth '{spec}'"]


def _json(rows: list[list[str]], random: Random) -> tuple[bytes, list[str]]:
    between = random.choice(("\n", "", "  \n\n"))
    indent = random.choice((None, None, 2))
    made = [json.dumps(dict(zip("abcdefgh", row)), indent=indent, ensure_ascii=random.random() < 0.5) for row in rows]
    return between.join(made).encode(errors="replace"), [random.choice(("json 'auto'", "json 'auto ignorecase'"))]


def _avro(rows: list[list[str]], random: Random) -> tuple[bytes, list[str]]:
    into = io.BytesIO()
    fields = [{"name": n, "type": ["null", "string"]} for n in "abcdefgh"]
    records = [dict(zip("abcdefgh", row + [None] * 8)) for row in rows]
    schema: Any = {"name": "t", "type": "record", "fields": fields}
    fastavro.writer(into, schema, records, codec=random.choice(("null", "deflate")))
    return into.getvalue(), ["avro 'auto'"]


def _typed(rows: list[list[str]], random: Random) -> pa.Table:
    """Columns of the right types, mostly."""
    n = len(rows)
    columns = [
        pa.array(range(n), random.choice((pa.int32(), pa.int64(), pa.int16()))),
        pa.array([r[1] for r in rows], pa.string()),
        pa.array([None] * n, pa.decimal128(6, 2)), pa.array([1] * n, pa.int32()).cast(pa.date32()),
        pa.array([1] * n, pa.int64()).cast(pa.timestamp("us")), pa.array([True] * n),
        pa.array([0.5] * n), pa.array(["abc"] * n),
    ]  # fmt: skip
    if random.random() < 0.3:
        wrong = random.choice((pa.array(["x"] * n), pa.array([10**12] * n), pa.nulls(n), pa.array([[1]] * n)))
        columns[random.randrange(len(columns))] = wrong
    if random.random() < 0.1:
        columns.pop()
    return pa.table(columns, names=[f"c{i}" for i in range(len(columns))])


def _parquet(rows: list[list[str]], random: Random) -> tuple[bytes, list[str]]:
    into = io.BytesIO()
    pq.write_table(_typed(rows, random), into, row_group_size=50)
    return into.getvalue(), ["parquet"]


def _orc(rows: list[list[str]], random: Random) -> tuple[bytes, list[str]]:
    into = io.BytesIO()
    table = _typed(rows, random)
    orc.write_table(table.select([n for n in table.column_names if table[n].type != pa.null()]), into)
    return into.getvalue(), ["orc"]


WRITERS: dict[str, Callable[[list[list[str]], Random], tuple[bytes, list[str]]]] = {
    "delimited": _delimited, "csv": _csv, "fixedwidth": _fixed, "json": _json, "avro": _avro, "parquet": _parquet,
    "orc": _orc,
}  # fmt: skip


# -- damage -------------------------------------------------------------------------------------------


def _damaged(data: bytes, random: Random, text: bool) -> bytes:
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(data) + 1)
        match random.choice(("cut", "flip", "insert", "drop", "double", "bytes", "mark")):
            case "cut":
                data = data[:at]
            case "flip" if data:
                at = min(at, len(data) - 1)
                data = data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]
            case "insert":
                data = data[:at] + random.choice(_BAD).encode() + data[at:]
            case "drop":
                data = data[:at] + data[at + random.randrange(1, 30) :]
            case "double":
                data = data[:at] + data[max(0, at - 40) :]
            case "bytes":
                data = data[:at] + random.randbytes(random.randrange(1, 9)) + data[at:]
            case "mark" if text:
                data = random.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\n\n", b"")) + data
    return data


def _packed(data: bytes, clauses: list[str], random: Random) -> tuple[bytes, list[str]]:
    """Compressed or in UTF-16, and perhaps damaged after that."""
    how = random.choice(("gzip", "bzip2", "zstd", "encoding utf16"))
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress, "bzip2": bz2.compress, "zstd": zstandard.compress,
        "encoding utf16": lambda d: d.decode(errors="replace").encode("utf-16"),
    }  # fmt: skip
    data = packers[how](data)
    if random.random() < 0.4:
        data = _damaged(data, random, False)
    return data, [*clauses, *([how] if random.random() < 0.9 else [])]


# -- checks -------------------------------------------------------------------------------------------


class Lab:
    """A database and a folder for many cases."""

    def __init__(self) -> None:
        import warehouse

        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "in"
        self._session = warehouse.connect(":memory:", nodes=1, slices_per_node=2, threads=2, autocommit=True)
        self._session.execute(TABLE)

    def close(self) -> None:
        self._session.close()
        self._folder.cleanup()

    def check(self, case: Case, paths: bool = True) -> str:
        """What became of it: 'loaded', 'loaded in part' or the error's class. AssertionError: what must not be.
        `paths`: compare the fast path and the strict one."""
        import warehouse

        self._path.write_bytes(case.data)
        before = self._count()
        try:
            cursor = self._session.execute(f"copy t from '{self._path}' {case.clauses}")
        except warehouse.InternalError:
            raise
        except warehouse.Error as error:
            assert self._count() == before, "the table changed"
            assert error.sqlstate != "XX000" and error.message
            outcome = type(error).__name__
        else:
            assert self._count() == before + cursor.rowcount, "not what was said"
            rejected = sum(int(n.split(",")[1].split()[0]) for n in cursor.notices if "could not be loaded" in n)
            assert rejected < case.limit, "more errors than MAXERROR"
            outcome = "loaded in part" if rejected else "loaded"
        if case.text and paths:
            self._check_paths(case)
        return outcome

    def _count(self) -> int:
        """Without a query: rows as the commit has them."""
        database = self._session.session.database
        view = database.view()
        return int(view.data(view.relation("public", "t")).statistics.rows)

    def _check_paths(self, case: Case) -> None:
        from warehouse.storage.formats.text import FastParser

        quick = self._read(case)
        with patch.object(FastParser, "parse", lambda self, chunk: None):
            slow = self._read(case)
        assert quick == slow, "the fast path reads something else than the strict one"

    def _read(self, case: Case) -> Any:
        """Rows and rejections, or the error."""
        import warehouse
        from warehouse.engine.handlers.copy_findings import PartFindings
        from warehouse.planner.parse import parse_statement
        from warehouse.storage.arrow import from_arrow
        from warehouse.storage.formats import open_source

        statement: Any = parse_statement(f"copy t from '{self._path}' {case.clauses}")
        view = self._session.session.database.view()
        columns = view.relation("public", "t").columns
        options = {n: v for n, v in statement.options.items() if n != "MAXERROR"}
        findings, rows = PartFindings(None), []
        try:
            source = open_source(statement.source, statement.format, options)
            for part in source.parts:
                for batch in source.read(part, columns, None, findings):
                    lists = [from_arrow(a, c.type, c.name).to_list() for a, c in zip(batch.columns, columns)]
                    rows += [repr(row) for row in zip(*lists)]
        except warehouse.Error as error:
            return error.message
        return rows, [(r.line, r.column, r.reason) for r in findings.take().rejections]


def main() -> int:
    parser = argparse.ArgumentParser(description="load broken files")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--replay")
    arguments = parser.parse_args()
    lab, outcomes, failures = Lab(), Counter[str](), 0
    labels = [(arguments.seed, n) for n in range(arguments.count)]
    if arguments.replay:
        seed, number = arguments.replay.split(":")
        labels = [(int(seed), int(number))]
    for seed, number in labels:
        made = case(seed, number)
        begun = time.perf_counter()
        try:
            outcomes[lab.check(made)] += 1
        except Exception as error:
            failures += 1
            print(f"{seed}:{number}: {type(error).__name__}: {error}\n    {made}", flush=True)
        if time.perf_counter() - begun > SLOW_SECONDS:
            print(f"{seed}:{number}: slow\n    {made}", flush=True)
    lab.close()
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()), f"- {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
