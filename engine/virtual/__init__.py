"""System tables: virtual, made from the catalogue snapshot and the history when a query reads them.

    VIRTUAL_TABLES["pg_catalog.pg_class"]   columns, leader_only, rows(context, predicates)

One module per family, each with a tuple TABLES. Names without a schema are looked for in pg_catalog,
as on Redshift; a user's own table of that name must be named with its schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import (
    advice,
    blocks,
    information_schema,
    pg_catalog,
    pg_constraints,
    pg_users,
    stl,
    stv,
    svv,
    svv_objects,
    upkeep,
)
from .base import VirtualTable

if TYPE_CHECKING:
    import pyarrow as pa

    from ..context import Context

VIRTUAL_TABLES: dict[str, VirtualTable] = {
    table.full_name: table
    for family in (
        pg_catalog, pg_constraints, pg_users, information_schema, stl, stv, svv, svv_objects, blocks, upkeep, advice,
    )
    for table in family.TABLES
}


def find_virtual(schema: str | None, name: str) -> VirtualTable | None:
    """The system table of that name; without a schema, in pg_catalog."""
    return VIRTUAL_TABLES.get(f"{schema or 'pg_catalog'}.{name}")


def read(full_name: str, context: Context) -> pa.Table:
    """The rows of `schema.name` for a statement."""
    return VIRTUAL_TABLES[full_name].rows(context)


__all__ = ["VIRTUAL_TABLES", "VirtualTable", "find_virtual", "read"]
