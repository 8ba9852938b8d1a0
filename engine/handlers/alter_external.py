"""ALTER TABLE of external tables, and MSCK REPAIR TABLE: definitions and partitions in the data catalogue.

SET LOCATION and SET FILE FORMAT of the table are for partitions that are added later as well; those that are there
keep their folders (r_ALTER_TABLE_external-table). No file is read, written or removed, save that MSCK lists folders.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...errors import (
    DuplicateColumn,
    InvalidDefinition,
    NotSupportedError,
    ProgrammingError,
    UndefinedColumn,
    UndefinedObject,
)
from ...planner.statements import AddColumn, AlterExternalTable, AlterTable, RelationName, RepairTable
from ...planner.statements.external import PartitionSpec, RowFormat
from ...storage.access.facts import Fact
from ...storage.lake.catalogue import dropped_partition, dropped_table, partition_fact, table_fact
from ...storage.lake.definition import Field, Partition, Source
from ...storage.lake.formats.choices import ORIGIN
from ...storage.lake.hive_types import of_sql
from ...storage.lake.partitions import folder_name, found_folders, parse_value
from ...storage.objects.location import Location
from ...storage.objects.registry import Objects
from ...storage.schema import ExternalTable
from ..access import need_schema_owner
from ..context import Context
from ..lake import formats
from ..lake.tables import commit, find, partitions, refuse_block
from ..result import Result
from . import names

TAG = "ALTER TABLE"


def run(statement: AlterExternalTable | RepairTable, context: Context) -> Result:
    source = _owned(statement.table, context)
    if isinstance(statement, RepairTable):
        return _repair(source, context)
    refuse_block("ALTER EXTERNAL TABLE", context)
    facts = tuple(_changed(statement, source, context))
    if facts:
        commit(facts, source.region, context)
    return Result(TAG, notices=context.notices)


def _owned(name: RelationName, context: Context) -> Source:
    table = find(name.schema, name.name, context)
    if table is None:
        local = names.find(name, context)
        if local is not None:
            raise ProgrammingError(f'"{name.name}" is not an external table', sqlstate="42809", position=name.position)
        raise names.undefined(name, context)
    need_schema_owner(context, table.schema)
    source: Source = table.source
    return source


def _changed(statement: AlterExternalTable, source: Source, context: Context) -> Iterable[Fact]:
    match statement.action:
        case "location":
            Location.parse(statement.value)
            return [table_fact(replace(source, location=statement.value))]
        case "format":
            format = formats.format_of(RowFormat(stored_as=statement.value))
            return [table_fact(replace(source, format=format, serde="", input_format="", output_format=""))]
        case "properties":
            merged = formats.checked_properties((*source.properties, *statement.properties))
            return [table_fact(replace(source, properties=merged))]
        case "partition location":
            values = _values(statement.partitions[0], source)
            if values not in {p.values for p in partitions(source, context)}:
                raise _no_partition(statement.partitions[0])
            return [partition_fact(source, Partition(values, statement.value))]
        case "add partition":
            return _added(statement, source, context)
        case _:
            return _dropped(statement, source, context)


def _added(statement: AlterExternalTable, source: Source, context: Context) -> Iterable[Fact]:
    known = {p.values for p in partitions(source, context)}
    for spec in statement.partitions:
        values = _values(spec, source)
        if values in known:
            if statement.if_not_exists:
                context.notice("INFO", f"Partition {_shown(spec)} already exists and will be skipped")
                continue
            raise ProgrammingError(f"partition {_shown(spec)} already exists", sqlstate="42710", position=spec.position)
        known.add(values)
        location = spec.location or source.location.rstrip("/") + "/" + folder_name(source, values)
        Location.parse(location)
        yield partition_fact(source, Partition(values, location))


def _dropped(statement: AlterExternalTable, source: Source, context: Context) -> Iterable[Fact]:
    known = {p.values for p in partitions(source, context)}
    for spec in statement.partitions:
        values = _values(spec, source)
        if values in known:
            yield dropped_partition(source, values)
        elif not statement.if_not_exists:
            raise _no_partition(spec)


def _no_partition(spec: PartitionSpec) -> UndefinedObject:
    return UndefinedObject(f"partition {_shown(spec)} does not exist", position=spec.position)


def _shown(spec: PartitionSpec) -> str:
    return "(" + ", ".join(f"{k}={'NULL' if v is None else repr(v)}" for k, v in spec.values) + ")"


def _values(spec: PartitionSpec, source: Source) -> tuple[str | None, ...]:
    """The values in the order of the partition columns, in the types' plain form."""
    given = dict(spec.values)
    if not source.keys:
        raise InvalidDefinition(f'external table "{source.name}" is not partitioned', position=spec.position)
    for name in given:
        if name not in {k.name for k in source.keys}:
            raise UndefinedColumn(f'"{name}" is no partition column of "{source.name}"', position=spec.position)
    missing = [k.name for k in source.keys if k.name not in given]
    if missing or len(given) < len(spec.values):
        raise InvalidDefinition("PARTITION needs each partition column once"
                                + (f': "{missing[0]}" is missing' if missing else ""), position=spec.position)
    for key in source.keys:
        parse_value(given[key.name], key)  # refuses what is none of the type
    return tuple(given[key.name] for key in source.keys)


def _repair(source: Source, context: Context) -> Result:
    """Partitions for the folders key=value below the table's location that are not registered."""
    if not source.keys:
        raise InvalidDefinition(f'external table "{source.name}" is not partitioned')
    known = {p.values for p in partitions(source, context)}
    new = [p for p in found_folders(source, Objects(context.session.stores)) if p.values not in known]
    if new:
        commit([partition_fact(source, p) for p in new], source.region, context)
    for partition in new:
        added = folder_name(source, partition.values)
        context.notice("INFO", f"Repair: Added partition to metastore {source.name}:{added}")
    return Result("MSCK REPAIR TABLE", notices=context.notices)


# -- clauses that local tables have as well ------------------------------------------------------------


def alter_columns(statement: AlterTable | AddColumn, table: ExternalTable, context: Context) -> Result:
    """RENAME COLUMN, DROP COLUMN, ADD COLUMN of an external table; other clauses are refused."""
    source = _owned(statement.table, context)
    refuse_block("ALTER EXTERNAL TABLE", context)
    if isinstance(statement, AddColumn):
        columns = _with_column(statement, source)
    elif statement.action == "rename column":
        columns = _with_name(statement, source)
        source = replace(source, properties=tuple(
            (ORIGIN + statement.new_name if name == ORIGIN + statement.name else name, value)
            for name, value in source.properties))
    elif statement.action == "drop column":
        columns = _without_column(statement, source)
    else:
        what = {"rename": "renamed", "owner": "given another owner: the schema's counts"}
        why = what.get(statement.action, "altered so")
        raise NotSupportedError(f'external table "{source.name}" cannot be {why}', position=statement.position)
    commit((table_fact(replace(source, columns=columns)),), source.region, context)
    return Result(TAG, notices=context.notices)


def _with_column(statement: AddColumn, source: Source) -> tuple[Field, ...]:
    column = statement.column
    if column.default_sql is not None or column.encoding != "auto" or not column.nullable:
        raise NotSupportedError("DEFAULT, ENCODE, NOT NULL and NULL are not supported for external tables",
                                position=column.position)
    if source.format == "avro":
        raise NotSupportedError("a column cannot be added to an external table of AVRO files")
    if column.name in {c.name for c in (*source.columns, *source.keys)}:
        raise DuplicateColumn(f'column "{column.name}" of relation "{source.name}" already exists')
    return (*source.columns, Field(column.name, of_sql(column.type)))


def _place(name: str, source: Source, position: int | None) -> int:
    for i, column in enumerate(source.columns):
        if column.name == name:
            return i
    if name in {k.name for k in source.keys}:
        raise InvalidDefinition(f'"{name}" is a partition column of "{source.name}"', position=position)
    raise UndefinedColumn(f'column "{name}" of relation "{source.name}" does not exist', position=position)


def _with_name(statement: AlterTable, source: Source) -> tuple[Field, ...]:
    at = _place(statement.name, source, statement.position)
    if statement.new_name in {c.name for c in (*source.columns, *source.keys)}:
        raise DuplicateColumn(f'column "{statement.new_name}" of relation "{source.name}" already exists')
    renamed = Field(statement.new_name, source.columns[at].type)
    return (*source.columns[:at], renamed, *source.columns[at + 1 :])


def _without_column(statement: AlterTable, source: Source) -> tuple[Field, ...]:
    at = _place(statement.name, source, statement.position)
    if source.format == "avro":
        raise NotSupportedError("a column cannot be dropped from an external table of AVRO files")
    if len(source.columns) == 1:
        raise InvalidDefinition("an external table needs a column")
    return (*source.columns[:at], *source.columns[at + 1 :])


# -- DROP TABLE ------------------------------------------------------------------------------------------


def drop(targets: list[ExternalTable], context: Context) -> tuple[Fact, ...]:
    """Facts that take external tables away; their files stay. Those of AWS Glue `drop_elsewhere` takes away."""
    facts: list[Fact] = []
    for table in targets:
        refuse_block("DROP EXTERNAL TABLE", context)
        source = _owned(RelationName(table.schema, table.name), context)
        if source.region is None:
            facts += dropped_table(context.view.facts.lake, source)
    return tuple(facts)


def drop_elsewhere(names: Iterable[RelationName], context: Context) -> None:
    """Tables of AWS Glue among those of a DROP TABLE go, with their partitions; all checks have been made."""
    for name in names:
        table = find(name.schema, name.name, context)
        if table is not None and table.source.region is not None:
            commit(dropped_table(context.view.facts.lake, table.source)[-1:], table.source.region, context)


