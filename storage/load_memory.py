"""What a load holds of its statement's memory, and how much it should hold.

A run of rows (run.py) is in memory as it came, as narrow as its values are; at its end row numbers come to it, and the
few row groups that are being encoded. A load holds memory for all of it from the start, so that a run can always be
written out:

    held    | rows that wait | row numbers | row groups being encoded | batch coming in |

Whoever counts memory is told through `charge`: bytes before they are taken, negative bytes once they are
given back. It may refuse with OutOfMemory; the writer then ends its run early (loader.py).
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from ..errors import OutOfMemory
from ..kernels import memory
from .coded import CodedColumn
from .run import Batch, Values
from .schema import Column
from .types import Physical
from .vector import ColumnData

# Takes bytes (negative: gives them back); raises OutOfMemory with nothing taken when there are too few.
ChargeBytes = Callable[[int], None]

# Row numbers that sorting and placing keep for each row: the slice's rows, their order, sort words.
ORDER_BYTES = 24
# What is encoded at a time: gathered rows, encoders' work, blocks that wait to be written. Of a small run all of it.
ENCODING_BYTES = 48 << 20
_COPIES = 2
_OFFSET_BYTES = 8
# A text column whose width nobody knows yet.
_TEXT_BYTES = 16


def uncounted(amount: int) -> None:
    """The `charge` of a load whose memory nobody counts."""


class LoadMemory:
    """The bytes one load holds. `share`: what it should keep to, while it can by writing runs early."""

    def __init__(self, charge: ChargeBytes, share: int) -> None:
        self._charge = charge
        self.share = share
        self.held = 0

    def hold(self, amount: int) -> None:
        """Hold `amount` bytes in all; OutOfMemory leaves it at what is held."""
        if amount != self.held:
            self._charge(amount - self.held)
            self.held = amount


def give_back() -> None:
    """After a run: with little memory, what it has freed goes back to the system before the next one is gathered."""
    if memory.is_bounded():
        memory.trim()
        pa.default_memory_pool().release_unused()


def too_little(error: OutOfMemory, rows: int, size: int) -> OutOfMemory:
    """What to raise for `error` where the fewest rows that a load takes in at a time do not fit."""
    return OutOfMemory(
        f"out of memory: a load needs {size / (1 << 20):,.1f} MB for {rows} rows, the fewest that it takes at a time",
        detail=error.detail, hint="raise memory_limit",
    )


def run_cost(rows: int, size: int) -> int:
    """What a run of `rows` rows in `size` bytes takes until it is written."""
    return size + min(_COPIES * size, ENCODING_BYTES) + ORDER_BYTES * rows


def batch_bytes(batch: Batch, columns: Sequence[Column]) -> int:
    """About how many bytes a batch takes once it is converted."""
    return sum(map(_values_bytes, batch, columns))


def rows_within(columns: Sequence[Column], memory: int) -> int:
    """About how many rows make a run that costs `memory`, if they are as wide as their types."""
    width = sum(_OFFSET_BYTES + _TEXT_BYTES if c.type.physical is Physical.STR else c.type.physical.width
                for c in columns)
    return memory // run_cost(1, width)


def rows_of(values: Values, start: int, stop: int) -> Values:
    """Rows start..stop-1 of a batch's column, sharing memory."""
    return values.slice(start, stop - start) if isinstance(values, pa.Array) else values.slice(start, stop)


def _values_bytes(values: Values, column: Column) -> int:
    rows = len(values) if isinstance(values, pa.Array) else values.rows
    physical = column.type.physical
    nulls = rows if values.null_count else 0
    if physical is not Physical.STR:
        return rows * physical.width + nulls
    if isinstance(values, ColumnData | CodedColumn):
        return _OFFSET_BYTES * rows + values.text_bytes + nulls
    size = int(values.nbytes)
    if pa.types.is_dictionary(values.type):
        words = values.dictionary
        size = rows * words.nbytes // max(1, len(words))
    return _OFFSET_BYTES * rows + size + nulls
