"""Regular expressions that are compiled when they are first used.

    _BLANKS = pattern("[ ]+")          used like what re.compile gives

Compiling one takes as long as importing a small module, and most of those that a process has are never used:
each is for a form of input that few statements have. Those that every statement needs are re.compile's.
"""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any


class _Pattern:
    """Stands for a compiled pattern; what is first asked of it is kept, so that later uses cost nothing more."""

    def __init__(self, source: str, flags: int = 0) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, found)
        return found


if TYPE_CHECKING:
    from re import compile as pattern
else:
    pattern = _Pattern
