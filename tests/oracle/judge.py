"""The judge: DuckDB with the same data, answering the adapted text of each query once.

    Judge(folder).answer("q01")  -> rows as tuples     (cached)
    check("q01", table, judge)   -> None, or a sentence that says what differs

The texts are tpch/q01.sql to q22.sql, with TPC-H's validation parameters. Q11's fraction depends on
the scale factor, as the specification asks.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from . import adapt, compare

QUERIES = tuple(f"q{n:02}" for n in range(1, 23))


def text(query: str, scale: float) -> str:
    """One query's text in Redshift's dialect, for a scale factor."""
    sql = (Path(__file__).parent / "tpch" / f"{query}.sql").read_text()
    return sql.replace("{fraction}", f"{0.0001 / scale:.10f}")


class Judge:
    """DuckDB, loaded with the TPC-H files of one folder."""

    def __init__(self, folder: Path, scale: float) -> None:
        from warehouse.bench.data import load_duckdb

        self.scale = scale
        self.connection = duckdb.connect()
        self.connection.execute("set enable_progress_bar = false")
        load_duckdb(self.connection, folder)
        self.connection.execute(adapt.MACROS)
        self.answers: dict[str, list[tuple[Any, ...]]] = {}

    def answer(self, query: str) -> list[tuple[Any, ...]]:
        """The right rows of a TPC-H query."""
        if query not in self.answers:
            sql = adapt.adapted(query, text(query, self.scale))
            self.answers[query] = self.connection.execute(sql).fetchall()
        return self.answers[query]

    def close(self) -> None:
        self.connection.close()


def check(query: str, table: Any, judge: Judge) -> str | None:
    """Compare our Arrow table with the judge's answer; None if they agree."""
    columns = table.column_names
    rows = list(zip(*(column.to_pylist() for column in table.columns))) if table.num_columns else []
    keys = compare.order_keys(text(query, judge.scale), columns)
    return compare.difference(rows, judge.answer(query), keys)
