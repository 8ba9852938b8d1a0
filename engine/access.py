"""What a statement's user needs: a check for each kind of object, with the errors that Redshift gives.

    need(context, t, "insert")        permission denied for relation t
    need_owner(context, t)            must be owner of relation t
    need_schema(context, s, "create") permission denied for schema s

Reading is checked where queries are bound (planner/binder/permissions.py). What is here is for handlers. They also
find users, groups and roles by name here, and the grants that ALTER DEFAULT PRIVILEGES promised to new relations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..errors import PermissionDenied, UndefinedObject
from ..planner.statements.access import Grantee
from ..storage.access.directory import Directory
from ..storage.access.facts import Fact
from ..storage.access.principals import PUBLIC, SYSTEM_NAME, Group, Role, User
from ..storage.access.privileges import Grant, relation_object, schema_object
from ..storage.access.rights import Rights
from ..storage.catalog.delta import Delta
from ..storage.schema import Table, View
from .context import Context


def directory(context: Context) -> Directory:
    return context.view.facts.directory


def need(context: Context, relation: Table | View, privilege: str, columns: Iterable[str] = ()) -> None:
    """A privilege on a relation, or (where `columns` are named) on each of those columns; and USAGE on its schema."""
    rights = context.rights
    if rights.superuser:
        return
    need_schema(context, relation.schema, "usage")
    if rights.relation(relation, privilege):
        return
    names = tuple(columns)
    granted = rights.columns(relation, privilege) if names else frozenset()
    ids = {c.name: c.id for c in relation.columns} if isinstance(relation, Table) else {}
    if not granted or any(ids.get(name, 0) not in granted for name in names):
        raise PermissionDenied(f"permission denied for relation {relation.name}")


def may(rights: Rights, relation: Table | View, privilege: str) -> bool:
    """Whether `need` would let who has these rights do something to a whole relation."""
    return rights.superuser or (rights.schema(relation.schema, "usage") and rights.relation(relation, privilege))


def need_owner(context: Context, relation: Table | View, privilege: str = "", system: str = "") -> None:
    """To be the owner; where the manual has a privilege or a system permission for it, one of them does."""
    rights = context.rights
    allowed = rights.owns(relation) or (privilege and rights.relation(relation, privilege))
    if not allowed and not (system and rights.system(system)):
        raise PermissionDenied(f"must be owner of relation {relation.name}")


def need_schema(context: Context, schema: str, privilege: str, system: str = "") -> None:
    rights = context.rights
    if not rights.schema(schema, privilege) and not (system and rights.system(system)):
        raise PermissionDenied(f"permission denied for schema {schema}")


def need_schema_owner(context: Context, schema: str, system: str = "") -> None:
    rights = context.rights
    if not rights.owns_schema(schema) and not (system and rights.system(system)):
        raise PermissionDenied(f"must be owner of schema {schema}")


def need_database(context: Context, privilege: str, system: str = "") -> None:
    rights = context.rights
    if not rights.database(privilege) and not (system and rights.system(system)):
        raise PermissionDenied(f"permission denied for database {context.session.database_label}")


def need_system(context: Context, permission: str, action: str) -> None:
    """A system permission, which superusers have."""
    if not context.rights.system(permission):
        raise PermissionDenied(f"must be superuser to {action}")


# -- principals ------------------------------------------------------------------------------------


def user(context: Context, name: str, position: int | None = None) -> User:
    known = directory(context)
    found = known.user(name)
    nobody = not known.users and name not in (context.user, SYSTEM_NAME)  # who connects is the only one then
    if found is None or nobody:
        raise UndefinedObject(f'user "{name}" does not exist', position=position)
    return found


def group(context: Context, name: str, position: int | None = None) -> Group:
    found = directory(context).groups.get(name)
    if found is None:
        raise UndefinedObject(f'group "{name}" does not exist', position=position)
    return found


def role(context: Context, name: str, position: int | None = None) -> Role:
    found = directory(context).roles.get(name)
    if found is None:
        raise UndefinedObject(f'role "{name}" does not exist', position=position)
    return found


def grantee(context: Context, named: Grantee) -> str:
    """`user:7`, `group:8`, `role:9` or `public`."""
    if named.kind == "public":
        return PUBLIC
    if named.kind == "group":
        return group(context, named.name, named.position).grantee
    if named.kind == "role":
        return role(context, named.name, named.position).grantee
    return user(context, named.name, named.position).grantee


# -- new relations ---------------------------------------------------------------------------------


def with_default_grants(delta: Delta, context: Context) -> Delta:
    """The delta with the grants that ALTER DEFAULT PRIVILEGES promised on the relations that it creates."""
    found = directory(context)
    if not found.defaults or not delta.create:
        return delta
    owner = found.user_id(context.user)
    created: list[Table | View] = []
    facts: list[Fact] = list(delta.facts)
    for relation in delta.create:
        if isinstance(relation, Table) and relation.temporary:
            created.append(relation)
            continue
        numbered = relation if relation.id else replace(relation, id=context.database.new_id())
        created.append(numbered)
        facts += [
            Grant(relation_object(numbered.id), d.grantee, d.privilege, grantor=owner, option=d.option).fact()
            for d in found.defaults
            if d.kind == "relation" and d.owner == owner and d.schema in ("", numbered.schema)
        ]
    return replace(delta, create=tuple(created), facts=tuple(facts))


def facts_of_schema(context: Context, name: str, new: str | None = None) -> list[Fact]:
    """What takes away all that is kept of a schema; with `new`, what gives it to the schema's new name."""
    found = directory(context)
    old_object = schema_object(name)
    facts: list[Fact] = []
    for grant in found.grants.get(old_object, ()):
        facts.append(grant.gone())
        if new is not None:
            facts.append(replace(grant, object=schema_object(new)).fact())
    for default in found.defaults:
        if default.schema == name:
            facts.append(default.gone())
            if new is not None:
                facts.append(replace(default, schema=new).fact())
    if name in found.schemas:
        facts.append(Fact("schema", name))
        if new is not None:
            facts.append(Fact("schema", new, found.schemas[name]))
    if old_object in found.comments:
        facts.append(Fact("comment", old_object))
        if new is not None:
            facts.append(Fact("comment", schema_object(new), {"text": found.comments[old_object]}))
    return facts
