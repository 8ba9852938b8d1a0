"""Mathematical functions over columns, by numpy, and RANDOM."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ....storage.types import SqlType
from .argument import Argument, Form, like


def _unary(function: Callable[..., Any]) -> Form:
    def form(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
        values = args[0].numbers()
        return None if values is None or args[0].array is None else like(args[0].array, function(values))

    return form


def _binary(function: Callable[..., Any], lands: Callable[..., Any] | None = None) -> Form:
    """`lands` says where a result is good; anything else is for the row form, which tells what is wrong."""

    def form(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
        if any(a.array is None and a.constant is None for a in args) or all(a.array is None for a in args):
            return None
        x, y = (a.constant if a.array is None else a.numbers() for a in args)
        with np.errstate(all="ignore"):
            result = np.asarray(function(x, y), np.float64)
        if lands is not None and not lands(result, x, y):
            return None
        nulls = np.zeros(len(result), bool)
        for a in args:
            if a.array is not None and a.array.null_count:
                nulls |= np.asarray(a.array.is_null())
        return pa.array(result, pa.float64(), mask=nulls)

    return form


def _finite(result: np.ndarray, x: Any, y: Any) -> bool:
    return bool(np.isfinite(result).all())


def _cube_root(x: np.ndarray) -> np.ndarray:
    """As maths.cbrt."""
    root = np.cbrt(x)
    whole = np.where(np.abs(root) < 1e5, np.rint(root), root)
    return np.where(whole**3 == x, whole, root)


FORMS: dict[str, Form] = {
    "atan2": _binary(np.arctan2),
    "cbrt": _unary(_cube_root),
    "power": _binary(np.power, _finite),
}
