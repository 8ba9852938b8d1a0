"""Planning with Python's cyclic garbage collector at rest.

The collector starts after so many new objects, and planning makes tens of thousands within milliseconds that are
nearly all of use until it ends. Each start finds next to nothing to free, and every now and then one goes through all
objects of the process: 60 to 80 ms in the midst of a statement that takes 30. So it rests while a statement is planned,
and makes up for it at once afterwards: it counts what was made meanwhile, and starts, for the newest objects, with the
next one. A loop of statements leaves no more behind than the garbage of one planning.

The switch is the process's, so it is used with care:

    the host program's setting    where the host has switched the collector off, it stays so
    several threads               one of them has it at rest, for the time of its own planning; what others plan
                                  meanwhile neither prolongs nor ends that. Threads that plan all the time thus
                                  leave gaps between rests
"""
from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

_whose = threading.Lock()  # held by the thread that has the collector at rest


def at_rest(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """The function, which runs with the collector at rest unless another thread's run has it so already."""

    @wraps(function)
    def resting(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        if not _whose.acquire(blocking=False):
            return function(*args, **kwargs)
        running = gc.isenabled()
        try:
            gc.disable()
            return function(*args, **kwargs)
        finally:
            if running:
                gc.enable()
            _whose.release()

    return resting


__all__ = ["at_rest"]
