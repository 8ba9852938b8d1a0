"""CREATE, ALTER and DROP of users, groups and roles.

The first CREATE USER also writes down the users that are there without being written: the session's, which is the
superuser, and the owners of what there is (storage/access/directory.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ...errors import PermissionDenied, ProgrammingError, UndefinedObject
from ...planner.statements import (
    AlterGroup,
    AlterRole,
    AlterUser,
    CreateGroup,
    CreateRole,
    CreateUser,
    DropPrincipal,
)
from ...planner.statements.access import UserOptions
from ...planner.statements.principals import UNLIMITED
from ...storage.access import passwords
from ...storage.access.facts import Fact
from ...storage.access.principals import DEFAULT_ROLES, FIRST_USER_ID, Group, Membership, Role, User
from ...storage.catalog.delta import Delta
from .. import access
from ..context import Context
from ..result import Result
from ..settings import Settings
from .principals_gone import gone

_RESERVED = ("public", "rdsdb")


def run(statement: Any, context: Context) -> Result:
    tag, delta = _ACTIONS[type(statement)](statement, context)
    if delta:
        context.session.commit_delta(delta)
    return Result(tag, notices=context.notices)


Done = tuple[str, Delta]


def _delta(facts: Iterable[Fact]) -> Delta:
    return Delta(facts=tuple(facts))


def _check_free(context: Context, kind: str, name: str) -> None:
    found = access.directory(context)
    taken: dict[str, set[str]] = {"user": set(found.users), "group": set(found.groups), "role": set(found.roles)}
    if name in taken[kind]:
        raise ProgrammingError(f'{kind} "{name}" already exists', sqlstate="42710")
    if name in _RESERVED:
        raise ProgrammingError(f'{kind} name "{name}" is reserved', sqlstate="42939")


# -- users -----------------------------------------------------------------------------------------


def _create_user(statement: CreateUser, context: Context) -> Done:
    access.need_system(context, "create user", "create users")
    if statement.options.superuser and not context.rights.superuser:
        raise PermissionDenied("must be superuser to create superusers")
    facts = list(_first_users(context))
    if any(f.key == statement.name for f in facts):
        raise ProgrammingError(f'user "{statement.name}" already exists', sqlstate="42710")
    _check_free(context, "user", statement.name)
    made = _changed(User(statement.name, context.database.new_id()), statement.options)
    facts.append(made.fact(new=True))
    for name in statement.options.groups:
        facts.append(Membership(access.group(context, name).grantee, made.grantee).fact())
    return "CREATE USER", _delta(facts)


def _first_users(context: Context) -> Iterable[Fact]:
    """The users that are there without being written, as facts; none when users are written already."""
    if access.directory(context).has_users:
        return
    owners = {r.owner for r in context.view.relations()}
    owners |= {f["owner"] for f in access.directory(context).schemas.values()}
    names = [context.user, *sorted(owners - {context.user})]
    for i, name in enumerate(names):
        id = FIRST_USER_ID if i == 0 else context.database.new_id()
        yield User(name, id, superuser=True, create_databases=True).fact(new=True)


def _changed(user: User, options: UserOptions) -> User:
    changes: dict[str, Any] = {}
    for name in ("superuser", "create_databases", "unrestricted", "valid_until"):
        if (value := getattr(options, name)) is not None:
            changes[name] = value
    if options.password is not None:
        changes["password"] = passwords.kept(options.password) if options.password else None
    if options.connection_limit is not None:
        changes["connection_limit"] = None if options.connection_limit == UNLIMITED else options.connection_limit
    settings = dict(user.settings)
    for name, value in options.settings:
        if value is None:
            settings.pop(name, None)
        else:
            Settings().set(name, value)
            settings[name] = value
    return replace(user, settings=settings, **changes)


def _alter_user(statement: AlterUser, context: Context) -> Done:
    options = statement.options
    found = access.user(context, statement.name, statement.position)
    only_own = found.name == context.user and options == UserOptions(
        password=options.password, valid_until=options.valid_until, settings=options.settings
    )
    if not only_own or statement.rename is not None:
        access.need_system(context, "alter user", "alter users")
    if options.superuser is not None and not context.rights.superuser:
        raise PermissionDenied("must be superuser to alter superusers")
    first = [f for f in _first_users(context) if f.key != found.name]
    if statement.rename is None:
        return "ALTER USER", _delta([*first, _changed(found, options).fact()])
    if found.name in (context.user, context.session.identity.login):
        raise ProgrammingError("session user may not be renamed", sqlstate="0A000")
    _check_free(context, "user", statement.rename)
    return "ALTER USER", _renamed_user(found, statement.rename, first, context)


def _renamed_user(user: User, name: str, first: list[Fact], context: Context) -> Delta:
    """A password's digest may hold the name: it goes (r_ALTER_USER). Owners are kept by name and change with it."""
    if user.password is not None:
        context.notice("NOTICE", "password cleared because of user rename")
    owned = tuple(replace(r, owner=name) for r in context.view.relations() if r.owner == user.name)
    facts = [*first, Fact("user", user.name), replace(user, name=name, password=None).fact(new=True)]
    for schema, value in access.directory(context).schemas.items():
        if value["owner"] == user.name:
            facts.append(Fact("schema", schema, {**value, "owner": name}))
    return Delta(replace=owned, facts=tuple(facts))



# -- groups and roles ------------------------------------------------------------------------------


def _create_group(statement: CreateGroup, context: Context) -> Done:
    access.need_system(context, "create user", "create groups")
    _check_free(context, "group", statement.name)
    made = Group(statement.name, context.database.new_id())
    members = [Membership(made.grantee, access.user(context, name).grantee).fact() for name in statement.users]
    return "CREATE GROUP", _delta([made.fact(new=True), *members])


def _alter_group(statement: AlterGroup, context: Context) -> Done:
    access.need_system(context, "alter user", "alter groups")
    found = access.group(context, statement.name)
    if statement.action == "rename":
        (name,) = statement.names
        _check_free(context, "group", name)
        return "ALTER GROUP", _delta([Fact("group", found.name), replace(found, name=name).fact(new=True)])
    members = [Membership(found.grantee, access.user(context, name).grantee) for name in statement.names]
    return "ALTER GROUP", _delta([m.fact() if statement.action == "add" else m.gone() for m in members])


def _create_role(statement: CreateRole, context: Context) -> Done:
    access.need_system(context, "create role", "create roles")
    _check_free(context, "role", statement.name)
    if ":" in statement.name:
        raise ProgrammingError(f'role name "{statement.name}" is reserved', sqlstate="42939")
    owner = access.user(context, context.user).id
    return "CREATE ROLE", _delta([Role(statement.name, context.database.new_id(), owner).fact(new=True)])


def _alter_role(statement: AlterRole, context: Context) -> Done:
    found = access.role(context, statement.name)
    _need_role(found, "alter", context)
    if statement.rename is not None:
        _check_free(context, "role", statement.rename)
        return "ALTER ROLE", _delta([Fact("role", found.name), replace(found, name=statement.rename).fact(new=True)])
    owner = access.user(context, statement.owner or "").id
    return "ALTER ROLE", _delta([replace(found, owner=owner).fact()])


def _need_role(role: Role, action: str, context: Context) -> None:
    if role.name in DEFAULT_ROLES:
        raise PermissionDenied(f'cannot {action} system defined role "{role.name}"')
    own = access.directory(context).user_id(context.user) == role.owner
    if not own and not context.rights.system("drop role" if action == "drop" else "create role"):
        raise PermissionDenied(f"must be owner of role {role.name}")


# -- DROP ------------------------------------------------------------------------------------------


def _drop(statement: DropPrincipal, context: Context) -> Done:
    facts: list[Fact] = []
    for name in statement.names:
        principal = _find(statement.kind, name, context)
        if principal is None and statement.if_exists:
            context.notice("INFO", f'{statement.kind} "{name}" does not exist and will be skipped')
        elif principal is None:
            raise UndefinedObject(f'{statement.kind} "{name}" does not exist')
        else:
            facts += gone(principal, statement.force, context)
    return f"DROP {statement.kind.upper()}", _delta(facts)


def _find(kind: str, name: str, context: Context) -> User | Group | Role | None:
    found = access.directory(context)
    if kind == "user":
        access.need_system(context, "drop user", "drop users")
        return found.user(name)
    if kind == "group":
        access.need_system(context, "drop user", "drop groups")
        return found.groups.get(name)
    role = found.roles.get(name)
    if role is not None:
        _need_role(role, "drop", context)
    return role


_ACTIONS: dict[type, Callable[[Any, Context], Done]] = {
    CreateUser: _create_user,
    AlterUser: _alter_user,
    CreateGroup: _create_group,
    AlterGroup: _alter_group,
    CreateRole: _create_role,
    AlterRole: _alter_role,
    DropPrincipal: _drop,
}
