"""One data set in DuckDB and in several of our databases; queries run in both and compared.

    outcome = lab.check(query)        -> Outcome: same, differs, error, refused, judge_failed, judge_wrong, large

The judge errs too, seldom: where the answers differ it is asked again without its optimizer (judge_wrong).
"""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from random import Random
from typing import Any

import duckdb
from oracle.compare import difference

from .nodes import JUDGE, OURS, Node
from .queries import Query
from .tables import Table, load, load_judge, make_tables

TOPOLOGIES = ((1, 1), (1, 2), (2, 2), (4, 4))
SORT_OF_ARROW = {
    "int": ("int16", "int32", "int64"),
    "dec": ("decimal",),
    "flt": ("float", "double"),
    "text": ("string", "large_string", "string_view", "dictionary"),
    "date": ("date32",),
    "ts": ("timestamp",),
    "bool": ("bool",),
}
MOST_RESULT_ROWS = 150_000
MOST_SECONDS = 10.0  # for the judge


@dataclass(frozen=True)
class Outcome:
    """`kind`: what happened; `told`: the difference or the error; `place`: topology."""

    kind: str
    told: str = ""
    place: str = ""
    error: str = ""  # the class of our error
    rows: int = 0  # of the answer

    @property
    def bad(self) -> bool:
        return self.kind in ("differs", "error", "crash", "type")


class Lab:
    """One random data set, in every topology in a design of its own."""

    def __init__(self, seed: int, big: bool = False, topologies: tuple[tuple[int, int], ...] = TOPOLOGIES) -> None:
        import warehouse

        random = Random(seed)
        self.tables: tuple[Table, ...] = make_tables(random, big)
        self.judge = duckdb.connect()
        self.judge.execute("set enable_progress_bar = false; set threads = 1; set error_on_division_by_zero = false")
        load_judge(self.judge, self.tables)
        self.places: list[tuple[str, Any, list[str]]] = []
        for nodes, slices in topologies:
            connection = warehouse.connect(
                ":memory:", nodes=nodes, slices_per_node=slices, threads=2, compatibility="extended", autocommit=True
            )
            connection.execute("set enable_result_cache_for_session to off")
            self.places.append((f"{nodes}x{slices}", connection, load(connection, self.tables, random)))

    def close(self) -> None:
        for _, connection, _ in self.places:
            connection.close()
        self.judge.close()

    def expected(self, query: Query, plain: bool = False) -> list[tuple[Any, ...]] | Outcome:
        """The judge's rows; with `plain` without its optimizer."""
        judge = self.judge.cursor()
        alarm = threading.Timer(MOST_SECONDS, judge.interrupt)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if plain:
                    judge.execute("pragma disable_optimizer")
                alarm.start()
                cursor = judge.execute(query.node.text(JUDGE))
                rows: list[tuple[Any, ...]] = cursor.fetchmany(MOST_RESULT_ROWS + 1)
        except duckdb.Error as error:
            return Outcome("judge_failed", str(error))
        finally:
            alarm.cancel()
        return rows if len(rows) <= MOST_RESULT_ROWS else Outcome("large")

    def check(self, query: Query, places: list[str] | None = None) -> Outcome:
        """Run everywhere (or in `places`); the first bad outcome, or the last."""
        expected = self.expected(query)
        if isinstance(expected, Outcome):
            return expected
        outcome = Outcome("same")
        for name, connection, _ in self.places:
            if places is None or name in places:
                outcome = check_one(connection, query, expected, name)
                if outcome.kind == "differs" and isinstance(again := self.expected(query, True), list):
                    second = check_one(connection, query, again, name)
                    outcome = Outcome("judge_wrong", outcome.told, name) if second.kind == "same" else second
                if outcome.kind != "same":
                    return outcome
        return outcome


def check_one(connection: Any, query: Query, expected: list[tuple[Any, ...]], place: str) -> Outcome:
    """Our answer in one database against the judge's."""
    import warehouse

    try:
        table = connection.execute(query.node.text(OURS)).fetch_arrow_table()
    except warehouse.NotSupportedError as error:
        return Outcome("refused", str(error), place)
    except warehouse.Error as error:
        return Outcome("error", f"{type(error).__name__}: {error}", place, type(error).__name__)
    except Exception as error:
        return Outcome("crash", f"{type(error).__name__}: {error}", place, type(error).__name__)
    for field, wanted in zip(table.schema, query.columns):
        if not str(field.type).startswith(SORT_OF_ARROW[wanted.sort]):
            return Outcome("type", f"{field.name} is {field.type}, expected {wanted.sort}", place)
    rows = list(zip(*(c.to_pylist() for c in table.columns)))
    told = difference(rows, expected, query.keys)
    return Outcome("same", place=place, rows=len(rows)) if told is None else Outcome("differs", told, place)


def rewritten(query: Query, node: Node) -> Query:
    """The query with another tree (a smaller one), compared without order."""
    return Query(node, (), ())
