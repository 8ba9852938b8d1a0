"""information_schema: the SQL standard's names for tables, columns, views, schemas, constraints and privileges.

As in PostgreSQL one sees what one may use: relations on which one has some privilege.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.access.privileges import relation_object
from ...storage.schema import Table, View
from ...storage.types import INTEGER, TEXT, varchar
from ..context import Context
from .base import DATABASE, NAME, VirtualTable
from .columns import table
from .constraints import constraints_of
from .definitions import view_definition
from .pg_catalog import schema_owner
from .relations import columns_of, standard_numbers

SCHEMA = "information_schema"
YES_NO = varchar(3)
Rows = Iterator[tuple[Any, ...]]


def seen(context: Context) -> Iterator[Table | View]:
    """Relations on which the user has a privilege."""
    rights = context.rights
    for r in context.view.relations():
        if rights.owns(r) or any(
            g.grantee in rights.grantees for g in rights.directory.grants.get(relation_object(r.id), ())
        ):
            yield r


def _tables(context: Context) -> Rows:
    for r in seen(context):
        kind = "VIEW" if isinstance(r, View) else "LOCAL TEMPORARY" if r.temporary else "BASE TABLE"
        yield DATABASE, r.schema, r.name, kind, None, None, None, None, None


def _columns(context: Context) -> Rows:
    for r in seen(context):
        for c in columns_of(r, context):
            length = c.type.length if c.type.is_string else None
            precision, radix, scale = standard_numbers(c.type)
            moment = 6 if c.type.is_temporal and c.type.storage_bytes == 8 else None
            yield (
                DATABASE, r.schema, r.name, c.name, c.number, c.default, "YES" if c.nullable else "NO",
                c.type.kind.value, length, length, precision, radix, scale, moment,
                DATABASE, "pg_catalog", c.type.kind.value, str(c.number),
            )  # fmt: skip


def _views(context: Context) -> Rows:
    for r in seen(context):
        if isinstance(r, View):
            yield DATABASE, r.schema, r.name, view_definition(r), "NONE", "NO", "NO"


def _schemata(context: Context) -> Rows:
    for schema in context.view.schemas():
        yield DATABASE, schema, schema_owner(context, schema), None, None, None, None


def _table_constraints(context: Context) -> Rows:
    for r in seen(context):
        for c in constraints_of(r):
            yield DATABASE, r.schema, c.name, DATABASE, r.schema, r.name, c.kind.upper(), "NO", "NO"


def _key_column_usage(context: Context) -> Rows:
    for r in seen(context):
        for c in constraints_of(r):
            for place, column in enumerate(c.columns, start=1):
                target = place if c.references is not None else None
                yield DATABASE, r.schema, c.name, DATABASE, r.schema, r.name, column, place, target


def _referential_constraints(context: Context) -> Rows:
    for r in seen(context):
        for c in constraints_of(r):
            if c.references is not None:
                schema, name, columns = c.references
                other = context.view.relation(schema, name)
                named = [] if other is None else [x.name for x in constraints_of(other) if x.columns == columns]
                yield (DATABASE, r.schema, c.name, DATABASE, schema, named[0] if named else None, "NONE", "NO ACTION",
                       "NO ACTION")  # fmt: skip


def _constraint_column_usage(context: Context) -> Rows:
    for r in seen(context):
        for c in constraints_of(r):
            schema, name, columns = c.references or (r.schema, r.name, c.columns)
            for column in columns:
                yield DATABASE, schema, name, column, DATABASE, r.schema, c.name


def _table_privileges(context: Context) -> Rows:
    directory = context.view.facts.directory
    for r in seen(context):
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES"):
            yield r.owner, r.owner, DATABASE, r.schema, r.name, privilege, "YES", "NO"
        for g in directory.grants.get(relation_object(r.id), ()):
            if not g.column:
                grantor = r.owner if g.grantor <= 1 else directory.user_name(g.grantor)
                yield (grantor, directory.name_of(g.grantee), DATABASE, r.schema, r.name, g.privilege.upper(),
                       "YES" if g.option else "NO", "NO")  # fmt: skip


def _enabled_roles(context: Context) -> Rows:
    rights = context.rights
    for grantee in sorted(rights.grantees):
        if not grantee.startswith(("public", "user:")):
            yield (rights.directory.name_of(grantee),)
    yield (context.user,)


TABLES = (
    table(SCHEMA, "tables",
          "table_catalog:n table_schema:n table_name:n table_type:n self_referencing_column_name:n "
          "reference_generation:n user_defined_type_catalog:n user_defined_type_schema:n user_defined_type_name:n",
          _tables),
    VirtualTable(
        SCHEMA, "columns",
        (
            ("table_catalog", NAME), ("table_schema", NAME), ("table_name", NAME), ("column_name", NAME),
            ("ordinal_position", INTEGER), ("column_default", TEXT), ("is_nullable", YES_NO),
            ("data_type", NAME), ("character_maximum_length", INTEGER), ("character_octet_length", INTEGER),
            ("numeric_precision", INTEGER), ("numeric_precision_radix", INTEGER), ("numeric_scale", INTEGER),
            ("datetime_precision", INTEGER), ("udt_catalog", NAME), ("udt_schema", NAME), ("udt_name", NAME),
            ("dtd_identifier", NAME),
        ),
        _columns,
    ),
    table(SCHEMA, "views",
          "table_catalog:n table_schema:n table_name:n view_definition:t check_option:n is_updatable:n "
          "is_insertable_into:n", _views),
    table(SCHEMA, "schemata",
          "catalog_name:n schema_name:n schema_owner:n default_character_set_catalog:n default_character_set_schema:n "
          "default_character_set_name:n sql_path:t", _schemata),
    table(SCHEMA, "table_constraints",
          "constraint_catalog:n constraint_schema:n constraint_name:n table_catalog:n table_schema:n table_name:n "
          "constraint_type:n is_deferrable:n initially_deferred:n", _table_constraints),
    table(SCHEMA, "key_column_usage",
          "constraint_catalog:n constraint_schema:n constraint_name:n table_catalog:n table_schema:n table_name:n "
          "column_name:n ordinal_position:i position_in_unique_constraint:i", _key_column_usage),
    table(SCHEMA, "referential_constraints",
          "constraint_catalog:n constraint_schema:n constraint_name:n unique_constraint_catalog:n "
          "unique_constraint_schema:n unique_constraint_name:n match_option:n update_rule:n delete_rule:n",
          _referential_constraints),
    table(SCHEMA, "constraint_column_usage",
          "table_catalog:n table_schema:n table_name:n column_name:n constraint_catalog:n constraint_schema:n "
          "constraint_name:n", _constraint_column_usage),
    table(SCHEMA, "table_privileges",
          "grantor:n grantee:n table_catalog:n table_schema:n table_name:n privilege_type:n is_grantable:n "
          "with_hierarchy:n", _table_privileges),
    table(SCHEMA, "enabled_roles", "role_name:n", _enabled_roles),
    table(SCHEMA, "routines",
          "specific_catalog:n specific_schema:n specific_name:n routine_catalog:n routine_schema:n routine_name:n "
          "routine_type:n data_type:n routine_body:n routine_definition:t external_language:n"),
    table(SCHEMA, "parameters",
          "specific_catalog:n specific_schema:n specific_name:n ordinal_position:i parameter_mode:n parameter_name:n "
          "data_type:n"),
    table(SCHEMA, "sequences", "sequence_catalog:n sequence_schema:n sequence_name:n data_type:n"),
    table(SCHEMA, "triggers", "trigger_catalog:n trigger_schema:n trigger_name:n event_object_table:n"),
)  # fmt: skip
