"""A workload from files: SQL scripts, each statement a query.

    queries/*.sql        a folder: every .sql file in it, by name
    report.sql:12        a weight for all of a file's queries

    -- name: top customers
    -- weight: 3
    select ...;

Comments before a statement name it and weigh it; else it is called by its file, with its number where there are
several. What cannot be read or split is named, skipped and reported, as is later what cannot be planned.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...engine.advisor.workload import Broken, Query
from ...errors import Error
from ...planner.parse import split

_NAME = re.compile(r"^\s*--\s*name:\s*(.+?)\s*$", re.MULTILINE)
_WEIGHT = re.compile(r"^\s*--\s*weight:\s*(\S+)\s*$", re.MULTILINE)
_SUFFIX = re.compile(r":(\d+(?:\.\d+)?)$")


def read(paths: Sequence[str]) -> tuple[list[Query], list[Broken]]:
    """Queries of files and folders, and what is wrong with others. Names are unique."""
    queries: list[Query] = []
    broken: list[Broken] = []
    for given in paths:
        found = _SUFFIX.search(given)
        weight = float(found[1]) if found and not Path(given).exists() else 1.0
        path = Path(given[: found.start()] if found and not Path(given).exists() else given)
        files = sorted(path.glob("*.sql")) if path.is_dir() else [path]
        if not files:
            broken.append(Broken(given, "there is no .sql file in this folder"))
        for file in files:
            for item in _of_file(file, weight):
                (broken if isinstance(item, Broken) else queries).append(item)  # type: ignore[arg-type]
    return _renamed(queries), broken


def _of_file(file: Path, weight: float) -> Iterator[Query | Broken]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        yield Broken(str(file), f"cannot be read: {reason}")
        return
    try:
        pieces = list(split(text))
    except Error as error:
        yield Broken(file.name, str(error))
        return
    if not pieces:
        yield Broken(file.name, "there is no query in it")
    start = 0
    for number, (piece, offset) in enumerate(pieces, 1):
        before = text[start : offset + len(piece)]
        start = offset + len(piece)
        yield _query(piece, before, file.stem if len(pieces) == 1 else f"{file.stem}#{number}", weight)


def _query(text: str, commented: str, name: str, weight: float) -> Query | Broken:
    named, weighed = _NAME.search(commented), _WEIGHT.search(commented)
    name = named[1] if named else name
    if weighed is not None:
        try:
            weight *= float(weighed[1])
        except ValueError:
            return Broken(name, f'weight "{weighed[1]}" is not a number')
        if not 0 < weight < float("inf"):
            return Broken(name, f"weight {weighed[1]} is not above 0")
    return Query(name, text, weight)


def _renamed(queries: Sequence[Query]) -> list[Query]:
    """The same with numbers behind names that come twice."""
    seen: dict[str, int] = {}
    found = []
    for query in queries:
        seen[query.name] = times = seen.get(query.name, 0) + 1
        found.append(query if times == 1 else Query(f"{query.name} ({times})", query.text, query.weight))
    return found
