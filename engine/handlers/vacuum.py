"""VACUUM: sorts tables and gives back the space of deleted rows, while others read and write them."""

from __future__ import annotations

from ...errors import OperationalError
from ...planner.statements import Vacuum
from ...storage.maintenance.rewrite import MEMORY_BYTES
from ...storage.maintenance.vacuum import DEFAULT_THRESHOLD, Kind
from ...storage.schema import Table
from ..access import need_owner
from ..context import Context
from ..maintenance.vacuums import Request, take_turn, vacuum
from ..result import Result
from ..workload.door import admit
from .names import table

STEP = "vacuum"  # in messages
# Of a statement's memory, what the rows being rewritten may take.
MEMORY_SHARE = 0.5


def run(statement: Vacuum, context: Context) -> Result:
    refuse_in_block("VACUUM", context)
    context.database.check_writable()
    if statement.table is not None:
        tables = [table(statement.table, context)]
        need_owner(context, tables[0], system="vacuum")
    else:
        tables = [r for r in context.view.relations() if isinstance(r, Table)]
        tables = [t for t in tables if context.rights.owns(t) or context.rights.system("vacuum")]
    boost = statement.boost or (context.settings["enable_vacuum_boost"] == "on" and statement.kind != "reindex")
    threshold = DEFAULT_THRESHOLD if statement.threshold is None else statement.threshold
    request = Request(Kind(statement.kind), context.transaction.id, threshold, boost)
    turn = _Turn(context)
    turn.check()
    take_turn(context.database)
    try:
        for target in tables:
            _vacuum(target, request, context, turn)
    finally:
        context.database.upkeep.turn.give_back()
    return Result("VACUUM", notices=context.notices)


def refuse_in_block(what: str, context: Context) -> None:
    """For statements that commit on their own."""
    if not context.transaction.single:
        raise OperationalError(f"{what} cannot run inside a transaction block", sqlstate="25001")


class _Turn:
    """The statement's turn in its queue, which it gives back while it waits for a lock and asks for again afterwards:
    else whoever holds the lock might wait for that turn."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._away = True

    def check(self) -> None:
        """Have the turn, and go on unless the statement is to stop."""
        self._context.cancel.check()
        if self._away:
            self._context.ticket = None
            admit(self._context)
            self._away = False

    def wait(self) -> None:
        """Something is waited for."""
        self._context.cancel.check()
        if not self._away and self._context.ticket is not None:
            self._away = True
            self._context.ticket.end(ok=True)


def _vacuum(target: Table, request: Request, context: Context, turn: _Turn) -> None:
    memory = min(int(context.budget.limit * MEMORY_SHARE), MEMORY_BYTES)

    def between() -> None:
        """See the newest commit, so that replaced extents can go now and not at the end."""
        context.transaction.refresh()
        context.session.lock(context, ())

    home = context.home(target)
    if target.id in home.newest.entries:
        with context.budget.held(memory, STEP):
            vacuum(
                home, target, request, turn.check, memory=memory, between=between, log=context.database,
                waiting=turn.wait,
            )  # fmt: skip
