"""pg_user, pg_group, pg_roles and Redshift's views of users, roles and privileges (SVV_USER_INFO, SVV_ROLES ...)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.access.principals import FIRST_USER_ID, SYSTEM_ID, SYSTEM_NAME, User
from ...storage.access.privileges import DATABASE_OBJECT, Grant, relation_object, schema_object
from ..context import Context
from .base import DATABASE
from .columns import table
from .definitions import items

PG = "pg_catalog"
Rows = Iterator[tuple[Any, ...]]


def users(context: Context) -> list[User]:
    """All users: those written down, or the one that there is."""
    found = sorted(context.view.facts.directory.users.values(), key=lambda u: u.id)
    return found or [User(context.user, FIRST_USER_ID, superuser=True, create_databases=True)]


def _pg_user(context: Context) -> Rows:
    yield SYSTEM_NAME, SYSTEM_ID, True, True, True, "********", None, None
    for u in users(context):
        settings = ",".join(f"{k}={v}" for k, v in u.settings.items())
        yield (u.name, u.id, u.create_databases or u.superuser, u.superuser, u.superuser, "********", u.valid_until,
               f"{{{settings}}}" if settings else None)  # fmt: skip


def _pg_user_info(context: Context) -> Rows:
    for row, limit in zip(_pg_user(context), [None, *(u.connection_limit for u in users(context))]):
        yield (*row, "UNLIMITED" if limit is None else str(limit))


def _svv_user_info(context: Context) -> Rows:
    for u in users(context):
        yield (u.name, u.id, u.create_databases or u.superuser, u.superuser, u.superuser,
               "UNLIMITED" if u.connection_limit is None else str(u.connection_limit),
               "UNRESTRICTED" if u.unrestricted else "RESTRICTED", None, None, None)  # fmt: skip


def _pg_group(context: Context) -> Rows:
    directory = context.view.facts.directory
    for group in sorted(directory.groups.values(), key=lambda g: g.id):
        members = sorted(int(m.member.partition(":")[2]) for m in directory.members if m.of == group.grantee)
        yield group.name, group.id, "{" + ",".join(map(str, members)) + "}"


def _pg_roles(context: Context) -> Rows:
    directory = context.view.facts.directory
    for u in users(context):
        yield (u.id, u.name, u.superuser, True, u.superuser, u.create_databases or u.superuser, u.superuser, True,
               -1 if u.connection_limit is None else u.connection_limit, "********", u.valid_until, False, False,
               None)  # fmt: skip
    for group in sorted(directory.groups.values(), key=lambda g: g.id):
        yield (group.id, group.name, False, True, False, False, False, False, -1, "********", None, False, False,
               None)  # fmt: skip


def _pg_auth_members(context: Context) -> Rows:
    directory = context.view.facts.directory
    for m in directory.members:
        if m.of.startswith("group:"):
            yield int(m.of.partition(":")[2]), int(m.member.partition(":")[2]), SYSTEM_ID, m.admin


def _svv_roles(context: Context) -> Rows:
    directory = context.view.facts.directory
    for role in sorted(directory.roles.values(), key=lambda r: r.name):
        yield abs(role.id), role.name, directory.user_name(role.owner), None


def _svv_role_grants(context: Context) -> Rows:
    directory = context.view.facts.directory
    for m in directory.members:
        if m.member.startswith("role:"):
            granted = directory.name_of(m.of)
            yield (_id(m.member), directory.name_of(m.member), _id(m.of), granted)


def _svv_user_grants(context: Context) -> Rows:
    directory = context.view.facts.directory
    for m in directory.members:
        if m.of.startswith("role:") and m.member.startswith("user:"):
            yield (_id(m.member), directory.name_of(m.member), _id(m.of), directory.name_of(m.of), m.admin)


def _id(grantee: str) -> int:
    return abs(int(grantee.partition(":")[2] or 0))


def identity(context: Context, grant: Any) -> tuple[int, str, str]:
    """(identity_id, identity_name, identity_type) as SVV views have it."""
    kind = grant.grantee.partition(":")[0]
    return _id(grant.grantee), context.view.facts.directory.name_of(grant.grantee), kind


def _relation_privileges(context: Context) -> Rows:
    for r in context.view.relations():
        for g in _grants(context, relation_object(r.id)):
            if not g.column:
                id, name, kind = identity(context, g)
                yield r.schema, r.name, g.privilege.upper(), id, name, kind, g.option


def _column_privileges(context: Context) -> Rows:
    from .relations import columns_of

    for r in context.view.relations():
        names = {c.number: c.name for c in columns_of(r, context)}
        for g in _grants(context, relation_object(r.id)):
            if g.column:
                yield r.schema, r.name, names.get(g.column, ""), g.privilege.upper(), *identity(context, g)


def _schema_privileges(context: Context) -> Rows:
    for schema in context.view.schemas():
        if schema not in ("pg_catalog", "information_schema"):
            for g in _grants(context, schema_object(schema)):
                yield schema, g.privilege.upper(), *identity(context, g), g.option


def _database_privileges(context: Context) -> Rows:
    for g in _grants(context, DATABASE_OBJECT):
        yield DATABASE, g.privilege.upper().replace("TEMPORARY", "TEMP"), *identity(context, g), g.option, "database"


def _language_privileges(context: Context) -> Rows:
    for name in ("plpgsql", "plpythonu", "sql"):
        for g in _grants(context, f"language:{name}"):
            yield name, g.privilege.upper(), *identity(context, g), g.option


def _system_privileges(context: Context) -> Rows:
    for g in _grants(context, "system:"):
        yield g.privilege.upper(), *identity(context, g)


def _grants(context: Context, object: str) -> list[Grant]:
    return context.view.facts.directory.grants.get(object, [])


def _svv_default_privileges(context: Context) -> Rows:
    directory = context.view.facts.directory
    for d in directory.defaults:
        kind = d.grantee.partition(":")[0]
        yield (d.schema or None, d.kind.upper(), d.owner, directory.user_name(d.owner), "user", d.privilege.upper(),
               _id(d.grantee), directory.name_of(d.grantee), kind, d.option)  # fmt: skip


def _pg_default_acl(context: Context) -> Rows:
    from .relations import namespace_id

    directory = context.view.facts.directory
    found: dict[tuple[int, str, str], list[Grant]] = {}
    for d in directory.defaults:
        grant = Grant("", d.grantee, d.privilege, grantor=d.owner, option=d.option)
        found.setdefault((d.owner, d.schema, d.kind), []).append(grant)
    for (owner, schema, kind), grants in found.items():
        text = "{" + ",".join(items(directory, grants, directory.user_name(owner))) + "}"
        yield owner, namespace_id(schema) if schema else 0, {"relation": "r", "function": "f"}.get(kind, "p"), text


_IDENTITY = "identity_id:i identity_name:t identity_type:t"
_USER = "usename:n usesysid:o usecreatedb:b usesuper:b usecatupd:b passwd:t valuntil:t useconfig:a"

TABLES = (
    table(PG, "pg_user", _USER, _pg_user),
    table(PG, "pg_shadow", _USER, _pg_user),
    table(PG, "pg_user_info", f"{_USER} useconnlimit:t", _pg_user_info, superusers=True),
    table(PG, "pg_group", "groname:n grosysid:o grolist:a", _pg_group),
    table(PG, "pg_roles",
          "oid:o rolname:n rolsuper:b rolinherit:b rolcreaterole:b rolcreatedb:b rolcatupdate:b rolcanlogin:b "
          "rolconnlimit:i rolpassword:t rolvaliduntil:t rolreplication:b rolbypassrls:b rolconfig:a", _pg_roles),
    table(PG, "pg_auth_members", "roleid:o member:o grantor:o admin_option:b", _pg_auth_members),
    table(PG, "pg_default_acl", "defacluser:o defaclnamespace:o defaclobjtype:c defaclacl:a", _pg_default_acl),
    table(PG, "svv_user_info",
          "user_name:t user_id:i createdb:b superuser:b catalog_update:b connection_limit:t syslog_access:t "
          "last_ddl_timestamp:d session_timeout:i external_user_id:t", _svv_user_info, leader_only=False),
    table(PG, "svl_user_info",
          "usename:t usesysid:i usecreatedb:b usesuper:b usecatupd:b useconnlimit:t syslogaccess:t last_ddl_ts:d "
          "sessiontimeout:i external_id:t", _svv_user_info, leader_only=False, superusers=True),
    table(PG, "svv_roles", "role_id:i role_name:t role_owner:t external_id:t", _svv_roles, leader_only=False),
    table(PG, "svv_role_grants", "role_id:i role_name:t granted_role_id:i granted_role_name:t", _svv_role_grants,
          leader_only=False),
    table(PG, "svv_user_grants", "user_id:i user_name:t role_id:i role_name:t admin_option:b", _svv_user_grants,
          leader_only=False),
    table(PG, "svv_relation_privileges",
          f"namespace_name:t relation_name:t privilege_type:t {_IDENTITY} admin_option:b", _relation_privileges,
          leader_only=False),
    table(PG, "svv_column_privileges",
          f"namespace_name:t relation_name:t column_name:t privilege_type:t {_IDENTITY}", _column_privileges,
          leader_only=False),
    table(PG, "svv_schema_privileges", f"namespace_name:t privilege_type:t {_IDENTITY} admin_option:b",
          _schema_privileges, leader_only=False),
    table(PG, "svv_database_privileges",
          f"database_name:t privilege_type:t {_IDENTITY} admin_option:b privilege_scope:t", _database_privileges,
          leader_only=False),
    table(PG, "svv_language_privileges", f"language_name:t privilege_type:t {_IDENTITY} admin_option:b",
          _language_privileges, leader_only=False),
    table(PG, "svv_function_privileges",
          f"namespace_name:t function_name:t argument_types:t privilege_type:t {_IDENTITY} admin_option:b",
          leader_only=False),
    table(PG, "svv_system_privileges", f"system_privilege:t {_IDENTITY}", _system_privileges, leader_only=False),
    table(PG, "svv_default_privileges",
          "schema_name:t object_type:t owner_id:i owner_name:t owner_type:t privilege_type:t grantee_id:i "
          "grantee_name:t grantee_type:t admin_option:b", _svv_default_privileges, leader_only=False),
)  # fmt: skip
