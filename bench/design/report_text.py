"""The result in a terminal: designs beside each other, then what is recommended and why."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .report import design_of


def lines(found: dict[str, Any], verbose: bool = False) -> list[str]:
    """The whole report; `verbose`: the candidates that rules struck out, too."""
    return [line for part in (_head, _skipped, _designs, _queries, _recommended) for line in part(found)] + (
        ["", "Struck out by rules:", *(f"  {s}" for s in found["search"]["struck"])] if verbose else []
    )


def table(rows: Sequence[Sequence[str]], right: int = 1) -> list[str]:
    """Columns side by side; those from `right` on are numbers."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(c.rjust(w) if i >= right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths))).rstrip()
            for row in rows]


def size(count: float, digits: int = 1) -> str:
    """`12.3 MB`"""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:,.{digits}f} {unit}"
        count /= 1000
    raise AssertionError


def duration(seconds: float) -> str:
    """`12 ms`, `3.41 s`"""
    if seconds < 1:
        return f"{seconds * 1000:.{int(0 < seconds < 0.01)}f} ms"
    return f"{seconds:.2f} s"


def query_count(count: int) -> str:
    return f"{count} quer{'y' if count == 1 else 'ies'}"


def less(now: float, before: float) -> str:
    """`-83 %` of a baseline."""
    return "" if not before else f"{100 * (now - before) / before:+.0f} %"


def _head(found: dict[str, Any]) -> Iterator[str]:
    yield found["title"]
    yield f"Cluster (reckoned): {found['speeds']}."
    search = found["search"]
    yield (f"{query_count(len(found['queries']))}; {search['designs_seen']:,} designs looked at by estimates "
           f"({search['plans_made']:,} plans), {len(found['designs'])} loaded and measured.")
    if found["left"]:
        yield f"Time was up with {found['left']} changes of single tables unmeasured: --minutes gives more."
    yield from (f"Note: {note}" for note in found["notes"])


def _skipped(found: dict[str, Any]) -> Iterator[str]:
    for name, error in found["broken"]:
        yield f"Skipped: {name}: {error}"
    for text in found["failed"]:
        yield f"Could not be loaded: {text}"
    for text in found["differences"]:
        yield f"WARNING: {text}"


def _designs(found: dict[str, Any]) -> Iterator[str]:
    designs = found["designs"]
    if not designs:
        return
    base = designs[0]
    yield ""
    rows = [["", "cost s", "moved", "", "between nodes", "blocks", "", "wall s", "CPU s", "storage", "load s",
             "vacuum s"]]
    for d in designs:
        mark = "* " if d["name"] == found["recommended"] else "  "
        rows.append([
            mark + d["name"], f"{d['score']:.3f}", size(d["bytes"]), less(d["bytes"], base["bytes"]),
            size(d["node_bytes"]), f"{d['blocks']:,.0f}", less(d["blocks"], base["blocks"]), f"{d['wall']:.2f}",
            f"{d['cpu']:.2f}", size(d["storage"]), f"{d['load_seconds']:.1f}", f"{d['vacuum_seconds']:.1f}",
        ])
    yield from table(rows)
    unit = "MB moved" if found["minimise"] == "bytes" else "seconds of the workload on the cluster"
    yield f"* recommended. cost: {unit}, reckoned; wall, CPU, load, vacuum: this machine, least of the runs."
    for d in designs:
        yield f"  {d['name']}: {d['why']}"
    bare = found["search"]["baseline"]["blocks_bare"]
    yield (f"Of the baseline's blocks about {bare:,.0f} are read by scans without a filter that zone maps can use: no "
           "sort key spares them.")


def _queries(found: dict[str, Any]) -> Iterator[str]:
    best, base = design_of(found, found["recommended"]), found["designs"][0] if found["designs"] else None
    if best is None or base is None or best is base:
        return
    yield ""
    rows = [["query", "moved before", "now", "blocks before", "now", "ms before", "now"]]
    for query in found["queries"]:
        before, now = base["queries"][query["name"]], best["queries"][query["name"]]
        rows.append([
            query["name"], size(before["bytes_distributed"] + before["bytes_broadcast"]),
            size(now["bytes_distributed"] + now["bytes_broadcast"]), f"{before['blocks']:,}", f"{now['blocks']:,}",
            f"{before['wall'] * 1000:.0f}", f"{now['wall'] * 1000:.0f}",
        ])
    yield from table(rows)


def _recommended(found: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"Recommended ({found['recommended']}):"
    for name, chosen in found["tables"].items():
        yield f"  {name}: {chosen['distribution']}, sorted by {chosen['sorting']}"
        yield f"      {chosen['reason']}"
        for column, encoding in chosen["encodings"].items():
            sizes = found["encodings"][name][column]
            yield f"      {column}: {encoding}, {size(sizes['sizes'][encoding])} instead of {size(sizes['now'])}"
    statements = [s for chosen in found["tables"].values() for s in chosen["alter"]]
    if statements:
        yield ""
        yield "To get there:"
        yield from (f"  {line}" for s in statements for line in f"{s};".split("\n"))
    else:
        yield "The tables have this design already."
