"""What several system tables say about a relation: its columns, encodings, keys in Redshift's words."""

from __future__ import annotations

from functools import lru_cache

from ...errors import Error
from ...records import dataclass
from ...storage.encodings import registry as encodings
from ...storage.schema import DistStyle, Table, TableData, View
from ...storage.types import Kind, SqlType
from ..context import Context

# Ids below a relation's first one (100,000) are the system's own.
NAMESPACE_IDS = {"pg_catalog": 11, "information_schema": 12, "public": 2200}

# PostgreSQL's ids of types: (oid, internal name, bytes).
PG_TYPES: dict[Kind, tuple[int, str, int]] = {
    Kind.BOOLEAN: (16, "bool", 1), Kind.BIGINT: (20, "int8", 8), Kind.SMALLINT: (21, "int2", 2),
    Kind.INTEGER: (23, "int4", 4), Kind.REAL: (700, "float4", 4), Kind.DOUBLE: (701, "float8", 8),
    Kind.CHAR: (1042, "bpchar", -1), Kind.VARCHAR: (1043, "varchar", -1), Kind.DATE: (1082, "date", 4),
    Kind.TIME: (1083, "time", 8), Kind.TIMETZ: (1266, "timetz", 8), Kind.TIMESTAMP: (1114, "timestamp", 8),
    Kind.TIMESTAMPTZ: (1184, "timestamptz", 8), Kind.DECIMAL: (1700, "numeric", -1), Kind.SUPER: (4000, "super", -1),
    Kind.HLLSKETCH: (3999, "hllsketch", -1), Kind.VARBYTE: (6551, "varbyte", -1),
    Kind.INTERVAL_YM: (1188, "intervaly2m", 4), Kind.INTERVAL_DS: (1190, "intervald2s", 8),
}  # fmt: skip

_DIST_STYLES = {DistStyle.EVEN: 0, DistStyle.KEY: 1, DistStyle.ALL: 8, DistStyle.AUTO: 9}


@dataclass(frozen=True, slots=True)
class RelationColumn:
    """A column of a table or view as the catalogue tables show it."""

    number: int
    name: str
    type: SqlType
    nullable: bool = True
    encoding: str = "none"
    is_dist_key: bool = False
    sort_position: int = 0
    default: str | None = None


def columns_of(relation: Table | View, context: Context) -> tuple[RelationColumn, ...]:
    """Columns of a table; of a view by binding it; none of a late-binding view or one that is broken."""
    if isinstance(relation, Table):
        return tuple(_table_column(relation, i) for i in range(len(relation.columns)))
    if relation.late_binding:
        return ()
    return view_columns(relation, context)


def view_columns(relation: View, context: Context) -> tuple[RelationColumn, ...]:
    """Columns of a view by binding it with its owner's rights; none of one that is broken."""
    from dataclasses import replace

    from ..handlers.binding import bind_text

    try:
        bound = bind_text(relation.sql, relation.exact_names, replace(context, user=relation.owner))
    except Error:
        return ()
    names = relation.columns or bound.names
    return tuple(
        RelationColumn(i, name, ref.type) for i, (name, ref) in enumerate(zip(names, bound.columns), start=1)
    )


def _table_column(table: Table, position: int) -> RelationColumn:
    column = table.columns[position]
    default = column.default_sql
    if column.identity is not None:
        default = f"\"identity\"({table.id}, {position}, '{column.identity[0]},{column.identity[1]}'::text)"
    return RelationColumn(
        number=column.id,
        name=column.name,
        type=column.type,
        nullable=column.nullable,
        encoding=shown_encoding(table, position),
        is_dist_key=table.dist_key == position,
        sort_position=table.sort_key.index(position) + 1 if position in table.sort_key else 0,
        default=default,
    )


def shown_encoding(table: Table, position: int) -> str:
    """The encoding's name; RAW is 'none', AUTO before the first load is what the type gets by default."""
    column = table.columns[position]
    name = column.encoding
    if name == "auto":
        name = encodings.default_for(column.type, sort_key=position in table.sort_key)
    return "none" if name == "raw" else name


def dist_style_code(relation: Table | View) -> int:
    return _DIST_STYLES[relation.declared_style] if isinstance(relation, Table) else 0


def dist_style_text(data: TableData) -> str:
    """EVEN, KEY(column), ALL, AUTO(ALL), AUTO(EVEN), AUTO(KEY(column))."""
    table = data.table
    match table.dist_style:
        case DistStyle.KEY if table.dist_key is not None:
            key = f"KEY({table.columns[table.dist_key].name})"
            return f"AUTO({key})" if table.auto_key else key
        case DistStyle.AUTO:
            return "AUTO(ALL)" if data.replicated else "AUTO(EVEN)"
        case style:
            return style.value


@lru_cache(maxsize=256)
def type_modifier(type: SqlType) -> int:
    """PostgreSQL's atttypmod."""
    if type.is_string or type.kind is Kind.VARBYTE:
        return type.length + 4
    if type.kind is Kind.DECIMAL:
        return (type.precision << 16 | type.scale) + 4
    return -1


def namespace_id(schema: str) -> int:
    """A stable number for a schema: built-in, or derived from its name."""
    known = NAMESPACE_IDS.get(schema)
    if known is not None:
        return known
    value = 2166136261
    for byte in schema.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return 16384 + value % ((1 << 31) - 16384)


_STANDARD_NUMBERS: dict[Kind, tuple[int | None, int | None]] = {
    Kind.SMALLINT: (16, 0), Kind.INTEGER: (32, 0), Kind.BIGINT: (64, 0), Kind.REAL: (24, None),
    Kind.DOUBLE: (53, None),
}  # fmt: skip


def standard_numbers(type: SqlType) -> tuple[int | None, int | None, int | None]:
    """information_schema's (precision, radix, scale) of a numeric type."""
    if type.kind is Kind.DECIMAL:
        return type.precision, 10, type.scale
    precision, scale = _STANDARD_NUMBERS.get(type.kind, (None, None))
    return precision, None if precision is None else 2, scale
