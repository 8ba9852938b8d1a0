"""ALTER DATABASE ... ISOLATION LEVEL: how transactions conflict from now on (r_ALTER_DATABASE.md).

As the manual has it, nobody else may be connected, and no block may be open. A folder is one database, always called
dev, so that dev is not left out as it is on a cluster.
"""

from __future__ import annotations

from ...errors import OperationalError, PermissionDenied, UndefinedObject
from ...planner.statements import AlterDatabase
from ...storage.catalog.delta import Delta
from ...storage.snapshot_isolation import SETTING, SNAPSHOT
from ..context import Context
from ..result import Result
from .vacuum import refuse_in_block


def run(statement: AlterDatabase, context: Context) -> Result:
    session = context.session
    if statement.name != session.database_label:
        raise UndefinedObject(f'database "{statement.name}" does not exist', sqlstate="3D000",
                              position=statement.position)
    refuse_in_block("ALTER DATABASE ISOLATION LEVEL", context)
    user = context.view.facts.directory.users.get(context.user)
    if not (context.rights.superuser or (user is not None and user.create_databases)):
        raise PermissionDenied("must be superuser, or have the CREATEDB privilege, to alter the isolation level")
    if any(other.id != context.session_id for other in context.database.sessions.all()):
        raise OperationalError(f'database "{statement.name}" is being accessed by other users', sqlstate="55006",
                               detail="There are other sessions using the database.")
    value = SNAPSHOT if statement.isolation == SNAPSHOT else None
    session.commit_delta(Delta(settings={SETTING: value}))
    return Result("ALTER DATABASE", notices=context.notices)
