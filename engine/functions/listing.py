"""What clients may know of the function catalogue: one line per way to call a function."""
from __future__ import annotations

from ...planner.functions.catalogue import Entry, entries


def listed(pattern: str = "") -> list[Entry]:
    """Functions whose name fits a psql pattern (`*` any text, `?` one character), by name."""
    from fnmatch import fnmatchcase

    wanted = pattern.strip().lower().rpartition(".")[2] or "*"
    return [entry for name, entry in sorted(entries().items()) if fnmatchcase(name, wanted)]
