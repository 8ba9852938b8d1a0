"""SHOW DATABASES, SCHEMAS, TABLES, COLUMNS, CONSTRAINTS, GRANTS, FUNCTIONS, PROCEDURES; SHOW TABLE and SHOW VIEW.

Each kind is a list of columns and a function that gives its rows, of what the user may see. LIKE filters by the
object's name, LIMIT comes last. A ~ in a column's name stands for a blank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from ...errors import PermissionDenied, ProgrammingError, UndefinedObject
from ...planner.like import like_matches
from ...planner.statements import ShowObjects
from ...storage.access.functions import SqlFunction
from ...storage.access.privileges import DATABASE_OBJECT, Grant, relation_object, schema_object
from ...storage.schema import Table, View
from .. import access
from ..context import Context
from ..result import Result, ResultColumn, from_rows
from ..virtual import definitions
from ..virtual.base import DATABASE
from ..virtual.columns import columns
from ..virtual.constraints import constraints_of
from ..virtual.information_schema import seen
from ..virtual.pg_catalog import schema_owner
from ..virtual.pg_users import identity
from ..virtual.relations import columns_of, dist_style_text, standard_numbers
from ..virtual.stv import isolation
from . import names
from .functions import by_signature

Rows = Iterator[tuple[Any, ...]]


def run(statement: ShowObjects, context: Context) -> Result:
    text, place, make = _KINDS[statement.kind]
    rows = make(statement, context)
    if statement.like is not None:
        pattern = statement.like
        rows = (r for r in rows if like_matches(str(r[place]), pattern, "\\", False))
    for column, wanted in statement.where:
        rows = _like(rows, text.split(), column, wanted)
    found = list(rows if statement.limit is None else islice(rows, statement.limit))
    shown = tuple(ResultColumn(name.replace("~", " "), type) for name, type in columns(text))
    return from_rows("SHOW", shown, found)


def _like(rows: Rows, columns: list[str], name: str, pattern: str) -> Rows:
    """The rows whose value in a column is LIKE the pattern. Grants have a table's name as the object's."""
    place = next(i for i, c in enumerate(columns) if c.partition(":")[0] in (name, name.replace("table", "object")))
    return (r for r in rows if like_matches(str(r[place]), pattern, "\\", False))


# -- lists -----------------------------------------------------------------------------------------


def _databases(statement: ShowObjects, context: Context) -> Rows:
    owner = schema_owner(context, "public")
    yield DATABASE, owner, "local", None, None, None, isolation(context)


def _schemas(statement: ShowObjects, context: Context) -> Rows:
    _database(statement)
    directory = access.directory(context)
    for schema in context.view.schemas():
        if context.rights.schema(schema, "usage"):
            owner = schema_owner(context, schema)
            acl = definitions.schema_acl(directory, schema, schema_object(schema), owner)
            yield DATABASE, schema, directory.user_id(owner), "local", acl, None, None


def _database(statement: ShowObjects) -> None:
    """The statement names the database, of which there is one."""
    if statement.name.name != DATABASE:
        raise UndefinedObject(f'database "{statement.name.name}" does not exist', sqlstate="3D000",
                              position=statement.name.position)


def _schema(statement: ShowObjects, context: Context) -> str:
    name = statement.name.name
    if name not in context.view.schemas():
        raise UndefinedObject(f'schema "{name}" does not exist', sqlstate="3F000", position=statement.name.position)
    return name


def _tables(statement: ShowObjects, context: Context) -> Rows:
    schema = _schema(statement, context)
    return (_table_row(r, context) for r in seen(context) if r.schema == schema)


def _tables_of_database(statement: ShowObjects, context: Context) -> Rows:
    _database(statement)
    return (_table_row(r, context) for r in seen(context))


def _table_row(r: Table | View, context: Context) -> tuple[Any, ...]:
    directory = access.directory(context)
    kind = "VIEW" if isinstance(r, View) else "TABLE"
    subtype = "LATE BINDING VIEW" if isinstance(r, View) and r.late_binding else "REGULAR " + kind
    style = dist_style_text(context.view.data(r)) if isinstance(r, Table) else None
    return (DATABASE, r.schema, r.name, kind, definitions.relation_acl(directory, r),
            directory.comments.get(f"{relation_object(r.id)}|"), r.owner, None, None, style, subtype)  # fmt: skip


def _columns(statement: ShowObjects, context: Context) -> Rows:
    return _column_rows(_relation(statement, context), context)


def _columns_of_database(statement: ShowObjects, context: Context) -> Rows:
    _database(statement)
    for r in seen(context):
        yield from _column_rows(r, context)


def _column_rows(r: Table | View, context: Context) -> Rows:
    directory = access.directory(context)
    key_kind = ("INTERLEAVED" if r.interleaved else "COMPOUND") if isinstance(r, Table) and r.sort_key else None
    for c in columns_of(r, context):
        precision, _, scale = standard_numbers(c.type)
        yield (
            DATABASE, r.schema, r.name, c.name, c.number, c.default, "YES" if c.nullable else "NO", c.type.kind.value,
            c.type.length if c.type.is_string else None, precision, scale,
            directory.comments.get(f"{relation_object(r.id)}|{c.number}"), key_kind, c.sort_position or None,
            1 if c.is_dist_key else None, c.encoding, None,
        )  # fmt: skip


def _functions(statement: ShowObjects, context: Context) -> Rows:
    schema = _schema(statement, context)
    for f in sorted(access.directory(context).functions_by_key.values(), key=lambda f: f.key):
        if f.schema == schema:
            arguments = ", ".join(str(t) for t in f.arguments)
            yield DATABASE, f.schema, f.name, len(f.arguments), arguments, str(f.returns), None


def _function(statement: ShowObjects, context: Context) -> SqlFunction:
    """The one that the statement names, which the user may call."""
    found = by_signature(statement.name, context)
    rights = context.rights
    if rights.name != found.owner and not (
        rights.schema(found.schema, "usage") and rights.may(found.object, "execute")
    ):
        raise PermissionDenied(f"permission denied for function {found.name}")
    return found


def _parameters(statement: ShowObjects, context: Context) -> Rows:
    """SQL functions have arguments without names."""
    f = _function(statement, context)
    for place, type in enumerate(f.arguments, start=1):
        precision, _, scale = standard_numbers(type)
        length = type.length if type.is_string else None
        yield DATABASE, f.schema, f.name, f"${place}", place, "IN", type.kind.value, length, precision, scale, None


def _nothing(statement: ShowObjects, context: Context) -> Rows:
    _schema(statement, context)
    return iter(())


# -- constraints -----------------------------------------------------------------------------------


def _relation(statement: ShowObjects, context: Context) -> Table | View:
    found = names.find(statement.name, context)
    if found is None:
        raise names.undefined(statement.name, context)
    if not any(r.id == found.id for r in seen(context)):
        access.need(context, found, "select")
    return found


def _primary_keys(statement: ShowObjects, context: Context) -> Rows:
    r = _relation(statement, context)
    for c in constraints_of(r):
        if c.kind == "primary key":
            for place, column in enumerate(c.columns, start=1):
                yield DATABASE, r.schema, r.name, column, place, c.name


def _foreign_keys(statement: ShowObjects, context: Context) -> Rows:
    yield from _references(_relation(statement, context), context)


def _exported_keys(statement: ShowObjects, context: Context) -> Rows:
    target = _relation(statement, context)
    for r in seen(context):
        yield from (row for row in _references(r, context) if row[1:3] == (target.schema, target.name))


def _references(r: Table | View, context: Context) -> Rows:
    for c in constraints_of(r):
        if c.references is None:
            continue
        schema, table, named = c.references
        other = context.view.relation(schema, table)
        keys = [] if other is None else [k for k in constraints_of(other) if k.references is None]
        key = next((k.name for k in keys if k.columns == named), None)
        for place, (column, target) in enumerate(zip(c.columns, named), start=1):
            yield (DATABASE, schema, table, target, DATABASE, r.schema, r.name, column, place, "NO ACTION", "NO ACTION",
                   c.name, key, "NOT DEFERRABLE")  # fmt: skip


# -- grants ----------------------------------------------------------------------------------------


def _wanted(statement: ShowObjects, context: Context) -> str | None:
    return None if statement.grantee is None else access.grantee(context, statement.grantee)


def _table_grants(statement: ShowObjects, context: Context) -> Rows:
    return _rows_of_table(_relation(statement, context), _wanted(statement, context), context)


def _table_grants_of_database(statement: ShowObjects, context: Context) -> Rows:
    _database(statement)
    for r in seen(context):
        yield from _rows_of_table(r, None, context)


def _rows_of_table(r: Table | View, wanted: str | None, context: Context) -> Rows:
    for g in _grants(context, relation_object(r.id), wanted):
        if not g.column:
            yield _grant_row(context, g, r.schema, r.name, "VIEW" if isinstance(r, View) else "TABLE", "TABLE")


def _column_grants(statement: ShowObjects, context: Context) -> Rows:
    r = _relation(statement, context)
    names_of = {c.number: c.name for c in columns_of(r, context)}
    for g in _grants(context, relation_object(r.id), _wanted(statement, context)):
        if g.column:
            row = _grant_row(context, g, r.schema, r.name, "VIEW" if isinstance(r, View) else "TABLE", "COLUMN")
            yield (*row[:3], names_of.get(g.column), *row[3:])


def _function_grants(statement: ShowObjects, context: Context) -> Rows:
    f = _function(statement, context)
    for g in _grants(context, f.object, _wanted(statement, context)):
        yield _grant_row(context, g, f.schema, f.signature, "FUNCTION", "FUNCTION")


def _schema_grants(statement: ShowObjects, context: Context) -> Rows:
    schema = _schema(statement, context)
    for g in _grants(context, schema_object(schema), _wanted(statement, context)):
        yield _grant_row(context, g, schema, None, "SCHEMA", "SCHEMA")


def _database_grants(statement: ShowObjects, context: Context) -> Rows:
    _database(statement)
    for g in _grants(context, DATABASE_OBJECT, _wanted(statement, context)):
        yield _grant_row(context, g, None, None, "DATABASE", "DATABASE")


def _grants_for(statement: ShowObjects, context: Context) -> Rows:
    """All that a user or role was granted by itself."""
    if statement.name.name:
        _database(statement)
    wanted = _wanted(statement, context)
    for r in context.view.relations():
        for g in _grants(context, relation_object(r.id), wanted):
            yield _grant_row(context, g, r.schema, r.name, "VIEW" if isinstance(r, View) else "TABLE",
                             "COLUMN" if g.column else "TABLE")  # fmt: skip
    for f in access.directory(context).functions_by_key.values():
        for g in _grants(context, f.object, wanted):
            yield _grant_row(context, g, f.schema, f.signature, "FUNCTION", "FUNCTION")
    for schema in context.view.schemas():
        for g in _grants(context, schema_object(schema), wanted):
            yield _grant_row(context, g, schema, None, "SCHEMA", "SCHEMA")
    for g in _grants(context, DATABASE_OBJECT, wanted):
        yield _grant_row(context, g, None, None, "DATABASE", "DATABASE")


def _grants(context: Context, object: str, grantee: str | None) -> list[Grant]:
    found = access.directory(context).grants.get(object, [])
    return sorted((g for g in found if grantee in (None, g.grantee)), key=lambda g: (g.grantee, g.privilege, g.column))


def _grant_row(
    context: Context, g: Grant, schema: str | None, name: str | None, kind: str, scope: str
) -> tuple[Any, ...]:
    id, who, type = identity(context, g)
    grantor = access.directory(context).user_name(g.grantor)
    return DATABASE, schema, name, kind, g.privilege.upper(), id, who, type, g.option, scope, grantor


# -- definitions -----------------------------------------------------------------------------------


def _table_text(statement: ShowObjects, context: Context) -> Rows:
    found = _relation(statement, context)
    if not isinstance(found, Table):
        raise ProgrammingError(f'"{found.name}" is not a table', sqlstate="42809", hint="Use SHOW VIEW for a view.")
    yield (definitions.create_table(found),)


def _view_text(statement: ShowObjects, context: Context) -> Rows:
    found = _relation(statement, context)
    if not isinstance(found, View):
        raise ProgrammingError(f'"{found.name}" is not a view', sqlstate="42809", hint="Use SHOW TABLE for a table.")
    yield (definitions.view_definition(found) if not found.late_binding else definitions.create_view(found),)


_GRANT = (
    "database_name:n schema_name:n object_name:n object_type:n privilege_type:n identity_id:i identity_name:n "
    "identity_type:n admin_option:b privilege_scope:n grantor_name:n"
)
_TABLE = (
    "database_name:n schema_name:n table_name:n table_type:n table_acl:t remarks:t owner:n last_altered_time:d "
    "last_modified_time:d dist_style:n table_subtype:n"
)
_COLUMN = (
    "database_name:n schema_name:n table_name:n column_name:n ordinal_position:i column_default:t is_nullable:n "
    "data_type:n character_maximum_length:i numeric_precision:i numeric_scale:i remarks:t sort_key_type:n "
    "sort_key:i dist_key:i encoding:n collation:n"
)
_FOREIGN = (
    "pk_database_name:n pk_schema_name:n pk_table_name:n pk_column_name:n fk_database_name:n fk_schema_name:n "
    "fk_table_name:n fk_column_name:n key_seq:i update_rule:n delete_rule:n fk_name:n pk_name:n deferrability:n"
)
_ROUTINE = "database_name:n schema_name:n {0}_name:n number_of_arguments:i argument_list:t return_type:t remarks:t"
# kind -> (columns, place of the name that LIKE looks at, rows)
def _external_text(statement: ShowObjects, context: Context) -> Rows:
    from ..lake import definitions as external
    from ..lake.tables import need_usage, partitions

    found = names.external(statement.name, context)
    if found is None:
        raise names.undefined(statement.name, context)
    need_usage(found, context)
    if statement.kind == "external partitions":
        yield (external.partition_statements(found.schema, found.source, partitions(found.source, context)),)
    else:
        yield (external.create_statement(found.schema, found.source),)


_KINDS: dict[str, tuple[str, int, Callable[[ShowObjects, Context], Rows]]] = {
    "databases": (
        "database_name:n database_owner:n database_type:n database_acl:t parameters:t source_catalog:t "
        "database_isolation_level:n", 0, _databases,
    ),
    "schemas": (
        "database_name:n schema_name:n schema_owner:i schema_type:n schema_acl:t source_database:n schema_option:t",
        1, _schemas,
    ),
    "tables": (_TABLE, 2, _tables),
    "columns": (_COLUMN, 3, _columns),
    "tables of database": (_TABLE, 2, _tables_of_database),
    "columns of database": (_COLUMN, 3, _columns_of_database),
    "table grants of database": (_GRANT, 2, _table_grants_of_database),
    "functions": (_ROUTINE.format("function"), 2, _functions),
    "procedures": (_ROUTINE.format("procedure"), 2, _nothing),
    "primary keys": ("database_name:n schema_name:n table_name:n column_name:n key_seq:i pk_name:n", 3, _primary_keys),
    "foreign keys": (_FOREIGN, 7, _foreign_keys),
    "exported keys": (_FOREIGN, 7, _exported_keys),
    "grants on table": (_GRANT, 2, _table_grants),
    "column grants": (_GRANT.replace("object_name:n", "table_name:n column_name:n"), 3, _column_grants),
    "parameters": (
        "database_name:n schema_name:n function_name:n parameter_name:n ordinal_position:i parameter_type:n "
        "data_type:n character_maximum_length:i numeric_precision:i numeric_scale:i remarks:t", 3, _parameters,
    ),
    "grants on function": (_GRANT, 2, _function_grants),
    "grants on schema": (_GRANT, 1, _schema_grants),
    "grants on database": (_GRANT, 0, _database_grants),
    "grants for": (_GRANT, 2, _grants_for),
    "table": ("Show~Table~DDL~statement:t", 0, _table_text),
    "external table": ("Show~External~Table~DDL~statement:t", 0, _external_text),
    "external partitions": ("Show~External~Table~DDL~statement:t", 0, _external_text),
    "view": ("Show~View~DDL~statement:t", 0, _view_text),
}  # fmt: skip
