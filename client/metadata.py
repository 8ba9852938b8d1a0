"""What redshift_connector's cursors answer about the database: get_schemas, get_tables, get_columns ...

Each is a query over SVV views whose result stays in the cursor, so that `description` and the fetch methods go on
from there; the methods themselves return all rows, as redshift_connector's do. Patterns are those of LIKE; None takes
all. `catalog` is the database, of which there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import InterfaceError

# JDBC's type codes of the types that columns have (java.sql.Types).
JDBC = {
    "smallint": 5, "integer": 4, "bigint": -5, "real": 7, "double precision": 8, "numeric": 2, "boolean": -7,
    "character": 1, "character varying": 12, "date": 91, "time without time zone": 92,
    "time with time zone": 2013, "timestamp without time zone": 93, "timestamp with time zone": 2014,
    "binary varying": -4, "super": -16,
}  # fmt: skip
_TABLE_TYPES = ("TABLE", "VIEW", "EXTERNAL TABLE", "TEMPORARY TABLE", "SYSTEM TABLE", "SYSTEM VIEW")


def schemas(catalog: str | None, pattern: str | None) -> tuple[str, tuple[Any, ...]]:
    where, values = _where((("schema_name", pattern), ("database_name", catalog)))
    return (
        "select schema_name as table_schem, database_name as table_catalog from svv_all_schemas"
        f"{where} order by 2, 1", values,
    )


def catalogs() -> tuple[str, tuple[Any, ...]]:
    return "select database_name as table_cat from svv_redshift_databases order by 1", ()


def tables(
    catalog: str | None, schema: str | None, table: str | None, types: Sequence[str]
) -> tuple[str, tuple[Any, ...]]:
    for type in types:
        if type not in _TABLE_TYPES:
            raise InterfaceError(f"unknown table type {type!r}; it is one of {', '.join(_TABLE_TYPES)}")
    where, values = _where((("database_name", catalog), ("schema_name", schema), ("table_name", table)))
    if types:
        where += f"{' and' if where else ' where'} table_type in ({', '.join(['%s'] * len(types))})"
    empty = ", ".join(
        f"null::varchar as {name}"
        for name in ("type_cat", "type_schem", "type_name", "self_referencing_col_name", "ref_generation")
    )
    return (
        "select database_name as table_cat, schema_name as table_schem, table_name, table_type, remarks, "
        f"{empty} from svv_all_tables{where} order by table_type, table_schem, table_name", (*values, *types),
    )


def columns(
    catalog: str | None, schema: str | None, table: str | None, column: str | None
) -> tuple[str, tuple[Any, ...]]:
    where, values = _where(
        (("database_name", catalog), ("schema_name", schema), ("table_name", table), ("column_name", column))
    )
    code = " ".join(f"when '{name}' then {number}" for name, number in JDBC.items())
    return (
        "select database_name as table_cat, schema_name as table_schem, table_name, column_name, "
        f"case data_type {code} else 1111 end as data_type, data_type as type_name, "
        "coalesce(character_maximum_length, numeric_precision) as column_size, null::int as buffer_length, "
        "numeric_scale as decimal_digits, 10 as num_prec_radix, "
        "case is_nullable when 'YES' then 1 else 0 end as nullable, remarks, column_default as column_def, "
        "null::int as sql_data_type, null::int as sql_datetime_sub, "
        "character_maximum_length as char_octet_length, ordinal_position, is_nullable, "
        "null::varchar as scope_catalog, null::varchar as scope_schema, null::varchar as scope_table, "
        "null::smallint as source_data_type, "
        "case when column_default like '\"identity\"%%' then 'YES' else 'NO' end as is_autoincrement, "
        f"'NO' as is_generatedcolumn from svv_all_columns{where} "
        "order by table_schem, table_name, ordinal_position", values,
    )


def primary_keys(catalog: str | None, schema: str | None, table: str | None) -> tuple[str, tuple[Any, ...]]:
    where, values = _where((("k.table_catalog", catalog), ("k.table_schema", schema), ("k.table_name", table)), "=")
    joined = f"{where} and" if where else " where"
    return (
        "select k.table_catalog as table_cat, k.table_schema as table_schem, k.table_name, k.column_name, "
        "k.ordinal_position as key_seq, k.constraint_name as pk_name from information_schema.key_column_usage k "
        "join information_schema.table_constraints c on c.constraint_name = k.constraint_name "
        f"and c.table_schema = k.table_schema and c.table_name = k.table_name{joined} "
        "c.constraint_type = 'PRIMARY KEY' order by 2, 3, 5", values,
    )


def procedures(catalog: str | None, schema: str | None, name: str | None) -> tuple[str, tuple[Any, ...]]:
    where, values = _where(
        (("routine_catalog", catalog), ("routine_schema", schema), ("routine_name", name))
    )
    joined = f"{where} and" if where else " where"
    return (
        "select routine_catalog as procedure_cat, routine_schema as procedure_schem, routine_name as procedure_name, "
        f"2 as procedure_type, specific_name from information_schema.routines{joined} routine_type = 'PROCEDURE' "
        "order by 2, 3", values,
    )


def _where(parts: Iterable[tuple[str, str | None]], operator: str = "like") -> tuple[str, tuple[Any, ...]]:
    """A WHERE clause of what is given, and its values."""
    given = [(column, value) for column, value in parts if value is not None]
    clause = " and ".join(f"{column} {operator} %s" for column, _ in given)
    return (f" where {clause}" if given else ""), tuple(value for _, value in given)
