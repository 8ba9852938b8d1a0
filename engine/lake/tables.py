"""The external table a name means. Only names with an external schema mean one: the search path is not asked.

Access is that of the schema: USAGE to read, its owner to change definitions (r_CREATE_EXTERNAL_TABLE).
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import NotSupportedError, OperationalError, PermissionDenied
from ...storage.lake.catalogue import GLUE, ExternalSchema
from ...storage.schema import ExternalTable, Table

if TYPE_CHECKING:
    from ...storage.lake.definition import Partition, Source
    from ..context import Context


def schema_of(name: str | None, context: Context) -> ExternalSchema | None:
    """The external schema of that name."""
    facts = context.view.facts
    if name is None or not facts.keys("external schema"):
        return None
    return facts.lake.schemas.get(name)


def find(schema: str | None, name: str, context: Context) -> ExternalTable | None:
    """The external table, as this session sees it."""
    found = schema_of(schema, context)
    if found is None:
        return None
    pseudo = context.settings["spectrum_enable_pseudo_columns"] == "on"
    return context.view.facts.lake.table(found, name, pseudo)


def partitions(source: Source, context: Context) -> list[Partition]:
    """The partitions that the data catalogue has registered."""
    if source.partitions is not None:
        return list(source.partitions)
    return context.view.facts.lake.partitions(source)


def need_usage(table: ExternalTable, context: Context) -> None:
    if not context.rights.schema(table.schema, "usage"):
        raise PermissionDenied(f"permission denied for schema {table.schema}")


def refuse_block(what: str, context: Context) -> None:
    """On AWS the data catalogue knows no transactions; 'extended' runs it in them."""
    if not context.transaction.single and context.settings["compatibility"] != "extended":
        raise OperationalError(f"{what} cannot run inside a transaction block", sqlstate="25001")


def refuse_change(table: Table, what: str) -> None:
    """A statement that changes rows of an external table."""
    if isinstance(table, ExternalTable):
        raise NotSupportedError(f'cannot {what} external table "{table.schema}"."{table.name}"',
                                hint="External tables are read, and added to by INSERT: their files are never changed.")


def embedded(schema: ExternalSchema) -> None:
    if schema.catalogue == GLUE:
        raise NotSupportedError("tables of AWS Glue are read here, and changed there")
