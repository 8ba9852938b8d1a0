"""TRUNCATE: all rows go at once; snapshots taken before still see them. It commits the transaction it is in."""

from __future__ import annotations

from ...planner.statements import Truncate
from ...storage.catalog.delta import Delta, DropExtents
from ..access import need_owner
from ..context import Context
from ..result import Result
from .names import locked, table


def run(statement: Truncate, context: Context) -> Result:
    need_owner(context, table(statement.table, context), "truncate", "truncate table")
    target = locked(statement.table, context, closed=True)
    context.session.commit_delta(Delta(drop_extents=(DropExtents(target, None),)))
    context.session.commit()
    return Result("TRUNCATE")
