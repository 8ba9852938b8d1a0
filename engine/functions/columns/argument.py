"""What a column form gets: arrays, and constants as they are."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ....records import dataclass
from ....storage.types import SqlType


@dataclass(frozen=True, slots=True)
class Argument:
    """An array of the batch's rows, or a constant (then `array` is None)."""

    array: pa.Array | None = None
    constant: Any = None
    constant_type: SqlType | None = None

    def numbers(self) -> np.ndarray | None:
        """The values of a column of numbers; what stands under NULL is anything."""
        if self.array is None or pa.types.is_decimal(self.array.type):
            return None
        return np.frombuffer(self.array.buffers()[1], _DTYPES[str(self.array.type)], len(self.array),
                             self.array.offset * 8)


_DTYPES = {"int64": np.int64, "double": np.float64}
Form = Callable[[Sequence[Argument], Sequence[SqlType], SqlType], "pa.Array | None"]


def constants(args: Sequence[Argument]) -> list[Any] | None:
    """The values of arguments that are all constant and not NULL."""
    if any(a.array is not None or a.constant is None for a in args):
        return None
    return [a.constant for a in args]


def like(array: pa.Array, values: np.ndarray) -> pa.Array:
    """Numbers with the NULLs of another array."""
    kind = pa.int64() if values.dtype == np.int64 else pa.float64()
    bitmap = array.buffers()[0]
    if array.null_count == 0 or bitmap is None:
        return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])
    return pa.array(values, kind, mask=np.asarray(array.is_null()))
