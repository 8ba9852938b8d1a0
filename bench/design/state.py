"""What a run has done so far, in a file: stopped, it goes on where it was.

    OUT/state.json   {"signature": ..., "broken": [...], "search": {...}, "variants": {...}, "measured": [...]}
    OUT/db/          the scratch database with the tables staged and the variants loaded so far

The signature tells which run it was: the same tables, workload, topology, sample and seed. Written whole, beside and
renamed, after every step that took time.
"""
from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

FILE = "state.json"
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
                raise ValueError(f"{folder} holds the run of another workload, database, topology or seed")
            state.parts = found["parts"]
        return state

    def keep(self, **parts: Any) -> None:
        """Put parts into the file."""
        self.parts.update(parts)
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"{FILE}.new"
        fresh.write_text(json.dumps({"version": VERSION, "signature": self.signature, "parts": self.parts}))
        os.replace(fresh, self.folder / FILE)


def signature(*parts: Any) -> str:
    """Of anything that JSON can write."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
