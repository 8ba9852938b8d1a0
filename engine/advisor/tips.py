"""The other advice of Redshift's Advisor (advisor-recommendations.md): loads, statistics, memory, idle capacity.

    copy files       text files of a COPY that are not compressed; fewer files than slices, so that some have no work
    copy analysis    COPY that chooses encodings again for a table whose encodings are known
    statistics       tables that have changed much since ANALYZE
    memory           queries that ever ran side by side, and what each would have of the memory with as many slots
    idle             the part of the recorded time in which nothing ran

Each says what was seen and what doing it would gain, where that can be told. Gains are estimates.
"""
from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import Error
from ...records import dataclass
from ...storage.schema import Table

if TYPE_CHECKING:
    from ...planner.statements import Copy
    from ..context import Context

LARGE_BYTES = 5 << 20  # of a COPY: less is not worth the trouble
COMPRESSED = (".gz", ".bz2", ".zst", ".lzo", ".parquet", ".orc", ".avro")
TEXT_SHRINKS = 0.7  # of text, what gzip takes away, about
STALE = 0.1
REPEATED = 3  # loads of one table that make a habit
SPAN = 60.0  # seconds of history from which on idle time means something


@dataclass(frozen=True, slots=True)
class Tip:
    """`subject`: copy files, copy analysis, statistics, memory, idle; `gain`: in words."""

    subject: str
    what: str
    do: str
    gain: str


def tips(context: Context) -> list[Tip]:
    """For the recorded history and the tables as they are."""
    records = [r for r in context.database.history.rows() if not r["aborted"]]
    found = [*_copies(records, context), *_statistics(context), *_memory(records), *_idle(records)]
    return found


# -- loads ---------------------------------------------------------------------------------------------


def _copies(records: Sequence[Mapping[str, Any]], context: Context) -> Iterator[Tip]:
    slices = context.view.topology.slices
    seconds: dict[str, list[float]] = {}
    parsed: dict[str, Copy] = {}
    for r in records:
        if r["kind"] == "Copy" and (copy := _parsed(r["querytxt"])) is not None:
            key = f"{copy.table.schema or 'public'}.{copy.table.name}"
            seconds.setdefault(key, []).append((r["endtime"] - r["starttime"]) / 1e6)
            parsed[key] = copy
    for name, copy in parsed.items():
        files = _files(copy.source)
        total = sum(size for _, size in files)
        took = sum(seconds[name])
        if total >= LARGE_BYTES:
            yield from _of_files(name, copy, files, total, took, slices)
        if len(seconds[name]) >= REPEATED and copy.options.get("COMPUPDATE") not in ("off", "preset"):
            yield Tip(
                "copy analysis", f"{name} was loaded {len(seconds[name])} times, each COPY choosing encodings anew",
                "COPY ... COMPUPDATE OFF once the table's encodings are set (ANALYZE COMPRESSION names them)",
                f"on a cluster the analysis of 100,000 rows a slice before each load; they took {took:.1f} s here",
            )


def _of_files(name: str, copy: Copy, files: Sequence[tuple[str, int]], total: int, took: float,
              slices: int) -> Iterator[Tip]:
    plain = sum(size for path, size in files if not path.lower().endswith(COMPRESSED))
    if copy.format != "parquet" and plain >= LARGE_BYTES and not copy.options.get("GZIP"):
        yield Tip("copy files", f"{name} is loaded from {plain / 1e6:.0f} MB of text that is not compressed",
                  "compress the files (GZIP) to 1 to 128 MB each",
                  f"about {TEXT_SHRINKS * plain / 1e6:.0f} MB less to store and to read over the network")
    if len(files) < slices:
        saved = took * (1 - len(files) / slices)
        yield Tip("copy files", f"{name} is loaded from {len(files)} file{'s' * (len(files) > 1)} by {slices} slices",
                  f"split the data into {slices} files, or a multiple of it, of about the same size",
                  f"up to {saved:.1f} of {took:.1f} s of its loads, where slices read files side by side")


def _parsed(text: str) -> Copy | None:
    from ...planner.parse import parse_statement
    from ...planner.statements import Copy

    try:
        found = parse_statement(text)
    except Error:
        return None
    return found if isinstance(found, Copy) else None


def _files(source: str) -> list[tuple[str, int]]:
    """Local files that a COPY source names, with their sizes; none for object stores."""
    path = source.removeprefix("file://")
    if "://" in path:
        return []
    if os.path.isdir(path):
        found = [os.path.join(path, f) for f in os.listdir(path)]
    else:
        found = glob.glob(glob.escape(path) + "*")
    return [(f, os.path.getsize(f)) for f in found if os.path.isfile(f)]


# -- tables, memory, time ------------------------------------------------------------------------------


def _statistics(context: Context) -> Iterator[Tip]:
    for table in context.view.relations():
        if not isinstance(table, Table):
            continue
        rows = context.view.data(table).statistics.rows
        modified = context.transaction.entry(table).modified
        if rows and modified > STALE * rows:
            name = f"{table.schema}.{table.name}"
            yield Tip("statistics", f"{modified:,} of {rows:,} rows of {name} are newer than its statistics",
                      f"ANALYZE {name}", "plans that fit the rows that are there")


def _memory(records: Sequence[Mapping[str, Any]]) -> Iterator[Tip]:
    """The most queries that ran side by side."""
    ends = sorted([(r["starttime"], 1) for r in _queries(records)] + [(r["endtime"], -1) for r in _queries(records)])
    peak = now = 0
    for _, step in ends:
        now += step
        peak = max(peak, now)
    if peak:
        yield Tip("memory", f"at most {peak} quer{'ies' if peak > 1 else 'y'} ran side by side",
                  f"a queue with {peak} slot{'s' * (peak > 1)} (wlm_query_slot_count or the queue's concurrency)",
                  f"each query has 1/{peak} of its queue's memory; of a queue with five slots it has 1/5")


def _idle(records: Sequence[Mapping[str, Any]]) -> Iterator[Tip]:
    if not records:
        return
    first, last = min(r["starttime"] for r in records), max(r["endtime"] for r in records)
    busy, until = 0, first
    for r in sorted(records, key=lambda r: r["starttime"]):
        busy += max(0, r["endtime"] - max(until, r["starttime"]))
        until = max(until, r["endtime"])
    span = (last - first) / 1e6
    share = 1 - busy / max(1, last - first)
    if span >= SPAN and share >= 0.5:
        yield Tip("idle", f"nothing ran in {share:.0%} of the {_duration(span)} that the history covers",
                  "pause the cluster between loads and reports, or take a smaller one",
                  f"{share:.0%} of its hours, if they can be told beforehand")


def _queries(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [r for r in records if r["kind"] in ("Select", "Insert", "Copy", "CreateTableAs")]


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
