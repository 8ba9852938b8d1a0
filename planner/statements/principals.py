"""CREATE, ALTER and DROP of USER, GROUP and ROLE (r_CREATE_USER, r_ALTER_USER, r_CREATE_GROUP, r_CREATE_ROLE ...).

Options that need a cluster around them (SESSION TIMEOUT, EXTERNALID) are refused by name.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...errors import NotSupportedError, ProgrammingError
from .access import (
    AlterGroup,
    AlterRole,
    AlterUser,
    CreateGroup,
    CreateRole,
    CreateUser,
    DropPrincipal,
    UserOptions,
)
from .cursor import Cursor

PRINCIPALS = ("USER", "GROUP", "ROLE")
UNLIMITED = -1


def create_principal(cursor: Cursor) -> CreateUser | CreateGroup | CreateRole:
    """What follows CREATE, at USER, GROUP or ROLE."""
    kind = cursor.next().text.upper()
    position = cursor.position
    name = principal_name(cursor, kind.lower())
    made: CreateUser | CreateGroup | CreateRole
    if kind == "USER":
        cursor.accept("with")
        options = _options(cursor)
        if options.password is None:
            raise ProgrammingError("CREATE USER needs PASSWORD 'password' or PASSWORD DISABLE", sqlstate="42601",
                                   position=position)
        made = CreateUser(name, options, position)
    elif kind == "GROUP":
        users: list[str] = []
        cursor.accept("with")
        while cursor.accept("user"):
            users += cursor.list_of(cursor.user)
        made = CreateGroup(name, tuple(users))
    else:
        if cursor.at("externalid"):
            raise _no_provider("EXTERNALID", position)
        made = CreateRole(name)
    cursor.finish()
    return made


def principal_name(cursor: Cursor, kind: str) -> str:
    """A name; those of roles may have a colon (sys:monitor)."""
    if kind == "user":
        name = cursor.user()
        if cursor.at(":"):
            raise _no_provider(f"a user of an identity provider ({name}:)", cursor.position)
        return name
    name = cursor.name()
    return f"{name}:{cursor.name()}" if cursor.accept(":") else name


def _no_provider(what: str, position: int | None) -> NotSupportedError:
    return NotSupportedError(f"{what} is not supported: there is no identity provider", position=position)


def alter_principal(cursor: Cursor) -> AlterUser | AlterGroup | AlterRole:
    """What follows ALTER, at USER, GROUP or ROLE."""
    kind = cursor.next().text.upper()
    position = cursor.position
    name = principal_name(cursor, kind.lower())
    made: AlterUser | AlterGroup | AlterRole
    if kind == "USER":
        cursor.accept("with")
        rename = cursor.user() if cursor.accept("rename", "to") else None
        made = AlterUser(name, UserOptions() if rename else _options(cursor, altering=True), rename, position)
    elif kind == "GROUP":
        if cursor.accept("rename", "to"):
            made = AlterGroup(name, "rename", (cursor.name(),))
        else:
            action = cursor.accept_any("add", "drop")
            if action is None:
                raise cursor.error()
            cursor.expect("user")
            made = AlterGroup(name, action, cursor.list_of(cursor.user))
    else:
        cursor.accept("with")
        if cursor.accept("rename"):
            cursor.expect("to")
            made = AlterRole(name, rename=cursor.name())
        elif cursor.at("externalid"):
            raise _no_provider("EXTERNALID", cursor.position)
        else:
            cursor.expect("owner", "to")
            made = AlterRole(name, owner=cursor.user())
    cursor.finish()
    return made


def drop_principal(cursor: Cursor) -> DropPrincipal:
    """What follows DROP, at USER, GROUP or ROLE."""
    kind = cursor.next().text.lower()
    if_exists = kind == "user" and cursor.accept("if", "exists")
    names = cursor.list_of(lambda: principal_name(cursor, kind)) if kind != "role" else (principal_name(cursor, kind),)
    force = False
    if kind == "role":
        force = cursor.accept("force")
        if not force:
            cursor.accept("restrict")
    cursor.finish()
    return DropPrincipal(kind, names, if_exists, force)


def _options(cursor: Cursor, *, altering: bool = False) -> UserOptions:
    options = UserOptions()
    first = True
    while not cursor.done:
        if not first:
            cursor.accept(",")
        options = replace(options, **_option(cursor, options, altering))
        first = False
    if first and altering:
        raise cursor.error()
    return options


def _option(cursor: Cursor, so_far: UserOptions, altering: bool) -> dict[str, Any]:
    position = cursor.position
    for words, found in _FLAGS.items():
        if cursor.accept(*words):
            return dict([found])
    if cursor.accept("password"):
        return {"password": "" if cursor.accept("disable") else cursor.string()}
    if cursor.accept("valid", "until"):
        return {"valid_until": cursor.string()}
    if cursor.accept("connection", "limit"):
        return {"connection_limit": UNLIMITED if cursor.accept("unlimited") else cursor.integer()}
    if cursor.at("session", "timeout") or cursor.at("reset", "session", "timeout"):
        raise NotSupportedError("SESSION TIMEOUT is not supported: sessions end with their program", position=position)
    if cursor.at("externalid"):
        raise _no_provider("EXTERNALID", position)
    if not altering and cursor.accept("in", "group"):
        return {"groups": cursor.list_of(cursor.name)}
    if (altering and cursor.at("set")) or cursor.at("reset"):
        return {"settings": (*so_far.settings, _setting(cursor))}
    raise cursor.error()


def _setting(cursor: Cursor) -> tuple[str, str | None]:
    """SET parameter TO value, RESET parameter."""
    from .session import parse_reset, parse_set

    word = cursor.next().text.upper()
    option = parse_set(cursor) if word == "SET" else parse_reset(cursor)
    name: str = option.name  # type: ignore[assignment]  # SET SESSION AUTHORIZATION is no parameter
    return name, getattr(option, "value", None)


_FLAGS: dict[tuple[str, ...], tuple[str, bool]] = {
    ("createdb",): ("create_databases", True),
    ("nocreatedb",): ("create_databases", False),
    ("createuser",): ("superuser", True),
    ("nocreateuser",): ("superuser", False),
    ("syslog", "access", "restricted"): ("unrestricted", False),
    ("syslog", "access", "unrestricted"): ("unrestricted", True),
}
