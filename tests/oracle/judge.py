"""The judge: DuckDB with the same data, answering the adapted text of each query once.

    Judge(TPCH, 0.01).answer("q01")  -> rows as tuples     (cached)
    .check("q01", table)             -> None, or a sentence that says what differs

A LIMIT that cuts between equal rows lets any of them be in the answer: then the judge answers without
it, and ours must be some of those rows, in order.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from . import adapt, compare, tpcds


def tpch_text(query: str, scale: float) -> str:
    """A TPC-H query with its validation parameters; Q11's fraction depends on the scale factor."""
    sql = (Path(__file__).parent / "tpch" / f"{query}.sql").read_text()
    return sql.replace("{fraction}", f"{0.0001 / scale:.10f}")


def prepare(connection: Any) -> None:
    """Teach a DuckDB connection what the judge's texts say."""
    connection.execute("set enable_progress_bar = false")
    connection.execute(tpcds.SETTINGS)
    connection.execute(adapt.MACROS)
    connection.execute(tpcds.MACROS)


class Judge:
    """DuckDB, loaded with the data of a suite of warehouse.bench at one scale."""

    def __init__(self, suite: Any, scale: float) -> None:
        self.suite, self.scale = suite, scale
        self.connection = duckdb.connect()
        prepare(self.connection)
        suite.load_duckdb(self.connection, suite.generate(scale))
        self.answers: dict[str, list[tuple[Any, ...]]] = {}

    def answer(self, query: str) -> list[tuple[Any, ...]]:
        """The right rows of a query."""
        return self._rows(self.suite.judges_text(query, self.scale))

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        if sql not in self.answers:
            self.answers[sql] = self.connection.execute(sql).fetchall()
        return self.answers[sql]

    def check(self, query: str, table: Any) -> str | None:
        """Compare our Arrow table with the judge's answer; None if they agree."""
        return wrong(self.suite, query, self.scale, table, self._rows)

    def close(self) -> None:
        self.connection.close()


def wrong(suite: Any, query: str, scale: float, table: Any, answer: Any) -> str | None:
    """What is wrong with our Arrow table; `answer` gives the rows of a text of the judge's."""
    text = suite.judges_text(query, scale)
    rows = list(zip(*(column.to_pylist() for column in table.columns))) if table.num_columns else []
    keys = compare.order_keys(suite.text(query, scale), table.column_names)
    differs = compare.difference(rows, answer(text), keys)
    if differs and (whole := compare.without_limit(text)):
        return compare.difference_of_some(rows, answer(text), answer(whole), keys) and differs
    return differs
