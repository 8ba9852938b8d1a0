"""An error as people read it: the message, the line with a caret under the place, detail and hint.

    ERROR:  column "nmae" does not exist
    LINE 2: select nmae from t
                   ^
    HINT:  Did you mean "name"?
"""
from __future__ import annotations

from collections.abc import Iterator

from wcwidth import wcswidth

from ...errors import Error, InternalError

SHOWN = 110  # of a long line, around the place


def lines(error: Error, sql: str) -> Iterator[str]:
    """The lines to print for an error in a statement."""
    yield f"ERROR:  {error.message}"
    if error.position is not None and 0 <= error.position <= len(sql):
        yield from caret(sql, error.position)
    if error.detail:
        yield f"DETAIL:  {error.detail}"
    if error.hint:
        yield f"HINT:  {error.hint}"
    if isinstance(error, InternalError):
        yield "This is a defect of warehouse-sql. Please report the statement and this message."


def caret(sql: str, position: int) -> Iterator[str]:
    """The line of `position` and a caret under it; long lines are cut on both sides."""
    start = sql.rfind("\n", 0, position) + 1
    end = sql.find("\n", position)
    line = sql[start : len(sql) if end < 0 else end].replace("\t", " ")
    column = position - start
    number = sql.count("\n", 0, position) + 1
    label = f"LINE {number}: "
    if len(line) > SHOWN:
        cut = max(min(column - SHOWN // 2, len(line) - SHOWN), 0)
        label += "..." if cut else ""
        line, column = line[cut : cut + SHOWN] + ("..." if cut + SHOWN < len(line) else ""), column - cut
    yield label + line
    yield " " * (len(label) + max(wcswidth(line[:column]), 0)) + "^"
