"""The external table a name means. Only names with an external schema mean one: the search path is not asked.

Access is that of the schema: USAGE to read, its owner to change definitions (r_CREATE_EXTERNAL_TABLE).
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ...errors import NotSupportedError, OperationalError, PermissionDenied
from ...storage.catalog.delta import Delta
from ...storage.lake.catalogue import GLUE, ExternalSchema
from ...storage.lake.definition import PSEUDO, table_of
from ...storage.schema import ExternalTable, Table

if TYPE_CHECKING:
    from ...storage.access.facts import Fact
    from ...storage.lake.definition import Partition, Source
    from ...storage.lake.glue import GlueCatalogue
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
    pseudo = len(PSEUDO) if context.settings["enable_spectrum_oid"] == "on" else len(PSEUDO) - 1
    if context.settings["spectrum_enable_pseudo_columns"] != "on":
        pseudo = 0
    if found.catalogue == GLUE:
        source = _glue(found.region).source(found.database, name)
        return None if source is None else table_of(source, found.name, pseudo)
    return context.view.facts.lake.table(found, name, pseudo)


def sources(schema: ExternalSchema, context: Context) -> Iterator[Source]:
    """All tables of an external schema, by name."""
    if schema.catalogue == GLUE:
        return _glue(schema.region).sources(schema.database)
    return context.view.facts.lake.sources(schema.database)


def _glue(region: str) -> GlueCatalogue:
    from ...storage.lake.glue import GlueCatalogue

    return GlueCatalogue.of(region)


def partitions(source: Source, context: Context) -> list[Partition]:
    """The partitions that the data catalogue has registered."""
    if source.region is not None:
        return _glue(source.region).partitions(source)
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


def region_of(schema: ExternalSchema) -> str | None:
    """Where the schema's data catalogue is: a region of AWS Glue ("": the session's own); None: in the database."""
    return schema.region if schema.catalogue == GLUE else None


def commit(facts: Sequence[Fact], region: str | None, context: Context) -> None:
    """Tell the data catalogue what has changed: the database's own in the statement's transaction; AWS Glue at once,
    where nothing can be taken back."""
    if region is None:
        context.session.commit_delta(Delta(facts=tuple(facts)))
        return
    if not context.transaction.single:
        raise OperationalError("tables of AWS Glue cannot be changed inside a transaction block", sqlstate="25001")
    _glue(region).apply(facts)
