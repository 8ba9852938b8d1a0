"""Running a program: one task is one segment on one slice, in one thread.

The driver (kernels/vm.py) runs natively, without the GIL, until it needs Python:

    NEED_SPACE   the instruction's grower enlarges a sink or table; the instruction is repeated
    PYCALL       the instruction's function computes a column in Arrow; the pass goes on behind it
    CANCELLED    the cancel word was set
    FAILED       a row that counts failed: the error is raised with its place in the statement's text

A task knows everything that differs between slices: its source's batches, the join tables it probes, its
sink. Programs ask it for addresses through `External.resolve(task)`.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ..errors import (
    CardinalityViolation,
    DataCorrupted,
    DataError,
    DivisionByZero,
    InternalError,
    InvalidDatetime,
    InvalidText,
    StringTooLong,
)
from ..kernels import abi, memory, pack
from ..records import dataclass
from .compile.program import Arena, Instance, Template

if TYPE_CHECKING:
    from .context import Context


@dataclass(slots=True)
class Task:
    """One slice's share of a segment."""

    index: int  # number of the slice, 0 for shared and leader work
    source: Any  # sources.ScanTask or sources.StoredTask
    joins: list[Any] = field(default_factory=list)  # joins.Probed, by number in the segment
    sink: Any = None  # sinks.*State
    states: dict[int, Any] = field(default_factory=dict)  # other per-task states, by key
    instance: Instance | None = None

    def state(self, key: int, make: Callable[[], Any]) -> Any:
        """The task's own state for `key`, made when first asked for."""
        found = self.states.get(key)
        if found is None:
            found = self.states[key] = make()
        return found


def run(task: Task, template: Template, arena: Arena, context: Context,
        after_window: Callable[[Task], None] | None = None) -> Instance:
    """Run the program over all of the task's batches; the instance holds the counters.

    `after_window` is called whenever a window of batches is done, and earlier where its rows are too many for the
    statement's memory (streaming.py).
    """
    context.cancel.check()
    instance = template.instantiate(arena, task)
    if after_window is None:
        return _counted(task, template, instance, context, None)
    task.sink.hand_over = lambda: after_window(task)
    try:
        return _counted(task, template, instance, context, after_window)
    finally:
        task.sink.hand_over = None  # which knows the task: nothing is kept by a circle


def _counted(task: Task, template: Template, instance: Instance, context: Context,
             after_window: Callable[[Task], None] | None) -> Instance:
    """With the time it takes booked to the statement's turn."""
    if context.ticket is None:
        return _passes(task, template, instance, context, after_window)
    token = context.ticket.usage.begin(instance, task.index)
    try:
        return _passes(task, template, instance, context, after_window)
    finally:
        context.ticket.usage.end(token)


def _passes(task: Task, template: Template, instance: Instance, context: Context,
            after_window: Callable[[Task], None] | None) -> Instance:
    frame = memory.empty(abi.FRAME_WORDS, np.int64)
    frame[:] = 0
    frame[abi.F_CANCEL] = context.cancel.address
    for _ in task.source.windows(min(template.batch_rows, context.budget.batch_rows)):
        _drive(task, instance, frame, context)
        if after_window is not None:
            after_window(task)
    return instance


def _drive(task: Task, instance: Instance, frame: np.ndarray, context: Context) -> None:
    drive = pack.native("drive")
    builder = instance.template.builder
    program, count, frame_address = memory.address(instance.words), len(instance.words), memory.address(frame)
    frame[abi.F_PC] = 0
    while True:
        status = drive(program, count, frame_address)
        if status == abi.END:
            return
        pc = int(frame[abi.F_PC])
        if status == abi.NEED_SPACE:
            builder.growers[pc](task)
        elif status == abi.PYCALL:
            context.cancel.check()
            builder.calls[pc](task, int(frame[abi.F_N]))
            frame[abi.F_PC] = pc + 1
        elif status == abi.CANCELLED:
            context.cancel.check()
            raise InternalError("the driver stopped for a cancel that nobody asked for")
        elif status == abi.FAILED:
            _fail(task, instance, frame)
        else:
            raise InternalError(f"native code answered status {status} at instruction {pc}")


TOO_MANY_ROWS = "more than one row returned by a subquery used as an expression"
_ERRORS: dict[int, tuple[type[DataError] | type[CardinalityViolation] | type[DataCorrupted], str]] = {
    abi.ERR_DIVISION_BY_ZERO: (DivisionByZero, "division by zero"),
    abi.ERR_TOO_MANY_ROWS: (CardinalityViolation, TOO_MANY_ROWS),
    abi.ERR_BAD_TEXT: (InvalidText, "invalid input syntax"),
    abi.ERR_BAD_DATE: (InvalidDatetime, "date/time field value out of range"),
    abi.ERR_STRING_TOO_LONG: (StringTooLong, "value too long for its type"),
    abi.ERR_BAD_ENCODING: (DataCorrupted, "a block is of a kind that cannot be read here"),
    abi.ERR_NEGATIVE_LENGTH: (DataError, "negative substring length not allowed"),
}


def _fail(task: Task, instance: Instance, frame: np.ndarray) -> NoReturn:
    pc, code = int(frame[abi.F_ERROR_PC]), int(frame[abi.F_ERROR_CODE])
    builder = instance.template.builder
    if code == abi.ERR_CALL:
        raise task.states[builder.failures[pc]].taken(int(frame[abi.F_ERROR_ROW]))
    if code in (abi.ERR_OVERFLOW, abi.ERR_DOMAIN):
        from .overflow import out_of_range, outside_domain

        told = out_of_range if code == abi.ERR_OVERFLOW else outside_domain
        raise told(builder, instance.words, pc, int(frame[abi.F_ERROR_ROW]))
    kind, words = _ERRORS[code]
    span = builder.instructions[pc].span
    raise kind(words, position=None if span is None else span[0])
