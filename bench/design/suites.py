"""Ready-made runs: TPC-H and the star schema benchmark, from all tables EVEN and unsorted.

    warehouse-sql design --suite tpch --sf 1 --nodes 2 --slices 2
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.advisor.workload import Query
from . import ssb
from .source import CannotRead

if TYPE_CHECKING:
    from ...client.dbapi import Connection


@dataclass(frozen=True, slots=True)
class Ready:
    """Data, tables in their baseline design, and the workload of a scale factor."""

    title: str
    queries: tuple[Query, ...]
    stage: Callable[[Connection, Callable[[str], None]], None]


def ready(name: str, scale: float, seed: int) -> Ready:
    """A ready-made run; CannotRead for a name that there is none of."""
    if name == "tpch":
        return _tpch(scale)
    if name == "ssb":
        return _ssb(scale, seed)
    raise CannotRead(f"there is no ready-made run {name!r}; there are tpch and ssb")


def _tpch(scale: float) -> Ready:
    from ..tpch import TPCH

    def stage(connection: Connection, step: Callable[[str], None]) -> None:
        step("generating TPC-H")
        folder: Path = TPCH.generate(scale)
        cursor = connection.cursor()
        for table, create, copy in zip(TPCH.tables, TPCH.create_statements("even"), TPCH.copy_statements(folder)):
            step(f"loading {table}")
            cursor.execute(create)
            cursor.execute(copy)

    queries = tuple(Query(q, TPCH.text(q, scale)) for q in TPCH.queries)
    return Ready(f"TPC-H at scale factor {scale:g}", queries, stage)


def _ssb(scale: float, seed: int) -> Ready:
    def stage(connection: Connection, step: Callable[[str], None]) -> None:
        for table, columns in ssb.TABLES.items():
            step(f"generating {table}")
            connection.execute(f"create table {table} ({columns}) diststyle even")
            connection.write_arrow(table, ssb.generate(table, scale, seed), create=False)

    queries = tuple(Query(name, text) for name, text in ssb.QUERIES.items())
    return Ready(f"star schema benchmark at scale factor {scale:g}", queries, stage)
