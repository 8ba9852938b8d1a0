"""Calls of functions about the catalogue (planner/functions/leader.py): passed on to the statement's own catalogue.

They are the one kind of function that knows more than its arguments, so the first two arguments say which: the
function's name, and the number of the statement's catalogue (engine/virtual/functions.py), 0 for those that need none.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...planner.functions.leader import KEY, KEY_OR_ERROR
from ...storage.types import SqlType
from .base import Function


def _call(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
    from ..virtual.functions import call

    name, number, *rest = args
    return call(name, number, rest)


FUNCTIONS: dict[str, Function] = {KEY: _call, KEY_OR_ERROR: _call}
