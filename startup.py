"""The imports behind the first `connect`, with Python's garbage collector at rest and a detour avoided.

A few hundred modules make some hundred thousand objects that stay. The collector, which starts after so
many new objects, would go through all of them several times and find nothing to free: a tenth of the time
to the first row. Afterwards they count as its oldest generation (`freeze` and `unfreeze` move them there
without looking at them), so that the first query's collections do not meet them either.

sqlglot imports importlib.metadata, and with it email, zipfile, csv and twenty more modules, a twentieth of the
time, to look for dialects of other packages, which is never done here. While it is imported a stand-in is in its
place that imports the true one when it is asked for anything.
"""
from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client.dbapi import Connection


@cache
def connector() -> Callable[..., Connection]:
    """client/dbapi.py's `connect`, all that it and a first query import loaded."""
    with collector_at_rest(), metadata_when_asked():
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


_METADATA = "importlib.metadata"


class _Metadata(ModuleType):
    """Stands for importlib.metadata; another thread that imports it meanwhile gets this, and works with it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by the import statement itself
            raise AttributeError(name)
        if sys.modules.get(_METADATA) is self:
            del sys.modules[_METADATA]
        return getattr(importlib.import_module(_METADATA), name)

    def entry_points(self, **wanted: str) -> Any:
        return self.__getattr__("entry_points")(**wanted)


@contextmanager
def metadata_when_asked() -> Iterator[None]:
    """Inside, importlib.metadata is imported when something of it is used, unless it has been before."""
    if _METADATA in sys.modules:
        yield
        return
    stand_in = _Metadata(_METADATA)
    sys.modules[_METADATA] = stand_in
    importlib.metadata = stand_in  # type: ignore[assignment, attr-defined]
    try:
        yield
    finally:
        if sys.modules.get(_METADATA) is stand_in:
            del sys.modules[_METADATA]
        if importlib.__dict__.get("metadata") is stand_in:
            del importlib.metadata  # type: ignore[attr-defined]
