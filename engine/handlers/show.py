"""SHOW name and SHOW ALL."""

from __future__ import annotations

from ...planner.statements import Show
from ...storage.types import TEXT
from ..context import Context
from ..result import Result, ResultColumn, from_rows
from ..settings import canonical
from ..workload.parameters import PARAMETERS, show


def run(statement: Show, context: Context) -> Result:
    settings = context.settings
    if statement.name.lower() == "all":
        columns = (ResultColumn("name", TEXT), ResultColumn("setting", TEXT))
        return from_rows("SHOW", columns, sorted(settings.items()))
    if canonical(statement.name) in PARAMETERS:
        value = show(context.session, canonical(statement.name))
    else:
        value = settings.show(statement.name)
    return from_rows("SHOW", (ResultColumn(canonical(statement.name), TEXT),), [(value,)])
