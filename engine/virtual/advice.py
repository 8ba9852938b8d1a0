"""svv_alter_table_recommendations: what altering tables would gain, for the queries that the history recorded.

Worked out when it is asked for (engine/advisor/recommend.py) and gone once it is followed. `group_id`: tables to alter
together, -1 for one alone. `auto_eligible`: t for tables that Redshift would alter by itself (DISTSTYLE AUTO).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.types import INTEGER, char
from ..context import Context
from .base import DATABASE, VirtualTable, clip

DDL_BYTES = 1024


def _recommendations(context: Context) -> Iterator[tuple[Any, ...]]:
    from ..advisor.recommend import advice

    for r in advice(context).recommendations:
        yield r.type, DATABASE, r.table.id, r.group, clip(_spelled(r.ddl), DDL_BYTES), "t" if r.automatic else "f"


def _spelled(ddl: str) -> str:
    """In the words of Redshift's view: statements begin with capitals."""
    return ddl.replace("alter table ", "ALTER TABLE ", 1)


TABLES = (
    VirtualTable(
        "pg_catalog",
        "svv_alter_table_recommendations",
        (
            ("type", char(32)), ("database", char(128)), ("table_id", INTEGER), ("group_id", INTEGER),
            ("ddl", char(DDL_BYTES)), ("auto_eligible", char(1)),
        ),
        _recommendations,
        leader_only=False,
        superusers=True,
    ),
)  # fmt: skip
