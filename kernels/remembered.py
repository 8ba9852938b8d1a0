"""Digests that are dear to compute and seldom change, remembered in a file beside the pack.

    remembered(kind, facts, compute) -> {name: digest}

`facts` is the digest of what is cheap to find out and decides the answer (a source's size and time of
change, the processor's flags); a file is kept for each, named by it. Like the pack it is a cache: a file that
is not there or not whole is computed anew, and where none can be written nothing is remembered.
"""
from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import packfile


def remembered(kind: str, facts: str, compute: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What `compute` answers, from the file of these facts if there is one."""
    path = packfile.folder() / f"{kind}-{facts}.json"
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        found = None
    if isinstance(found, dict):
        return found
    answer = compute()
    _write(path, answer)
    return answer


_KEPT = 8  # files of a kind: those of several checkouts and Pythons, or before and after an edit


def _write(path: Path, answer: dict[str, str]) -> None:
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
        with os.fdopen(handle, "w") as file:
            json.dump(answer, file)
        os.replace(name, path)
        kind = path.name.partition("-")[0]
        newest_last = sorted(path.parent.glob(f"{kind}-*.json"), key=lambda each: each.stat().st_mtime_ns)
        for old in newest_last[:-_KEPT]:
            old.unlink()
