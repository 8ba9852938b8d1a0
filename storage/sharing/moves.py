"""Names of files that tell other processes where a rewrite has moved rows. What they hold: maintenance/shared_moves.py.

    run/map-<process>-<n>                 of a commit that is going to be made
    run/moved-<commit>-<process>-<n>      of one that was
"""
from __future__ import annotations

import os
from pathlib import Path

STAGED, PUBLISHED = "map-", "moved-"


def published(run: Path) -> list[tuple[int, int, Path]]:
    """(commit, process that made it, file), in the order of the commits."""
    found = []
    for name in os.listdir(run):
        if name.startswith(PUBLISHED):
            commit, process, number = map(int, name.removeprefix(PUBLISHED).split("-"))
            found.append((commit, process, number, run / name))
    return [(commit, process, path) for commit, process, _, path in sorted(found)]


def forget(run: Path, oldest_pin: int | None) -> None:
    """Remove those of commits that all processes see. `oldest_pin`: over all of them, None: nobody sees any."""
    for commit, _, path in published(run):
        if oldest_pin is None or commit <= oldest_pin:
            path.unlink(missing_ok=True)
