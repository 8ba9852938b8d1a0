"""CREATE TABLE: check the definition as Redshift does, then commit it.

    columns ........... names, encodings that fit their types, IDENTITY, defaults that bind
    temporary ......... in the session's own schema; a name with # means the same
    distribution ...... DISTSTYLE and DISTKEY agree; a DISTKEY alone means KEY; nothing means AUTO
    sort key .......... on one column, or once on the table
    constraints ....... kept for the planner and the catalogue, not enforced (NOT NULL is)

The checks of keys are shared with CREATE TABLE AS (create_table_as.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...errors import DuplicateColumn, DuplicateTable, InvalidDefinition, UndefinedColumn
from ...planner.statements import ColumnDefinition, CreateTable, RelationName, TableAttributes
from ...planner.syntax import NAME_BYTES
from ...storage.catalog.delta import Delta
from ...storage.encodings import registry as encodings
from ...storage.schema import Column, DistStyle, Table
from ...storage.types import Kind
from ..access import need
from ..context import Context
from ..result import Result
from . import names
from .constraints import constraints_of
from .defaults import check_default

MAX_COLUMNS = 1600
MAX_COMPOUND = 400


def run(statement: CreateTable, context: Context) -> Result:
    name = statement.name
    schema, temporary = names.new_table_schema(name, statement.temporary, context)
    if names.is_taken(schema, name.name, context):
        return already_there(name, statement.if_not_exists, context)
    table = define(statement, schema, context, temporary)
    if not names.created(Delta(create=(table,)), statement.if_not_exists, context):
        return already_there(name, True, context)
    return Result("CREATE TABLE", notices=context.notices)


def already_there(name: RelationName, if_not_exists: bool, context: Context, tag: str = "CREATE TABLE") -> Result:
    if not if_not_exists:
        raise DuplicateTable(f'relation "{name.name}" already exists', position=name.position)
    context.notice("INFO", f'Relation "{name.name}" already exists and will be skipped')
    return Result(tag, notices=context.notices)


def define(statement: CreateTable, schema: str, context: Context, temporary: bool = False) -> Table:
    """The table that a CREATE TABLE describes."""
    name = statement.name.name
    if statement.like is not None:
        return replace(_like(statement, schema, context), temporary=temporary)
    definitions = statement.columns
    check_names(definitions)
    constraints = constraints_of(statement, context)
    primary = {name for c in constraints if c.kind == "primary key" for name in c.columns}
    style, dist_key = distribution(statement.attributes, definitions)
    sort_key = sort_positions(statement.attributes, definitions)
    names_of_encodings = choose_encodings(definitions, sort_key, statement.attributes.encode_auto, temporary)
    columns = tuple(
        _column(i, d, encoding, d.name in primary, context)
        for i, (d, encoding) in enumerate(zip(definitions, names_of_encodings), start=1)
    )
    return Table(
        id=0,
        schema=schema,
        name=name,
        columns=columns,
        dist_style=style,
        dist_key=dist_key,
        sort_key=sort_key,
        interleaved=statement.attributes.interleaved,
        owner=context.user,
        constraints=constraints,
        backup=statement.attributes.backup is not False,
        temporary=temporary,
    )


def _like(statement: CreateTable, schema: str, context: Context) -> Table:
    """LIKE parent: its columns, encodings, keys and BACKUP; defaults on request; no constraints but NOT NULL."""
    assert statement.like is not None
    parent = names.table(statement.like, context)
    need(context, parent, "select")
    if statement.attributes != TableAttributes():
        raise InvalidDefinition("CREATE TABLE LIKE takes its keys from the parent: no table attributes allowed")
    columns = tuple(
        replace(
            c,
            default_sql=c.default_sql if statement.like_defaults or c.identity else None,
            primary_key=False,
        )
        for c in parent.columns
    )
    return replace(
        parent,
        id=0,
        schema=schema,
        name=statement.name.name,
        columns=columns,
        constraints=(),
        dist_style=parent.declared_style,
        dist_key=None if parent.auto_key else parent.dist_key,
        auto_key=False,
        owner=context.user,
    )


def check_names(definitions: Sequence[ColumnDefinition]) -> None:
    if not definitions:
        raise InvalidDefinition("a table must have at least one column")
    if len(definitions) > MAX_COLUMNS:
        raise InvalidDefinition(f"tables can have at most {MAX_COLUMNS} columns", sqlstate="54011")
    seen: set[str] = set()
    for d in definitions:
        if d.name in seen:
            raise DuplicateColumn(f'column "{d.name}" specified more than once', position=d.position)
        seen.add(d.name)
        if len(d.name.encode()) > NAME_BYTES:  # from data: what SQL names is cut already
            raise InvalidDefinition(f'the name of column "{d.name}" has more than {NAME_BYTES} bytes', sqlstate="42622")


# -- keys -------------------------------------------------------------------------------------------


def distribution(attributes: TableAttributes, definitions: Sequence[ColumnDefinition]) -> tuple[DistStyle, int | None]:
    """(style, position of the distribution key)."""
    keys = list(dict.fromkeys([d.name for d in definitions if d.dist_key] + [attributes.dist_key or ""]))
    keys = [k for k in keys if k]
    if len(keys) > 1:
        raise InvalidDefinition(f"multiple DISTKEYs are not allowed: {', '.join(keys)}")
    style = attributes.dist_style
    if keys and style not in (None, DistStyle.KEY):
        raise InvalidDefinition(
            f"cannot specify DISTKEY with DISTSTYLE {style.value}",
            hint="A DISTKEY goes with DISTSTYLE KEY, or without DISTSTYLE.",
        )
    if not keys:
        if style is DistStyle.KEY:
            raise InvalidDefinition("DISTSTYLE KEY needs a DISTKEY column")
        return style or DistStyle.AUTO, None
    return DistStyle.KEY, _position(keys[0], definitions, "distribution key")


def sort_positions(attributes: TableAttributes, definitions: Sequence[ColumnDefinition]) -> tuple[int, ...]:
    on_columns = [d.name for d in definitions if d.sort_key]
    if len(on_columns) > 1 or (
        on_columns and (attributes.sort_auto or attributes.sort_key not in ((), tuple(on_columns)))
    ):
        raise InvalidDefinition(
            "multiple SORTKEYs are not allowed",
            hint="For a key of several columns write SORTKEY (a, b) behind the column list.",
        )
    keys = on_columns or list(attributes.sort_key)
    if len(keys) > MAX_COMPOUND:
        raise InvalidDefinition(f"a compound SORTKEY can have at most {MAX_COMPOUND} columns", sqlstate="54011")
    if len(set(keys)) < len(keys):
        raise DuplicateColumn("a column stands twice in the SORTKEY")
    return tuple(_position(k, definitions, "sort key") for k in keys)


def _position(name: str, definitions: Sequence[ColumnDefinition], role: str) -> int:
    for i, d in enumerate(definitions):
        if d.name == name:
            if d.type.is_super or d.type.is_sketch:
                kind = d.type.kind.value
                raise InvalidDefinition(
                    f'column "{name}" of type {kind} cannot be a {role}', position=d.position,
                    hint=f"{kind.upper()} columns can be neither distribution nor sort keys.",
                )
            return i
    raise UndefinedColumn(f'{role} column "{name}" does not exist')


# -- encodings ----------------------------------------------------------------------------------------


def choose_encodings(
    definitions: Sequence[ColumnDefinition], sort_key: tuple[int, ...], encode_auto: bool, temporary: bool = False
) -> list[str]:
    """Each column's encoding. With none given all are "auto"; with some given, the others get
    Redshift's defaults by type, and RAW where they are in the sort key. Temporary tables are RAW by default."""
    mixed = (temporary or any(d.encoding != "auto" for d in definitions)) and not encode_auto
    chosen = []
    for i, d in enumerate(definitions):
        try:
            encodings.check_usable(d.encoding, d.type, d.name)
        except InvalidDefinition as error:
            error.position = d.position
            raise
        if d.encoding == "auto" and mixed:
            chosen.append(encodings.default_for(d.type, sort_key=i in sort_key, temporary=temporary))
        else:
            chosen.append(d.encoding.lower())
    return chosen


# -- columns --------------------------------------------------------------------------------------------


def _column(id: int, d: ColumnDefinition, encoding: str, in_primary_key: bool, context: Context) -> Column:
    default_sql = d.default_sql
    if d.identity is not None:
        if d.type.kind not in (Kind.INTEGER, Kind.BIGINT):
            raise InvalidDefinition(
                f'identity column "{d.name}" must be INT or BIGINT, not {d.type}', position=d.position
            )
        if d.default is not None:
            raise InvalidDefinition(f'both DEFAULT and IDENTITY specified for column "{d.name}"', sqlstate="42601")
        if d.identity[1] == 0:
            raise InvalidDefinition(f'the IDENTITY step of column "{d.name}" must not be 0')
        most = (1 << (31 if d.type.kind is Kind.INTEGER else 63)) - 1
        if not all(-most - 1 <= n <= most for n in d.identity):
            raise InvalidDefinition(f'seed or step of the identity column "{d.name}" is out of range for {d.type}',
                                    sqlstate="22003", position=d.position)
        default_sql = "identity" if d.by_default else None
    elif d.default is not None:
        check_default(d, context)
    return Column(
        id=id,
        name=d.name,
        type=d.type,
        nullable=d.nullable and not in_primary_key and d.identity is None,
        encoding=encoding,
        default_sql=default_sql,
        identity=d.identity,
        primary_key=in_primary_key,
    )
