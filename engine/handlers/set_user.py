"""SET SESSION AUTHORIZATION: the session goes on as another user; only a superuser's session may."""

from __future__ import annotations

from ...errors import PermissionDenied
from ...planner.statements import SetUser
from .. import access
from ..context import Context
from ..result import Result


def run(statement: SetUser, context: Context) -> Result:
    session = context.session
    identity = session.identity
    name = identity.login if statement.name is None else access.user(context, statement.name).name
    if name != identity.login and not access.directory(context).rights(identity.login).superuser:
        raise PermissionDenied("permission denied to set session authorization")
    if statement.local and not session.block.is_open:
        context.notice("WARNING", "SET LOCAL can only be used in transaction blocks")
    else:
        identity.become(name, local=statement.local)
    return Result("SET", notices=context.notices)
