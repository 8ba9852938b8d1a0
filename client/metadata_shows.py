"""More of what redshift_connector's cursors answer: keys, privileges, functions and their parameters, table types.

redshift_connector asks SHOW statements for these and puts what comes into the columns of JDBC's DatabaseMetaData;
so does this. Each function gives the columns (name:type, of TYPES) and the rows; `cursor` belongs to the connection
that is asked. A name is exact, a pattern one of LIKE; None and '' take all. What is asked of another database than
the connection's has no rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..engine.result import ResultColumn
from ..storage.types import INTEGER, SMALLINT, varchar
from .metadata import JDBC

if TYPE_CHECKING:
    from .cursor import Cursor

Row = dict[str, Any]
Found = tuple[str, list[tuple[Any, ...]]]
TYPES = {"t": varchar(128), "i": INTEGER, "s": SMALLINT}
NO_ACTION, NOT_DEFERRABLE, NULLABLE_UNKNOWN, NO_TABLE, IN = 3, 7, 2, 1, 1  # java.sql.DatabaseMetaData's numbers
TABLE_TYPES = ("EXTERNAL TABLE", "EXTERNAL VIEW", "LOCAL TEMPORARY", "TABLE", "VIEW")


def result_columns(text: str) -> tuple[ResultColumn, ...]:
    """What `name:type name:type` says."""
    return tuple(ResultColumn(name, TYPES[type]) for name, _, type in (c.partition(":") for c in text.split()))


def table_types(cursor: Cursor) -> Found:
    return "table_type:t", [(type,) for type in TABLE_TYPES]


# -- keys --------------------------------------------------------------------------------------


def imported_keys(cursor: Cursor, catalog: str | None, schema: str | None, table: str | None) -> Found:
    """The keys that a table's foreign keys refer to."""
    return _KEYS, sorted(_keys(cursor, "foreign keys", catalog, schema, table), key=lambda r: (*r[1:3], r[8]))


def exported_keys(cursor: Cursor, catalog: str | None, schema: str | None, table: str | None) -> Found:
    """The foreign keys that refer to a table."""
    return _KEYS, sorted(_keys(cursor, "foreign keys exported", catalog, schema, table), key=lambda r: (*r[5:7], r[8]))


_KEYS = ("pktable_cat:t pktable_schem:t pktable_name:t pkcolumn_name:t fktable_cat:t fktable_schem:t fktable_name:t "
         "fkcolumn_name:t key_seq:s update_rule:s delete_rule:s fk_name:t pk_name:t deferrability:s")
_KEY_PARTS = tuple(f"{side}_{part}_name" for side in ("pk", "fk") for part in ("database", "schema", "table", "column"))


def _keys(
    cursor: Cursor, kind: str, catalog: str | None, schema: str | None, table: str | None
) -> Iterator[tuple[Any, ...]]:
    for found in _tables(cursor, catalog, schema, table):
        for r in _show(cursor, f"constraints {kind} from table {found}"):
            yield (*(r[part] for part in _KEY_PARTS), r["key_seq"], NO_ACTION, NO_ACTION, r["fk_name"], r["pk_name"],
                   NOT_DEFERRABLE)  # fmt: skip


def best_row_identifier(
    cursor: Cursor, catalog: str | None, schema: str | None, table: str | None, scope: int | None,
    nullable: bool | None,
) -> Found:
    """The columns of a table's primary key, none of which is nullable."""
    rows = []
    for found in _tables(cursor, catalog, schema, table):
        columns = {c["column_name"]: c for c in _show(cursor, f"columns from table {found}")}
        for r in _show(cursor, f"constraints primary keys from table {found}"):
            c = columns[r["column_name"]]
            rows.append((scope, r["column_name"], JDBC.get(c["data_type"], 1111), c["data_type"], _size(c), None,
                         c["numeric_scale"], 1))  # fmt: skip
    return ("scope:s column_name:t data_type:i type_name:t column_size:i buffer_length:i decimal_digits:s "
            "pseudo_column:s", rows)


# -- privileges ------------------------------------------------------------------------------


def column_privileges(
    cursor: Cursor, catalog: str | None, schema: str | None, table: str | None, column: str | None
) -> Found:
    like = f" like {_text(column)}" if column else ""
    rows = [
        (r["database_name"], r["schema_name"], r["table_name"], r["column_name"], *_grant(r))
        for found in _tables(cursor, catalog, schema, table)
        for r in _show(cursor, f"column grants on table {found}{like}")
    ]
    return "table_cat:t table_schem:t table_name:t column_name:t grantor:t grantee:t privilege:t is_grantable:t", rows


def table_privileges(cursor: Cursor, catalog: str | None, schema: str | None, table: str | None) -> Found:
    asked = _where((("schema_name", schema), ("table_name", table)))
    rows = [
        (r["database_name"], r["schema_name"], r["object_name"], *_grant(r))
        for r in _of_database(cursor, catalog, "grants on tables", asked)
    ]
    return "table_cat:t table_schem:t table_name:t grantor:t grantee:t privilege:t is_grantable:t", rows


def _grant(r: Row) -> tuple[Any, ...]:
    return r["grantor_name"], r["identity_name"], r["privilege_type"], "YES" if r["admin_option"] else "NO"


# -- functions -------------------------------------------------------------------------------


def functions(cursor: Cursor, catalog: str | None, schema: str | None, name: str | None) -> Found:
    rows = [
        (r["database_name"], r["schema_name"], r["function_name"], "", NO_TABLE,
         f"{r['function_name']}({r['argument_list']})")
        for r in _functions(cursor, catalog, schema, name)
    ]  # fmt: skip
    return "function_cat:t function_schem:t function_name:t remarks:t function_type:s specific_name:t", rows


def function_columns(
    cursor: Cursor, catalog: str | None, schema: str | None, name: str | None, column: str | None
) -> Found:
    like = f" like {_text(column)}" if column else ""
    rows = []
    for f in _functions(cursor, catalog, schema, name):
        signature = f"({f['argument_list']})"
        named = f"{_name(f['schema_name'])}.{_name(f['function_name'])}{signature}"
        for r in _show(cursor, f"parameters of function {named}{like}"):
            rows.append((r["database_name"], r["schema_name"], r["function_name"], r["parameter_name"], IN,
                         JDBC.get(r["data_type"], 1111), r["data_type"], _size(r), r["character_maximum_length"],
                         r["numeric_scale"], 10, NULLABLE_UNKNOWN, "", None, r["ordinal_position"], "",
                         r["function_name"] + signature))  # fmt: skip
    return ("function_cat:t function_schem:t function_name:t column_name:t column_type:s data_type:i type_name:t "
            "precision:i length:i scale:s radix:s nullable:s remarks:t char_octet_length:i ordinal_position:i "
            "is_nullable:t specific_name:t", rows)


def procedure_columns(
    cursor: Cursor, catalog: str | None, schema: str | None, name: str | None, column: str | None
) -> Found:
    """There are no procedures here."""
    return ("procedure_cat:t procedure_schem:t procedure_name:t column_name:t column_type:s data_type:i type_name:t "
            "precision:i length:i scale:s radix:s nullable:s remarks:t column_def:t sql_data_type:i "
            "sql_datetime_sub:i char_octet_length:i ordinal_position:i is_nullable:t specific_name:t", [])


def _functions(cursor: Cursor, catalog: str | None, schema: str | None, name: str | None) -> Iterator[Row]:
    if _elsewhere(cursor, catalog):
        return
    like, named = (f" like {_text(p)}" if p else "" for p in (schema, name))
    for r in _show(cursor, f"schemas from database {_database(cursor)}{like}"):
        if r["schema_name"] not in ("pg_catalog", "information_schema"):
            yield from _show(cursor, f"functions from schema {_name(r['schema_name'])}{named}")


# -- asking ------------------------------------------------------------------------------------


def _show(cursor: Cursor, text: str) -> list[Row]:
    """The rows of a SHOW statement, by the names of its columns."""
    with cursor.connection.cursor() as asked:
        asked.execute("show " + text)
        names = [d[0] for d in asked.description or ()]
        return [dict(zip(names, row)) for row in asked.fetchall()]


def _tables(cursor: Cursor, catalog: str | None, schema: str | None, table: str | None) -> list[str]:
    """The tables of exact names, as SHOW wants them named."""
    return [
        f"{_name(r['schema_name'])}.{_name(r['table_name'])}"
        for r in _of_database(cursor, catalog, "tables", "")
        if r["table_type"] == "TABLE" and (schema or r["schema_name"], table or r["table_name"])
        == (r["schema_name"], r["table_name"])
    ]


def _of_database(cursor: Cursor, catalog: str | None, what: str, where: str) -> list[Row]:
    if _elsewhere(cursor, catalog):
        return []
    return _show(cursor, f"{what} from database {_database(cursor)}{where}")


def _elsewhere(cursor: Cursor, catalog: str | None) -> bool:
    return bool(catalog) and catalog != cursor.connection.session.database_label


def _database(cursor: Cursor) -> str:
    return _name(cursor.connection.session.database_label)


def _where(filters: tuple[tuple[str, str | None], ...]) -> str:
    given = [f"{name} like {_text(pattern)}" for name, pattern in filters if pattern]
    return " where " + " and ".join(given) if given else ""


def _size(r: Row) -> int | None:
    return r["character_maximum_length"] if r["character_maximum_length"] is not None else r["numeric_precision"]


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
