"""The other advice of Redshift's Advisor (advisor-recommendations.md): loads, statistics, memory, idle capacity.

    copy files       text files of a COPY that are not compressed; fewer files than slices, so that some have no work
    copy analysis    COPY that chooses encodings again for a table whose encodings are known
    statistics       tables that have changed much since ANALYZE
    memory           slots of manual WLM queues that were never used, and hold their queue's memory
    idle             the part of the recorded time in which nothing ran

They are read from the history, the records of loads and the workload manager's configuration. Each says what was seen
and what doing it would gain, where that can be told. Gains are estimates.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import Error
from ...records import dataclass
from ...reserved_words import quoted
from ...storage.catalog import loads
from ...storage.schema import Table

if TYPE_CHECKING:
    from ..context import Context

Record = Mapping[str, Any]

LARGE_BYTES = 5 << 20  # of a COPY: less is not worth the trouble
SPLIT_BYTES = 128 << 20  # files of lines, not compressed, and larger than this are read in ranges by several slices
TEXT_FORMATS = ("DELIMITED", "CSV", "JSON", "FIXEDWIDTH", "TEXT")
COMPRESSED = (".gz", ".bz2", ".zst", ".lzo")
TEXT_SHRINKS = 0.7  # of text, what gzip takes away, about
STALE = 0.1
REPEATED = 3  # loads of one table that make a habit
MANY_SLOTS, UNUSED_SLOTS = 4, 2  # of a queue with more slots than this, so many idle ones are too many (the manual's)
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
    records = [r for r in context.database.history.rows() if not r.get("aborted")]
    return [*_loads(records, context), *_statistics(context), *_memory(records, context), *_idle(records)]


# -- loads ---------------------------------------------------------------------------------------------


def _loads(records: Sequence[Record], context: Context) -> Iterator[Tip]:
    """By table: its last load stands for all."""
    slices = context.view.topology.slices
    texts = {r["query"]: r["querytxt"] for r in records if r["kind"] == "Copy"}
    files: dict[int, set[str]] = {}
    for r in context.database.loads.records(loads.FILES):
        files.setdefault(r["query"], set()).add(r["file"])
    by_table: dict[int, list[Record]] = {}
    for r in context.database.loads.records(loads.LOADS):
        if r["status"] == "completed":
            by_table.setdefault(r["tbl"], []).append(r)
    for runs in by_table.values():
        took = sum(r["end"] - r["start"] for r in runs) / 1e6
        last = runs[-1]
        if last["bytes"] >= LARGE_BYTES:
            yield from _of_files(last, files.get(last["query"], set()), took, slices)
        if len(runs) >= REPEATED and not _without_analysis(texts.get(last["query"], "")):
            yield Tip(
                "copy analysis", f"{last['table']} was loaded {len(runs)} times, each COPY choosing encodings anew",
                "COPY ... COMPUPDATE OFF once the table's encodings are set (ANALYZE COMPRESSION names them)",
                f"on a cluster the analysis of 100,000 rows a slice before each load; they took {took:.1f} s here",
            )


def _of_files(load: Record, names: set[str], took: float, slices: int) -> Iterator[Tip]:
    name, count, size = load["table"], load["files"], load["bytes"]
    text = load["format"].upper() in TEXT_FORMATS
    packed = any(file.lower().endswith(COMPRESSED) for file in names)
    if text and not packed:
        yield Tip("copy files", f"{name} is loaded from {size / 1e6:.1f} MB of text that is not compressed",
                  "compress the files (GZIP) to 1 to 128 MB each",
                  f"about {TEXT_SHRINKS * size / 1e6:.1f} MB less to store and to read over the network")
    in_ranges = not packed and size >= SPLIT_BYTES * count
    if count < slices and not in_ranges:
        saved = took * (1 - count / slices)
        yield Tip("copy files", f"{name} is loaded from {count} file{'s' * (count > 1)} by {slices} slices",
                  f"split the data into {slices} files, or a multiple of it, of about the same size",
                  f"up to {saved:.1f} of {took:.1f} s of its loads, where slices read files side by side")


def _without_analysis(text: str) -> bool:
    """Whether a COPY's text says COMPUPDATE OFF or PRESET."""
    from ...planner.parse import parse_statement
    from ...planner.statements import Copy

    try:
        found = parse_statement(text)
    except Error:
        return False
    return isinstance(found, Copy) and found.options.get("COMPUPDATE") in ("off", "preset")


# -- tables, memory, time ------------------------------------------------------------------------------


def _statistics(context: Context) -> Iterator[Tip]:
    for table in context.view.relations():
        if not isinstance(table, Table):
            continue
        rows = context.view.data(table).statistics.rows
        modified = context.transaction.entry(table).modified
        if rows and modified > STALE * rows:
            name = f"{quoted(table.schema)}.{quoted(table.name)}"
            yield Tip("statistics", f"{modified:,} of {rows:,} rows of {name} are newer than its statistics",
                      f"ANALYZE {name}", "plans that fit the rows that are there")


def _memory(records: Sequence[Record], context: Context) -> Iterator[Tip]:
    """Of manual queues; automatic WLM gives memory to whoever runs. The manager's log knows the queries of this
    process, the history those before."""
    from ..workload.manager import manager_of

    manager = manager_of(context.session)
    configuration = manager.machine.configuration
    if configuration.automatic:
        return
    here = {r.query: {"starttime": r.started, "endtime": r.ended, "class": r.service_class}
            for r in list(manager.log.queries) if r.started}
    records = [r for r in records if r["query"] not in here] + [*here.values()]
    numbers = [configuration.service_class(i) for i in range(len(configuration.queues))]
    if not any(r.get("class") in numbers for r in records):
        return  # nothing is known of any of them
    for number, queue in zip(numbers, configuration.queues):
        own = [r for r in records if r.get("class") == number]
        peak = _side_by_side(own)
        unused = queue.concurrency - peak
        if peak == 0 or (queue.concurrency > MANY_SLOTS and unused >= UNUSED_SLOTS):
            yield Tip(
                "memory", f"queue {queue.name} has {queue.concurrency} slots, of which at most {peak} were in use",
                f"set its concurrency to {peak}" if peak else "leave the queue out, or give its memory to others",
                f"each of its queries has 1/{peak} of the queue's memory instead of 1/{queue.concurrency}" if peak else
                f"{queue.memory_percent:g} % of the memory for other queues",
            )


def _side_by_side(records: Sequence[Record]) -> int:
    """The most statements that ran at a time."""
    steps = sorted([(r["starttime"], 1) for r in records] + [(r["endtime"], -1) for r in records if "endtime" in r])
    peak = now = 0
    for _, step in steps:
        now += step
        peak = max(peak, now)
    return peak


def _idle(records: Sequence[Record]) -> Iterator[Tip]:
    records = [r for r in records if "endtime" in r]
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


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
