"""What goes with a dropped user, group or role, and what keeps it from being dropped (r_DROP_USER, r_DROP_ROLE).

A user may own nothing and hold no privilege. A group's memberships go with it; its privileges must be revoked first. A
role must be granted to nobody and have no role itself, unless FORCE takes it away from all.
"""

from __future__ import annotations

from ...errors import DependentObjects, ProgrammingError
from ...storage.access.directory import Directory
from ...storage.access.facts import Fact
from ...storage.access.principals import Group, Membership, Role, User
from .. import access
from ..context import Context

IN_USE = "55006"


def gone(principal: User | Group | Role, force: bool, context: Context) -> list[Fact]:
    """The facts that go, or the error."""
    found = access.directory(context)
    if isinstance(principal, User):
        _check_user(principal, found, context)
    members = [m for m in found.members if principal.grantee in (m.of, m.member)]
    grants = [g for held in found.grants.values() for g in held if g.grantee == principal.grantee]
    defaults = [
        d for d in found.defaults
        if d.grantee == principal.grantee or (isinstance(principal, User) and d.owner == principal.id)
    ]
    if isinstance(principal, Role):
        if not force:
            _check_role(principal, members)
    elif grants or any(d.grantee == principal.grantee for d in defaults):
        kind = "user" if isinstance(principal, User) else "group"
        raise ProgrammingError(
            f'{kind} "{principal.name}" can\'t be dropped because the {kind} has a privilege on some object',
            sqlstate=IN_USE,
        )
    return [
        Fact(type(principal).__name__.lower(), principal.name),
        *(m.gone() for m in members), *(g.gone() for g in grants), *(d.gone() for d in defaults),
    ]


def _check_role(role: Role, members: list[Membership]) -> None:
    """A role that nobody has, and that has no role itself."""
    held = [m.member for m in members if m.of == role.grantee]
    if held:
        why = f"it has been granted on {'a user' if any(h.startswith('user:') for h in held) else 'another role'}"
    elif members:
        why = "it depends on another role"
    else:
        return
    raise DependentObjects(f"cannot drop this role since {why}", hint="Revoke it first, or use DROP ROLE ... FORCE.")


def _check_user(user: User, found: Directory, context: Context) -> None:
    if user.name in (context.user, context.session.identity.login):
        raise ProgrammingError("current user cannot be dropped", sqlstate=IN_USE)
    owns = any(r.owner == user.name for r in context.view.relations())
    if owns or any(s["owner"] == user.name for s in found.schemas.values()):
        raise ProgrammingError(
            f'user "{user.name}" can\'t be dropped because the user owns some object', sqlstate=IN_USE
        )
    if any(r.owner == user.id for r in found.roles.values()):
        raise ProgrammingError(
            f'user "{user.name}" can\'t be dropped because the user owns some object', sqlstate=IN_USE
        )
