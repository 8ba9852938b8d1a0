"""Where statements come to workload management, or pass by: what the leader answers alone needs no turn.

Light, since every query's process comes through here; what lies behind is imported by the first statement that
slices work on.
"""
from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..history.profile import on_slices

if TYPE_CHECKING:
    from ...planner.physical import PhysicalQuery
    from ..context import Context
    from ..session import Session
    from .admission import Ticket

# By the class of a statement: a value of wlm.requests.Kind. Whatever else comes here reads.
KINDS = {
    "Insert": "write", "Update": "write", "Delete": "write", "Merge": "write", "Unload": "write",
    "CreateTableAs": "create table as", "Copy": "copy", "Vacuum": "maintenance", "Analyze": "maintenance",
    "AnalyzeCompression": "maintenance", "AlterDesign": "maintenance",
}  # fmt: skip
READ, WRITE = "read", "write"


class ExecutorFailed(Exception):
    """A concurrency scaling executor cannot run a query."""


def admit(context: Context, plan: PhysicalQuery | None = None, kind: str = READ) -> Ticket | None:
    """Let the statement wait for its turn, unless it has it or needs none. `kind`: unless its class says it."""
    if context.ticket is not None or context.session is None:
        return context.ticket  # type: ignore[no-any-return]
    if plan is not None and context.kind not in KINDS and not on_slices(plan):
        return None
    from .admission import enter

    return enter(context, plan, KINDS.get(context.kind, kind))


def forget(session: Session) -> None:
    """Workload management knows the session no more, nor the database if it was the last."""
    manager = sys.modules.get(f"{__package__}.manager")  # not loaded: it has never heard of them
    if manager is not None:
        manager.left(session)
