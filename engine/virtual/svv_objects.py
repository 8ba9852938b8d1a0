"""SVV views of schemas, tables and columns: SVV_TABLES, SVV_COLUMNS, SVV_ALL_..., SVV_REDSHIFT_..., SVV_EXTERNAL_...

There is one database, and what speaks of datashares has no rows. SVV_EXTERNAL_... is in external.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.access.privileges import DATABASE_OBJECT, schema_object
from ...storage.schema import View
from ..context import Context
from .base import DATABASE
from .columns import table
from .definitions import relation_acl, schema_acl
from .information_schema import seen
from .pg_catalog import schema_owner
from .relations import columns_of, standard_numbers
from .stv import isolation

PG = "pg_catalog"
Rows = Iterator[tuple[Any, ...]]
_HIDDEN = ("pg_catalog", "information_schema")


def _comment(context: Context, key: str) -> str | None:
    found: str | None = context.view.facts.directory.comments.get(key)
    return found


def _schemas(context: Context) -> Iterator[str]:
    rights = context.rights
    for schema in context.view.schemas():
        if schema not in _HIDDEN and not schema.startswith("pg_temp") and rights.schema(schema, "usage"):
            yield schema


def _svv_tables(context: Context) -> Rows:
    for r in seen(context):
        yield DATABASE, r.schema, r.name, "VIEW" if isinstance(r, View) else "BASE TABLE", \
            _comment(context, f"relation:{r.id}|")


def _svv_columns(context: Context) -> Rows:
    for r in seen(context):
        for c in columns_of(r, context):
            length = c.type.length if c.type.is_string else None
            precision, radix, scale = standard_numbers(c.type)
            yield (
                DATABASE, r.schema, r.name, c.name, c.number, c.default, "YES" if c.nullable else "NO",
                c.type.kind.value, length, precision, radix, scale, 6 if c.type.storage_bytes == 8
                and c.type.is_temporal else None, None, None, None, None, None, None, None, None, None,
                _comment(context, f"relation:{r.id}|{c.number}"),
            )  # fmt: skip


def _all_schemas(context: Context) -> Rows:
    directory = context.view.facts.directory
    for schema in _schemas(context):
        owner = schema_owner(context, schema)
        acl = schema_acl(directory, schema, schema_object(schema), owner)
        if schema in context.view.facts.keys("external schema"):
            found = context.view.facts.lake.schemas[schema]
            yield DATABASE, schema, directory.user_id(owner), "external", acl, found.database, None
        else:
            yield DATABASE, schema, directory.user_id(owner), "local", acl, None, None


def _redshift_schemas(context: Context) -> Rows:
    for name, schema, owner, kind, acl, _, option in _all_schemas(context):
        if kind == "local":
            yield name, schema, owner, kind, acl, option


def _all_tables(context: Context) -> Rows:
    directory = context.view.facts.directory
    for r in seen(context):
        kind = "VIEW" if isinstance(r, View) else "TABLE"
        yield DATABASE, r.schema, r.name, kind, relation_acl(directory, r), _comment(context, f"relation:{r.id}|")


def _all_columns(context: Context) -> Rows:
    directory = context.view.facts.directory
    for r in seen(context):
        for c in columns_of(r, context):
            length = c.type.length if c.type.is_string else None
            precision, _, scale = standard_numbers(c.type)
            yield (
                DATABASE, r.schema, r.name, c.name, c.number, c.default, "YES" if c.nullable else "NO",
                c.type.kind.value, length, precision, scale, _comment(context, f"relation:{r.id}|{c.number}"),
                relation_acl(directory, r, c.number),
            )  # fmt: skip


def _every_table(context: Context) -> Rows:
    """With external tables."""
    yield from _all_tables(context)
    if context.view.facts.keys("external schema"):
        from .external import sources_seen

        for schema, source in sources_seen(context):
            yield DATABASE, schema, source.name, "EXTERNAL TABLE", None, None


def _every_column(context: Context) -> Rows:
    yield from _all_columns(context)
    if context.view.facts.keys("external schema"):
        from .external import sources_seen

        for schema, source in sources_seen(context):
            for number, column in enumerate((*source.columns, *source.keys), start=1):
                type = column.type.sql
                precision, _, scale = standard_numbers(type)
                yield (DATABASE, schema, source.name, column.name, number, None, "YES", type.kind.value,
                       type.length if type.is_string else None, precision, scale, None, None)


def _redshift_columns(context: Context) -> Rows:
    details = (c for r in seen(context) for c in columns_of(r, context))
    for row, c in zip(_all_columns(context), details):
        yield (*row[:5], row[7], *row[5:7], c.encoding, c.is_dist_key, c.sort_position, row[12], row[11])


def _databases(context: Context) -> Rows:
    directory = context.view.facts.directory
    first = min(directory.users.values(), key=lambda u: u.id, default=None)
    owner = context.user if first is None else first.name
    yield (DATABASE, directory.user_id(owner), "local", schema_acl(directory, DATABASE, DATABASE_OBJECT, owner), None,
           isolation(context), None)  # fmt: skip


_COLUMNS = (
    "database_name:n schema_name:n table_name:n column_name:n ordinal_position:i column_default:t is_nullable:n "
    "data_type:n character_maximum_length:i numeric_precision:i numeric_scale:i remarks:t"
)
_ALL_TABLES = "database_name:n schema_name:n table_name:n table_type:n table_acl:t remarks:t"

TABLES = tuple(
    table(PG, *definition, leader_only=False)
    for definition in (
        ("svv_tables", "table_catalog:n table_schema:n table_name:n table_type:n remarks:t", _svv_tables),
        ("svv_columns",
         "table_catalog:n table_schema:n table_name:n column_name:n ordinal_position:i column_default:t is_nullable:t "
         "data_type:t character_maximum_length:i numeric_precision:i numeric_precision_radix:i numeric_scale:i "
         "datetime_precision:i interval_type:t interval_precision:t character_set_catalog:t character_set_schema:t "
         "character_set_name:t collation_catalog:t collation_schema:t collation_name:t domain_name:t remarks:t",
         _svv_columns),
        ("svv_all_schemas",
         "database_name:n schema_name:n schema_owner:i schema_type:n schema_acl:t source_database:n schema_option:t",
         _all_schemas),
        ("svv_all_tables", _ALL_TABLES, _every_table),
        ("svv_all_columns", f"{_COLUMNS} column_acl:t", _every_column),
        ("svv_redshift_schemas",
         "database_name:n schema_name:n schema_owner:i schema_type:n schema_acl:t schema_option:t", _redshift_schemas),
        ("svv_redshift_tables", _ALL_TABLES, _all_tables),
        ("svv_redshift_columns",
         "database_name:n schema_name:n table_name:n column_name:n ordinal_position:i data_type:n column_default:t "
         "is_nullable:n encoding:t distkey:b sortkey:i column_acl:t remarks:t", _redshift_columns),
        ("svv_redshift_databases",
         "database_name:n database_owner:i database_type:n database_acl:t database_options:t "
         "database_isolation_level:t parameters:t", _databases),
        ("svv_redshift_functions",
         "database_name:n schema_name:n function_name:n function_type:n argument_type:t result_type:t"),
        ("svv_mv_info",
         "database_name:n schema_name:n user_name:n name:n is_stale:c state:i autorefresh:c autorewrite:c"),
        ("svv_mv_dependency",
         "database_name:n schema_name:n name:n dependent_database_name:n dependent_schema_name:n dependent_name:n"),
        ("stv_mv_info",
         "db_name:n schema:n name:n updated_upto_xid:l is_stale:c owner_user_name:n state:i autorefresh:c "
         "autorewrite:c"),
        ("svl_stored_proc_call",
         "userid:i session_userid:i query:i label:t xid:l pid:i database:n querytxt:t starttime:d endtime:d aborted:i "
         "from_sp_call:i"),
        ("svv_schema_quota_state",
         "schema_id:i schema_name:n schema_owner:i quota:i disk_usage:i disk_usage_pct:r"),
        ("svv_datashares",
         "share_name:n share_id:i share_owner:i source_database:n consumer_database:n share_type:n createdate:d "
         "is_publicaccessible:b share_acl:t producer_account:t producer_namespace:t managed_by:t"),
        ("svv_datashare_objects",
         "share_type:n share_name:n object_type:n object_name:n producer_account:t producer_namespace:t include_new:b"),
        ("svv_datashare_consumers",
         "share_name:n consumer_account:t consumer_namespace:t share_date:d"),
        ("svv_datashare_privileges",
         "datashare_name:t privilege_type:t identity_id:i identity_name:t identity_type:t admin_option:b"),
        ("svv_identity_providers", "uid:i name:t type:t instanceid:t namespc:t params:t enabled:b"),
        ("svv_iam_privileges", "iam_arn:t command_type:t identity_id:i identity_name:t identity_type:t"),
        ("svv_ml_model_info", "user_name:n schema_name:n model_name:n model_state:n"),
        ("svv_ml_model_privileges",
         "namespace_name:t model_name:t model_version:i privilege_type:t identity_id:i identity_name:t "
         "identity_type:t admin_option:b"),
        ("svv_rls_policy", "poldb:t polname:t polalias:t polatts:t polqual:t polenabled:b polmodifiedby:t "
         "polmodifiedtime:d"),
        ("svv_rls_attached_policy",
         "relschema:t relname:t relkind:t polname:t grantor:t grantee:t granteekind:t is_pol_on:b is_rls_on:b"),
        ("svv_rls_relation", "datname:t relschema:t relname:t relkind:t is_rls_on:b is_rls_datashare_on:b"),
        ("svv_masking_policy", "policy_database:t policy_name:t input_columns:t policy_expression:t "
         "policy_modified_by:t policy_modified_time:d"),
        ("svv_attached_masking_policy",
         "policy_name:t schema_name:t table_name:t table_type:t grantor:t grantee:t grantee_type:t priority:i "
         "input_columns:t output_columns:t"),
    )
)  # fmt: skip
