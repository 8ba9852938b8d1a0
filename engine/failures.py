"""Whatever goes wrong inside becomes one of errors.py's classes before a user sees it.

Errors raised on purpose pass through. What the system or a library raises is named for what it means
to the user; anything else is a defect of ours and says how to report it.
"""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

import pyarrow as pa

from .. import errors

if TYPE_CHECKING:
    from .context import Context, MemoryBudget


def translate(error: Exception) -> errors.Error:
    """The error to raise in place of `error`."""
    match error:
        case errors.Error():
            return error
        case MemoryError() | pa.ArrowMemoryError():
            return errors.OutOfMemory(f"out of memory: {error or 'the system has none left'}")
        case RecursionError():
            return errors.OperationalError(
                "stack depth limit exceeded", hint="The statement is nested too deeply.", sqlstate="54001"
            )
        case OSError():
            place = f": {error.filename}" if error.filename else ""
            return errors.file_failure(f"{error.strerror or error}{place}", error)
        case pa.ArrowInvalid():
            return errors.DataError(str(error))
        case _:
            return errors.InternalError(
                f"internal error: {type(error).__name__}: {error}",
                detail="This is a defect of warehouse-sql, not of the statement.",
                hint="Please report it with the statement and the traceback.",
            )


def in_snapshot(error: BaseException, context: Context) -> BaseException:
    """Error 1018 instead of one about a relation that the block does not see because it is too new."""
    if isinstance(error, errors.UndefinedTable) and error.relation is not None:
        from ..storage.transactions import gone

        schema, name = error.relation
        if context.transaction.came_later(schema, name, context.search_path):
            later = gone(name)
            later.position = error.position
            return later
    return error


def placed(error: BaseException, offset: int) -> BaseException:
    """The error users see, its position counted from the start of the text they gave."""
    if not isinstance(error, Exception):
        return error
    told = translate(error)
    if told.position is not None and not getattr(told, "_placed", False):
        told.position += offset
        told._placed = True  # type: ignore[attr-defined]
    return told


def told(error: BaseException, context: Context, offset: int) -> BaseException:
    """What the user sees of a statement that has run: `placed`, and the statement's memory let go."""
    found = placed(error, offset)
    let_go(found, context.budget)
    return found


def let_go(error: BaseException, budget: MemoryBudget) -> None:
    """What a failed statement's frames hold goes now. An error knows the frames that it came through, and they the
    statement's rows: whoever keeps the error would keep those, and else they would go with the next garbage
    collection only. Where frames hold memory even without their variables (by the functions that they run), the
    traceback ends here. A defect's frames stay, to be looked at, and in Python's development mode all do."""
    if sys.flags.dev_mode:
        return
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain and not isinstance(link, errors.InternalError):
        chain.append(link)
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__ or link.__context__
    if budget.used:
        for link in chain:
            link.__traceback__ = None
