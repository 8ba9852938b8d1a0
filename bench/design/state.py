"""What a run has done so far, in a file: stopped, it goes on where it was.

    OUT/design-state.json   {"signature": ..., "search": {...}, "variants": {...}, "measured": [...]}
    OUT/design-scratch/     the scratch database with the tables staged and the variants loaded so far

The signature tells which run it was: the same tables, workload, topology, sample and seed. Written whole, beside and
renamed, after every step that took time. The scratch database is only ever removed where the state says whose it is.
"""
from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

FILE, SCRATCH = "design-state.json", "design-scratch"
VERSION = 1


class State:
    """The parts of a run's result, as JSON values, by name."""

    def __init__(self, folder: Path, signature: str) -> None:
        self.folder = folder
        self.signature = signature
        self.parts: dict[str, Any] = {}

    @staticmethod
    def open(folder: Path, signature: str) -> State:
        """The state in the folder if it is of the same run, else an empty one; ValueError if it is of another."""
        state = State(folder, signature)
        path = folder / FILE
        if path.exists():
            try:
                found = json.loads(path.read_text())
            except ValueError:
                raise ValueError(f"{path} is damaged") from None
            if found.get("version") != VERSION or found.get("signature") != signature:
                raise ValueError(f"{folder} holds the run of another workload, database, topology or seed: "
                                 "--fresh forgets it, --out names another folder")
            state.parts = found["parts"]
        return state

    @property
    def scratch(self) -> Path:
        """Where the scratch database is."""
        return self.folder / SCRATCH

    def begin(self) -> None:
        """An empty place for the scratch database; what a run that broke off left there goes."""
        forget(self.folder)
        if self.scratch.exists():
            raise ValueError(f"{self.scratch} is in the way, and no run of this command made it")
        self.keep(staged=False)

    def keep(self, **parts: Any) -> None:
        """Put parts into the file."""
        self.parts.update(parts)
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"{FILE}.new"
        fresh.write_text(json.dumps({"version": VERSION, "signature": self.signature, "parts": self.parts}))
        os.replace(fresh, self.folder / FILE)


def forget(folder: Path) -> None:
    """Remove the scratch database and the state of the run in a folder, if there is one."""
    if (folder / FILE).exists():
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)
        (folder / FILE).unlink()


def signature(*parts: Any) -> str:
    """Of anything that JSON can write."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
