"""ALTER SYSTEM SET: a parameter of the whole database, not of a session (engine/workload/parameters.py)."""

from __future__ import annotations

from ...errors import PermissionDenied
from ...planner.statements import AlterSystem
from ..context import Context
from ..result import Result
from ..settings import canonical
from ..workload.parameters import change
from .vacuum import refuse_in_block


def run(statement: AlterSystem, context: Context) -> Result:
    refuse_in_block("ALTER SYSTEM", context)
    if not context.rights.superuser:
        raise PermissionDenied("must be superuser to change a parameter of the system")
    waits = change(context.session, canonical(statement.name), statement.value)
    if waits is not None:
        context.notice("WARNING", waits)
    return Result("ALTER SYSTEM", notices=context.notices)
