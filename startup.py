"""The imports behind the first `connect`, with Python's garbage collector at rest.

A few hundred modules make some hundred thousand objects that stay. The collector, which starts after so
many new objects, would go through all of them several times and find nothing to free: a tenth of the time
to the first row. Afterwards they count as its oldest generation (`freeze` and `unfreeze` move them there
without looking at them), so that the first query's collections do not meet them either.
"""
from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client.dbapi import Connection


@cache
def connector() -> Callable[..., Connection]:
    """client/dbapi.py's `connect`, all that it and a first query import loaded."""
    with collector_at_rest():
        from .client.dbapi import connect
        from .engine.preload import preload

        preload()
    return connect


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Collect nothing inside, whatever the host program chose; what was made inside is old at the end."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # else the host has frozen objects of its own: leave them so
            gc.freeze()
            gc.unfreeze()
        if running:
            gc.enable()
