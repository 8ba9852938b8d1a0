"""What the families of functions share: the shape of a row form, and how the few NULL-taking ones are told."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...storage.types import SqlType

# function(arguments in physical form, their types, the result's type)
Function = Callable[[list[Any], Sequence[SqlType], SqlType], Any]
DAY = 86_400_000_000
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31: what Python's calendar knows


def plain(function: Callable[..., Any]) -> Function:
    """A row form of a function that needs no types."""
    return lambda args, types, to: function(*args)
