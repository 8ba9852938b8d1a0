"""GRANT, REVOKE, GRANT ROLE and ALTER DEFAULT PRIVILEGES.

Owners and superusers grant; so does who holds a privilege WITH GRANT OPTION. Who may grant nothing of what is asked
for gets an error; REVOKE of what was never granted does nothing, as on Redshift.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import NotSupportedError, PermissionDenied, ProgrammingError, UndefinedFunction, UndefinedObject
from ...planner.statements import DefaultPrivileges, Grant, GrantRole, RelationName
from ...storage.access.facts import Fact
from ...storage.access.functions import SqlFunction
from ...storage.access.principals import Membership
from ...storage.access.privileges import (
    BY_KIND,
    COLUMN,
    DATABASE_OBJECT,
    SYSTEM,
    DefaultGrant,
    relation_object,
    schema_object,
)
from ...storage.access.privileges import Grant as Given
from ...storage.catalog.delta import Delta
from ...storage.schema import Table, View
from .. import access
from ..context import Context
from ..result import Result
from ..virtual import find_virtual
from . import functions, names

INVALID = "0LP01"  # invalid_grant_operation


def run(statement: Grant | GrantRole | DefaultPrivileges, context: Context) -> Result:
    match statement:
        case Grant():
            tag, facts = ("GRANT" if statement.give else "REVOKE"), list(_facts(statement, context))
        case GrantRole():
            tag, facts = ("GRANT" if statement.give else "REVOKE"), list(_memberships(statement, context))
        case DefaultPrivileges():
            tag, facts = "ALTER DEFAULT PRIVILEGES", list(_defaults(statement, context))
    if facts:
        context.session.commit_delta(Delta(facts=tuple(facts)))
    return Result(tag, notices=context.notices)


# -- privileges on objects -------------------------------------------------------------------------


def _facts(statement: Grant, context: Context) -> Iterator[Fact]:
    if statement.on == "system":
        yield from _system(statement, context)
        return
    if statement.on == "procedures in":
        for name in statement.objects:
            _schema(name, context)
        return
    for kind, object, target in _objects(statement, context):
        for privilege, columns in _privileges(statement, kind):
            if not _may_grant(kind, object, target, privilege, context):
                raise PermissionDenied(f"permission denied for {kind} {_shown(target)}")
            for column in _column_ids(columns, target, privilege):
                for named, option in statement.grantees:
                    grantee = access.grantee(context, named)
                    yield from _one(statement, context, object, grantee, privilege, column, option)


def _one(
    statement: Grant, context: Context, object: str, grantee: str, privilege: str, column: int, option: bool
) -> Iterator[Fact]:
    found = access.directory(context)
    held = [g for g in found.grants.get(object, ()) if g.grantee == grantee and g.privilege == privilege]
    if statement.give:
        if option and not grantee.startswith("user:"):
            raise ProgrammingError("grant options can only be granted to users", sqlstate=INVALID)
        before = any(g.column == column and g.option for g in held)
        yield Given(object, grantee, privilege, column, found.user_id(context.user), option or before).fact()
        return
    for grant in held:
        if column not in (0, grant.column):
            continue
        if statement.option_only:
            yield Given(object, grantee, privilege, grant.column, grant.grantor).fact()
        else:
            yield grant.gone()


def _may_grant(kind: str, object: str, target: Any, privilege: str, context: Context) -> bool:
    rights = context.rights
    if isinstance(target, (Table, View)):
        return rights.relation(target, privilege, option=True)
    if kind == "schema":
        return rights.schema(target, privilege, option=True)
    if isinstance(target, SqlFunction) and target.owner == context.user:
        return True
    return rights.may(object, privilege, option=True)


def _shown(target: Any) -> str:
    return target.name if isinstance(target, (Table, View, SqlFunction)) else str(target)


def _objects(statement: Grant, context: Context) -> Iterator[tuple[str, str, Any]]:
    """(kind, the object's key, what it is)."""
    for name in statement.objects:
        match statement.on:
            case "relation":
                found = _relation(name, context)
                yield "relation", relation_object(found.id), found
            case "relations in":
                for relation in context.view.relations(_schema(name, context)):
                    yield "relation", relation_object(relation.id), relation
            case "schema":
                schema = _schema(name, context)
                yield "schema", schema_object(schema), schema
            case "database":
                if name.name != context.session.database_label:
                    raise UndefinedObject(f'database "{name.name}" does not exist', sqlstate="3D000",
                                          position=name.position)
                yield "database", DATABASE_OBJECT, name.name
            case "language":
                if name.name not in ("sql", "plpgsql", "plpythonu", "c", "internal"):
                    raise UndefinedObject(f'language "{name.name}" does not exist', position=name.position)
                yield "language", f"language:{name.name}", name.name
            case "functions in":
                for function in functions.functions_of_schema(_schema(name, context), context):
                    yield "function", function.object, function
            case "function":
                function = functions.by_signature(name, context)
                yield "function", function.object, function
            case _:
                raise UndefinedFunction(f"{statement.on} {name} does not exist", position=name.position)


def _relation(name: RelationName, context: Context) -> Table | View:
    found = names.find(name, context)
    if found is None:
        if find_virtual(name.schema, name.name) is not None:
            raise NotSupportedError(f"privileges on system tables cannot be changed: {name}", position=name.position)
        from ..lake.tables import schema_of  # not imported before a name is not found

        if schema_of(name.schema, context) is not None:
            raise NotSupportedError("privileges on external tables cannot be changed", position=name.position,
                                    hint=f"Grant USAGE ON SCHEMA {name.schema}.")
        raise names.undefined(name, context)
    if isinstance(found, Table) and found.temporary:
        raise NotSupportedError("a temporary table is its session's own: nothing can be granted on it",
                                position=name.position)
    return found


def _schema(name: RelationName, context: Context) -> str:
    if name.schema is not None or name.name not in context.view.schemas():
        raise UndefinedObject(f'schema "{name}" does not exist', sqlstate="3F000", position=name.position)
    return name.name


def _privileges(statement: Grant, kind: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """With ALL written out; those that the kind of object has not are refused."""
    known = BY_KIND[kind]
    for privilege, columns in statement.privileges:
        if privilege == "all":
            for each in COLUMN if columns else known:
                yield each, columns
        elif privilege not in known or (columns and (kind != "relation" or privilege not in COLUMN)):
            what = "column" if columns and kind == "relation" else kind
            raise ProgrammingError(f"invalid privilege type {privilege.upper()} for {what}", sqlstate=INVALID)
        else:
            yield privilege, columns


def _column_ids(columns: tuple[str, ...], target: Any, privilege: str) -> list[int]:
    """Ids of named columns (a view's are their places); 0 for the whole relation."""
    if not columns:
        return [0]
    if isinstance(target, Table):
        ids = {c.name: c.id for c in target.columns}
    else:
        ids = {name: i for i, name in enumerate(target.columns, start=1)}
    for name in columns:
        if name not in ids:
            raise UndefinedObject(f'column "{name}" of relation "{target.name}" does not exist', sqlstate="42703")
    return [ids[name] for name in columns]


def _system(statement: Grant, context: Context) -> Iterator[Fact]:
    """System permissions, which roles alone may have."""
    if not context.rights.superuser:
        raise PermissionDenied("must be superuser to grant system permissions")
    named = statement.privileges
    if named == (("all", ()),):
        named = tuple((privilege, ()) for privilege in SYSTEM)
    for privilege, columns in named:
        if privilege not in SYSTEM or columns:
            raise ProgrammingError(f"{privilege.upper()} is granted ON something", sqlstate="42601")
        for grantee, option in statement.grantees:
            if grantee.kind != "role" and privilege == "create model":
                verb = "GRANT" if statement.give else "REVOKE"
                raise NotSupportedError(f"{verb} CREATE MODEL is not supported: there are no models here")
            if grantee.kind != "role" or option:
                raise ProgrammingError("system permissions can be granted to roles only", sqlstate=INVALID)
            given = Given("system:", access.grantee(context, grantee), privilege,
                          grantor=access.directory(context).user_id(context.user))
            yield given.fact() if statement.give else given.gone()


# -- roles -----------------------------------------------------------------------------------------


def _memberships(statement: GrantRole, context: Context) -> Iterator[Fact]:
    found = access.directory(context)
    for name in statement.roles:
        role = access.role(context, name)
        if not context.rights.system("grant role") and not _has_admin(role.grantee, context):
            raise PermissionDenied(f'must have admin option on role "{name}"')
        for grantee, option in statement.grantees:
            if grantee.kind not in ("user", "role"):
                raise ProgrammingError("a role can be granted to users and roles only", sqlstate=INVALID)
            member = access.grantee(context, grantee)
            held = next((m for m in found.members if (m.of, m.member) == (role.grantee, member)), None)
            if statement.give:
                if member == role.grantee or member in found.memberships(role.grantee):
                    raise ProgrammingError(
                        "cannot grant this role, a circular dependency was detected between these roles",
                        sqlstate=INVALID, detail=f'Role "{name}" is a member of role "{grantee.name}".')
                if option and grantee.kind == "role":
                    raise ProgrammingError("the admin option can be granted to users only", sqlstate=INVALID)
                yield Membership(role.grantee, member, option or (held is not None and held.admin)).fact()
            elif held is not None:
                yield Membership(role.grantee, member).fact() if statement.admin_only else held.gone()


def _has_admin(role: str, context: Context) -> bool:
    user = context.rights.user
    members = access.directory(context).members
    own = [r for r in access.directory(context).roles.values() if user is not None and r.owner == user.id]
    return any(r.grantee == role for r in own) or any(
        m.of == role and m.admin and user is not None and m.member == user.grantee for m in members
    )


# -- defaults --------------------------------------------------------------------------------------


def _defaults(statement: DefaultPrivileges, context: Context) -> Iterator[Fact]:
    grant = statement.grant
    users = statement.users or (context.user,)
    if any(name != context.user for name in users):
        access.need_system(context, "alter default privileges", "alter default privileges of another user")
    for schema in statement.schemas:
        _schema(RelationName(None, schema), context)
    found = access.directory(context)
    held = {d.key: d for d in found.defaults}
    for name in users:
        owner = access.user(context, name).id
        for schema in statement.schemas or ("",):
            for privilege, columns in _privileges(grant, grant.on):
                if columns:
                    raise ProgrammingError("default privileges cannot be set for columns", sqlstate=INVALID)
                for named, option in grant.grantees:
                    made = DefaultGrant(owner, schema, grant.on, access.grantee(context, named), privilege, option)
                    if grant.give:
                        yield made.fact()
                    elif made.key in held:
                        yield made.gone() if not grant.option_only else made.fact()
