"""Names of native functions and the modules that define them.

A native function is plain Python over int64 addresses and counts, compiled by numba (pack.py). Two
decorators name it, at import of its family's module:

    @op("add_i64")                 def add_i64(out, a, b, c, k, n, frame): ...; return OK
    @kernel("drive", arity=3)      def drive(program, count, frame): ...; return status

Ops all have the signature of abi.py and stand in programs; kernels are free-standing and are called
from Python. Families that differ only in a type or an operator make their functions in a loop and
call `op(name)(function)`; the decorator renames the function, so its native symbol is unique.

Importing a family imports numba (half a second), so nothing here imports one until something must
be compiled: the pack remembers, by the digest of each family's source, which names it defines.

Where is what: FAMILIES lists the modules; the pack finds a family's helper modules by its relative
imports, so a change of a helper recompiles what uses it, and nothing else.
"""
from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..records import dataclass

Function = Callable[..., Any]

OP_ARITY = 7

# Every module that defines native functions, by its name inside kernels/.
_FOLDER = Path(__file__).parent

FAMILIES: tuple[str, ...] = (
    "vm", "source", "decode", "fetch", "gather", "arithmetic", "compare", "logic", "casts", "wide",
    "temporal", "functions",
    "hash_ops", "joins", "join_lookup", "join_build", "grouping", "aggregates", "grouped_sums", "extremes", "strings",
    "documents", "column_ops", "intern_ops", "like_ops", "sort_ops", "partition_ops", "append", "chunks", "encode",
    "blocks", "keyfilter",
    "window_ops", "window_sums", "window_picks", "window_text", "moments", "text_rows", "json_rows",
    "parquet_pages", "parquet_values",
)

# Ops over one word or pair a row move 8 or 16 bytes whatever they mean: another name for the same code.
_MOVES = ("select", "mask", "gather", "chunk", "fetch_chunk")
ALIASES: dict[str, str] = {
    **{f"{verb}_f64": f"{verb}_i64" for verb in (*_MOVES, "append")},
    **{f"{verb}_str": f"{verb}_i128" for verb in (*_MOVES, "fill")},
    "fill_f64_k": "fill_i64_k",
    "chunk_source": "scan_source",
    "date_trunc_microsecond_ts": "copy_i64",
}


@dataclass(frozen=True, slots=True)
class Spec:
    """One native function: its name in programs, its number of int64 arguments, its Python source."""

    name: str
    arity: int
    function: Function
    family: str


SPECS: dict[str, Spec] = {}

# A source file that is younger may differ from what this process imported (digest.settled).
IMPORTED_AT = time.time()


def op(name: str, module: str | None = None) -> Callable[[Function], Function]:
    """Register a function of abi.py's signature; `module`: whose it is, if not the one that defines it."""
    return kernel(name, OP_ARITY, module)


def kernel(name: str, arity: int, module: str | None = None) -> Callable[[Function], Function]:
    """Register a function of `arity` int64 arguments that answers an int64."""

    def register(function: Function) -> Function:
        family = (module or function.__module__).rpartition(".")[2]
        known = SPECS.get(name)
        if known is not None and known.family != family:
            raise ValueError(f"native function {name} is defined in {known.family} and {family}")
        function.__name__ = function.__qualname__ = name
        SPECS[name] = Spec(name, arity, function, family)
        return function

    return register


def family_path(family: str) -> Path:
    return _FOLDER / f"{family}.py"


def families() -> tuple[str, ...]:
    """The families whose module is there."""
    return tuple(family for family in FAMILIES if family_path(family).exists())


def load_family(family: str) -> dict[str, Spec]:
    """Import a family's module (and numba with it); its functions by name."""
    importlib.import_module(f"{__package__}.{family}")
    return {name: spec for name, spec in SPECS.items() if spec.family == family}
