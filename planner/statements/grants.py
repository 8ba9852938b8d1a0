"""GRANT, REVOKE and ALTER DEFAULT PRIVILEGES (r_GRANT, r_REVOKE, r_ALTER_DEFAULT_PRIVILEGES).

    GRANT { privilege [(columns)], ... | ALL [PRIVILEGES] [(columns)] }
        ON { [TABLE] t, ... | ALL TABLES IN SCHEMA s, ... | SCHEMA s | DATABASE d | FUNCTION f(...) | LANGUAGE l ... }
        TO { user [WITH GRANT OPTION] | GROUP g | ROLE r | PUBLIC }, ...
    GRANT ROLE r, ... TO ...          GRANT system permission, ... TO ROLE r

What is granted on things that are not here (datashares, external tables, IAM roles, models) is refused by name.
"""
from __future__ import annotations

from ...errors import NotSupportedError, SqlSyntaxError, UndefinedObject
from ...storage.access.functions import signature
from ...storage.access.privileges import BY_KIND, SYSTEM
from ...storage.types import SqlType
from .access import DefaultPrivileges, Grant, Grantee, GrantRole
from .cursor import Cursor
from .names import RelationName
from .principals import principal_name
from .tables import read_type

Privileges = tuple[tuple[str, tuple[str, ...]], ...]
Grantees = tuple[tuple[Grantee, bool], ...]
_NOT_HERE = ("DATASHARE", "MODEL", "EXTERNAL", "COPY", "IAM_ROLE", "ASSUMEROLE")
_REFUSED = (*_NOT_HERE, "SHARE", "CREATE MASKING POLICY", "ALTER MASKING POLICY", "DROP MASKING POLICY",
            "CREATE RLS POLICY", "ALTER RLS POLICY", "DROP RLS POLICY", "ATTACH", "DETACH")
_SINGLE = {name for names in BY_KIND.values() for name in names} | {"temp"}
_SYSTEM_WORDS = sorted((tuple(name.split()) for name in SYSTEM), key=len, reverse=True)
_ON = {"schema": "schema", "database": "database", "language": "language"}
_MANY = {"tables": "relations in", "functions": "functions in", "procedures": "procedures in"}
_DEFAULTS = {"tables": "relation", "functions": "function", "procedures": "procedure"}


def parse_grant(cursor: Cursor, *, give: bool) -> Grant | GrantRole:
    """What follows GRANT or REVOKE."""
    option_only = not give and cursor.accept("grant", "option", "for")
    admin_only = not give and cursor.accept("admin", "option", "for")
    if admin_only or cursor.at("role") or _is_role_list(cursor, give):
        return _grant_role(cursor, give, admin_only)
    privileges = _privileges(cursor, give)
    if cursor.accept("on"):
        on, objects = _objects(cursor, give)
    elif cursor.at("for"):
        raise NotSupportedError(f"{_verb(give)} ... FOR, of scoped permissions, is not supported yet",
                                position=cursor.position)
    else:
        on, objects = "system", ()
    grantees = _grantees(cursor, give, "grant")
    cursor.finish()
    return Grant(give, privileges, on, objects, grantees, option_only)


def _grant_role(cursor: Cursor, give: bool, admin_only: bool) -> GrantRole:
    def role() -> str:
        cursor.accept("role")
        return principal_name(cursor, "role")

    roles = cursor.list_of(role)
    grantees = _grantees(cursor, give, "admin")
    cursor.finish()
    return GrantRole(give, roles, grantees, admin_only)


def _is_role_list(cursor: Cursor, give: bool) -> bool:
    """name [, ...] TO: the word ROLE may be left out (r_DROP_ROLE). Privileges have other names, or ON."""
    start = cursor.index
    if any(cursor.at(*words) for words in _SYSTEM_WORDS) or cursor.word() in _NOT_HERE or cursor.at("all"):
        return False
    try:
        cursor.list_of(lambda: principal_name(cursor, "role"))
        return cursor.at("to" if give else "from")
    except SqlSyntaxError:
        return False
    finally:
        cursor.index = start


def _verb(give: bool) -> str:
    return "GRANT" if give else "REVOKE"


def _privileges(cursor: Cursor, give: bool) -> Privileges:
    if cursor.accept("all"):
        cursor.accept("privileges")
        return (("all", cursor.names() if cursor.at("(") else ()),)
    return cursor.list_of(lambda: _privilege(cursor, give))


def _privilege(cursor: Cursor, give: bool) -> tuple[str, tuple[str, ...]]:
    for words in _SYSTEM_WORDS:
        if cursor.accept(*words):
            name = " ".join(words)
            break
    else:
        for refused in _REFUSED:
            if cursor.at(*refused.lower().split()):
                raise NotSupportedError(f"{_verb(give)} {refused} is not supported: there is none here",
                                        position=cursor.position)
        if cursor.word().lower() not in _SINGLE:
            raise cursor.error()
        name = cursor.next().text.lower()
    name = "temporary" if name == "temp" else name
    return name, cursor.names() if cursor.at("(") else ()


def _objects(cursor: Cursor, give: bool) -> tuple[str, tuple[RelationName, ...]]:
    if cursor.word() in _NOT_HERE:
        raise NotSupportedError(f"{_verb(give)} ON {cursor.word()} is not supported: there is none here",
                                position=cursor.position)
    if cursor.accept("all"):
        what = cursor.accept_any(*_MANY)
        if what is None:
            raise cursor.error()
        cursor.expect("in", "schema")
        return _MANY[what], cursor.list_of(cursor.relation)
    kind = cursor.accept_any(*_ON)
    if kind is not None:
        return _ON[kind], cursor.list_of(cursor.relation)
    routine = cursor.accept_any("function", "procedure")
    if routine is not None:
        return routine, cursor.list_of(lambda: _routine(cursor))
    cursor.accept("table")
    return "relation", cursor.list_of(cursor.relation)


def _routine(cursor: Cursor) -> RelationName:
    return with_types(cursor, cursor.relation())


def with_types(cursor: Cursor, name: RelationName) -> RelationName:
    """f(types): the types, which may have names before them, tell routines of one name apart."""
    cursor.expect("(")
    types = () if cursor.at(")") else cursor.list_of(lambda: _argument(cursor))
    cursor.expect(")")
    return RelationName(name.schema, f"{name.name}({signature(types)})", name.position)


def _argument(cursor: Cursor) -> SqlType:
    start = cursor.index
    try:
        return read_type(cursor)
    except UndefinedObject:
        cursor.index = start
        cursor.name()
        return read_type(cursor)


def _grantees(cursor: Cursor, give: bool, option: str) -> Grantees:
    """Behind TO or FROM: each with WITH GRANT (or ADMIN) OPTION."""
    cursor.expect("to" if give else "from")
    found = cursor.list_of(lambda: _grantee(cursor, give, option))
    if not give:
        cursor.accept("restrict")
        if cursor.at("cascade"):
            raise NotSupportedError("REVOKE ... CASCADE is not supported by Redshift", position=cursor.position)
    return found


def _grantee(cursor: Cursor, give: bool, option: str) -> tuple[Grantee, bool]:
    position = cursor.position
    if cursor.word() in ("NAMESPACE", "ACCOUNT", "IAM_ROLE"):
        raise NotSupportedError(f"{_verb(give)} {'TO' if give else 'FROM'} {cursor.word()} is not supported: there "
                                "is none here", position=position)
    if cursor.at("rls", "policy") or cursor.at("masking", "policy"):
        raise NotSupportedError(f"{_verb(give)} {'TO' if give else 'FROM'} {cursor.word()} POLICY is not supported yet",
                                position=position)
    kind = cursor.accept_any("group", "role", "public") or "user"
    name = "" if kind == "public" else principal_name(cursor, kind) if kind == "role" else cursor.user()
    return Grantee(kind, name, position), give and cursor.accept("with", option, "option")


def parse_default_privileges(cursor: Cursor) -> DefaultPrivileges:
    """What follows ALTER DEFAULT PRIVILEGES."""
    users: tuple[str, ...] = ()
    if cursor.accept("for"):
        cursor.expect("user")
        users = cursor.list_of(cursor.user)
    schemas = cursor.list_of(cursor.name) if cursor.accept("in", "schema") else ()
    give = cursor.accept("grant")
    if not give:
        cursor.expect("revoke")
    option_only = not give and cursor.accept("grant", "option", "for")
    privileges = _privileges(cursor, give)
    cursor.expect("on")
    what = cursor.accept_any(*_DEFAULTS)
    if what is None:
        raise cursor.error()
    grantees = _grantees(cursor, give, "grant")
    cursor.finish()
    return DefaultPrivileges(users, schemas, Grant(give, privileges, _DEFAULTS[what], (), grantees, option_only))
