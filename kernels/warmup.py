"""Several processes that fill the kernel pack together: compiling is numba's and LLVM's work, one thread a process.

Each takes every n-th name of the sorted list, whatever the pack has by then, so that nobody's share depends on how far
the others are. They meet in the pack's file, which merges (packfile.py). One that fails is not asked why: what it has
not brought is compiled by the process that asked.
"""
from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager

_SHARE = (
    "import sys; from warehouse.kernels import pack; "
    "pack.compile_share(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split())"
)


@contextmanager
def others(processes: int, only: Collection[str]) -> Iterator[None]:
    """The other processes of a warmup by `processes`, of all functions or `only` some: begun, and awaited at the
    block's end; stopped by an error."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", _SHARE, str(number), str(processes), " ".join(only)], env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for number in range(1, processes)
    ]
    try:
        yield
        for process in begun:
            process.wait()
    finally:
        for process in begun:
            process.kill()
            process.wait()
