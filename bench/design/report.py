"""The result of a run as one JSON object, which the other reports are made from: report_text.py, report_html.py.

    title, when, machine           what was run, on what
    topology, speeds, minimise     the cluster that is reckoned with
    queries, broken, problems      the workload; what was skipped and why
    search                         candidates, rules, how many designs were looked at
    designs                        measured ones: figures per query, loads, totals, cost
    recommended, tables            per table: design, reason, DDL, ALTER statements
    encodings                      bytes of each column in each encoding
"""
from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from ...engine.advisor.cost import Cluster, seconds
from ...engine.advisor.designs import TableDesign, shown
from ...engine.advisor.workload import Broken, Query
from .. import machine
from .measure import Measured
from .screen import from_json


def result(title: str, parts: dict[str, Any], cluster: Cluster, minimise: str, notes: Sequence[str] = (),
           broken: Sequence[Broken] = ()) -> dict[str, Any]:
    """One object of a finished run's parts."""
    search = parts["search"]
    queries = [Query(*q) for q in search["queries"]]
    measured = [Measured.from_json(m) for m in parts.get("measured", ())]
    return {
        "title": title, "when": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"), "machine": machine.describe(),
        "topology": {"nodes": cluster.nodes, "slices": cluster.slices}, "speeds": cluster.text(),
        "minimise": minimise, "notes": [*notes, *parts.get("problems", ())],
        "queries": [{"name": q.name, "text": q.text, "weight": q.weight} for q in queries],
        "broken": [[b.name, b.error] for b in broken] + search["broken"],
        "search": {k: search[k] for k in ("struck", "candidates", "designs_seen", "plans_made", "sort_keys",
                                          "estimates", "baseline")},
        "designs": [_design(m, queries, cluster, parts["scores"][m.name]) for m in measured],
        "failed": parts.get("failed", []), "left": parts.get("left", 0),
        "recommended": parts["recommended"],
        "tables": _tables(parts), "encodings": parts.get("encodings", {}),
        "differences": _differences(measured),
    }


def _design(measured: Measured, queries: Sequence[Query], cluster: Cluster, score: float) -> dict[str, Any]:
    work = measured.total(queries)
    return measured.to_json() | {
        "designs": {shown(n): str(TableDesign.from_json(d)) for n, d in measured.designs},
        "skew": {name: one.skew for name, one in measured.loads.items()},
        "score": score, "cluster_seconds": seconds(work, cluster), "cpu": work.cpu,
        "wall": sum(measured.queries[q.name].wall * q.weight for q in queries if q.name in measured.queries),
        "bytes": work.bytes_slices, "node_bytes": work.bytes_nodes, "blocks": work.blocks,
        "blocks_skipped": work.blocks_skipped, "moves": work.moves,
        "spilled": sum(q.spilled for q in measured.queries.values()),
        "seconds": {name: seconds(q.work(), cluster) for name, q in measured.queries.items()},
    }


def _tables(parts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    design = from_json(parts["design"])
    return {
        shown(name): {
            "design": str(chosen), "distribution": chosen.distribution, "sorting": chosen.sorting,
            "encodings": dict(chosen.encodings), "reason": parts["reasons"][shown(name)],
            "collocated": parts["partners"][shown(name)], "ddl": parts["ddl"][shown(name)],
            "alter": parts["statements"][shown(name)],
        }
        for name, chosen in design.items()
    }


def _differences(measured: Sequence[Measured]) -> list[str]:
    """Queries that gave another number of rows in some design: a design may change costs, never answers."""
    found = []
    for name in measured[0].queries if measured else ():
        rows = {m.queries[name].rows for m in measured if name in m.queries and m.queries[name].error is None}
        if len(rows) > 1:
            found.append(f"{name}: {' or '.join(f'{r:,}' for r in sorted(rows))} rows, by design")
    return found


def ddl(found: dict[str, Any]) -> str:
    """The recommendation as a script: the tables anew, and as comments what alters those that are there."""
    lines = [f"-- {found['title']}: recommended design", ""]
    for name, table in found["tables"].items():
        lines += [f"-- {name}: {table['reason']}", table["ddl"], ""]
    lines.append("-- The same for tables that are there:")
    for table in found["tables"].values():
        lines += [f"-- {line}" for statement in table["alter"] for line in f"{statement};".split("\n")]
    return "\n".join(lines) + "\n"


def design_of(found: dict[str, Any], name: str) -> dict[str, Any] | None:
    """A measured design's figures by name."""
    return next((d for d in found["designs"] if d["name"] == name), None)
