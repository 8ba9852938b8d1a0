"""has_table_privilege and its like (r_HAS_TABLE_PRIVILEGE, r_HAS_SCHEMA_PRIVILEGE, r_HAS_DATABASE_PRIVILEGE)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import ProgrammingError, UndefinedColumn, UndefinedObject
from ...planner.functions import resolve
from ...planner.statements.cursor import Cursor
from ...planner.statements.grants import with_types
from ...planner.syntax import tokenize
from ...storage.access.privileges import BY_KIND
from ...storage.access.rights import Rights
from ...storage.schema import Table, View

if TYPE_CHECKING:
    from .functions import Catalogue

_LANGUAGES = ("internal", "sql", "plpgsql", "plpythonu", "exfunc")
_KNOWN = {
    "table": (*BY_KIND["relation"], "rule", "trigger"), "any_column": ("select", "update", "insert", "references"),
    "column": ("select", "update", "insert", "references"), "schema": BY_KIND["schema"],
    "database": (*BY_KIND["database"], "temp"), "language": BY_KIND["language"], "function": BY_KIND["function"],
}  # fmt: skip


def has(c: Catalogue, kind: str, args: tuple[Any, ...]) -> bool | None:
    """([user,] object, [column,] privilege): any of the privileges, which may be several with commas."""
    width = 3 if kind == "column" else 2
    rights = c.context.rights if len(args) == width else _rights(c, args[0])
    target, *column, privileges = args[-width:]
    found = False
    for text in str(privileges).split(","):
        word = " ".join(text.lower().split())
        option = word.endswith(" with grant option")
        privilege = word.removesuffix(" with grant option")
        if privilege not in _KNOWN[kind]:
            raise ProgrammingError(f'unrecognized privilege type: "{privileges}"', sqlstate="22023")
        privilege = "temporary" if privilege == "temp" else privilege
        found = _check(c, kind, rights, target, column, privilege, option) or found
    return found


def _check(
    c: Catalogue, kind: str, rights: Rights, target: Any, column: list[Any], privilege: str, option: bool
) -> bool:
    match kind:
        case "table" | "any_column" | "column":
            return _relation(c, kind, rights, target, column, privilege, option)
        case "schema":
            name = c.schemas.get(target) if isinstance(target, int) else str(target)
            if name is None or name not in c.context.view.schemas():
                raise UndefinedObject(f'schema "{target}" does not exist', sqlstate="3F000")
            return rights.schema(name, privilege, option=option)
        case "database":
            if isinstance(target, str) and target.lower() != c.context.session.database_label:
                raise UndefinedObject(f'database "{target}" does not exist', sqlstate="3D000")
            return rights.database(privilege, option=option) or privilege == "usage"
        case "language":
            if isinstance(target, str) and target.lower() not in _LANGUAGES:
                raise UndefinedObject(f'language "{target}" does not exist', sqlstate="42704")
            return rights.may(f"language:{target}", privilege, option=option)
        case _:
            return _function(c, rights, target, privilege, option)


def _function(c: Catalogue, rights: Rights, target: Any, privilege: str, option: bool) -> bool:
    """Of a function by its id, or written with its argument types; everybody may call Redshift's own."""
    if isinstance(target, int):
        found = next((f for f in c.directory.functions_by_key.values() if f.id == target), None)
        return found is not None and (rights.name == found.owner or rights.may(found.object, privilege, option=option))
    cursor = Cursor(tokenize(target, c.context.settings.exact_names), target)
    bare = cursor.relation()
    if bare.schema in (None, "pg_catalog") and resolve(bare.name):
        return not option
    from ..handlers.functions import by_signature

    found = by_signature(with_types(cursor, bare), c.context)
    return rights.name == found.owner or rights.may(found.object, privilege, option=option)


def _relation(
    c: Catalogue, kind: str, rights: Rights, target: Any, column: list[Any], privilege: str, option: bool
) -> bool:
    id = target if isinstance(target, int) else c.relation_named(target)
    relation = c.relations.get(id)
    if relation is None:
        full = c.virtual_ids.get(id)
        if full is None:
            return False
        from . import VIRTUAL_TABLES

        restricted = VIRTUAL_TABLES[full].superusers and not rights.system("access system table")
        return rights.superuser or (privilege == "select" and not restricted)
    number = _column_id(relation, column[0]) if kind == "column" else 0
    if rights.relation(relation, privilege, option=option):
        return True
    granted = rights.columns(relation, privilege)
    if kind == "any_column":
        return bool(granted)
    return kind == "column" and number in granted


def _column_id(relation: Table | View, column: Any) -> int:
    ids = (
        {x.name: x.id for x in relation.columns} if isinstance(relation, Table)
        else {name: i for i, name in enumerate(relation.columns, start=1)}
    )
    if isinstance(column, int):
        return column
    if column not in ids:
        raise UndefinedColumn(f'column "{column}" of relation "{relation.name}" does not exist')
    return ids[column]


def _rights(c: Catalogue, user: Any) -> Rights:
    directory = c.directory
    name = directory.user_name(user) if isinstance(user, int) else str(user)
    if isinstance(user, int) and not directory.has_users and user == 100:
        name = c.context.user
    if directory.user(name) is None:
        raise UndefinedObject(f'user "{name}" does not exist')
    rights: Rights = directory.rights(name)
    return rights


def is_member(c: Catalogue, who: str, role: str) -> bool:
    """Does a user (or role) have a role, directly or through others? `who` is `user name` or `role name`."""
    kind, _, name = who.partition(" ")
    directory = c.directory
    found = directory.roles.get(role)
    if found is None:
        raise UndefinedObject(f'role "{role}" does not exist')
    principal = directory.user(name) if kind == "user" else directory.roles.get(name)
    if principal is None:
        raise UndefinedObject(f'{kind} "{name}" does not exist')
    return found.grantee in directory.memberships(principal.grantee)
