"""The result as one HTML page: everything is in it, styles and plots too; it opens without a network.

    what is recommended, in a sentence and in figures  ->  tables, reasons  ->  statements  ->  plots  ->  small print
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

from . import plots
from .report import design_of
from .report_text import duration, less, query_count, size

SHOWN_DESIGNS = 4  # in plots by query
SHOWN_COLUMNS = 10  # of encodings, the largest
SHOWN_KEYS = 10

STYLE = """
:root { --fg: #1b2733; --bg: #fff; --soft: #5b6b7a; --line: #d5dde4; --card: #f4f7f9; --pale: #c9d3dc; --c0: #2f6f9f;
  --c1: #d0782a; --c2: #3f8f5f; --c3: #8a5aa8; --c4: #b03a48; }
@media (prefers-color-scheme: dark) { :root { --fg: #e4eaf0; --bg: #14191f; --soft: #9aa9b7; --line: #2f3a45; --card:
  #1c232b; --pale: #3a4651; --c0: #5fa3d6; --c1: #e59a54; --c2: #62b685; --c3: #b48ad0; --c4: #dd6b78; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--fg); background: var(--bg); max-width: 1000px; margin: 0
  auto; padding: 24px 20px 80px; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 40px 0 8px; }
h3 { font-size: 15px; margin: 22px 0 4px; } p { margin: 6px 0; } .soft, .soft td { color: var(--soft); }
.cards { display: flex; flex-wrap: wrap; gap: 12px; margin: 18px 0; }
.card { background: var(--card); border-radius: 8px; padding: 10px 16px; min-width: 150px; }
.card b { display: block; font-size: 22px; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13.5px; }
th, td { padding: 4px 12px 4px 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tr.best td { font-weight: 600; } td:first-child { white-space: nowrap; }
pre { background: var(--card); padding: 12px 14px; border-radius: 8px; overflow-x: auto; font-size: 12.5px; }
.warn { border-left: 4px solid var(--c4); padding-left: 12px; } details { margin: 8px 0; }
summary { cursor: pointer; }
svg.plot { width: 100%; min-width: 560px; height: auto; max-width: 900px; display: block; }
td.text { min-width: 240px; }
svg text { fill: var(--fg); font-size: 12px; } svg .small { font-size: 10.5px; fill: var(--soft); }
svg .end { text-anchor: end; } svg .middle { text-anchor: middle; } svg .strong { font-weight: 700; }
.s0 { fill: var(--c0); } .s1 { fill: var(--c1); } .s2 { fill: var(--c2); } .s3 { fill: var(--c3); }
.s4 { fill: var(--c4); } .pale { fill: var(--pale); } .axis { stroke: var(--soft); } .grid { stroke: var(--line); }
.front { fill: none; stroke: var(--c1); stroke-width: 1.5; stroke-dasharray: 4 3; } .legend { font-size: 12.5px; }
.key { margin-right: 18px; white-space: nowrap; }
"""


def page(found: dict[str, Any]) -> str:
    """The whole page."""
    best = design_of(found, found["recommended"])
    base = found["designs"][0] if found["designs"] else None
    parts = [_head(found, best, base), _skipped(found), _recommendation(found), _statements(found)]
    if best is not None and base is not None:
        parts += [_designs(found), _by_query(found, best, base), _front(found), _skew(best, base)]
    parts += [_sort_keys(found), _encodings(found), _small_print(found)]
    title = escape(f"Table design: {found['title']}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>\n<body>'
        + "\n".join(p for p in parts if p) + "</body></html>\n"
    )


# -- parts ---------------------------------------------------------------------------------------------


def _head(found: dict[str, Any], best: dict[str, Any] | None, base: dict[str, Any] | None) -> str:
    nodes, slices = found["topology"]["nodes"], found["topology"]["slices"]
    out = [f"<h1>Table design: {escape(found['title'])}</h1>",
           f'<p class="soft">{query_count(len(found["queries"]))} on {nodes} node{"s" * (nodes > 1)} with {slices} '
           f'slice{"s" * (slices > 1)} in all; {found["search"]["designs_seen"]:,} designs looked at by estimates, '
           f'{len(found["designs"])} loaded and measured; {escape(found["when"])}</p>']
    if best is None or base is None:
        out.append("<p>Nothing was loaded: what follows rests on the optimiser's estimates alone.</p>")
    elif best is base:
        out.append("<p><b>The tables are designed well: no measured design is better.</b></p>")
    else:
        out.append(f'<p>Recommended: <b>{escape(best["name"])}</b>. Beside the tables as they are:</p>')
        out.append('<div class="cards">' + "".join(_card(*c) for c in (
            ("bytes moved between slices", best["bytes"], base["bytes"], size),
            ("blocks read", best["blocks"], base["blocks"], _count),
            ("seconds on the cluster, reckoned", best["cluster_seconds"], base["cluster_seconds"], duration),
            ("storage on the cluster", best["storage"], base["storage"], size),
        )) + "</div>")
    return "\n".join(out)


def _card(name: str, now: float, before: float, show: Callable[[float], str]) -> str:
    change = less(now, before) or "0"
    return f'<div class="card">{escape(name)}<b>{escape(change)}</b>{show(before)} → {show(now)}</div>'


def _skipped(found: dict[str, Any]) -> str:
    lines = [f"Skipped: {name}: {error}" for name, error in found["broken"]]
    lines += [f"Could not be loaded: {text}" for text in found["failed"]]
    lines += [f"Answers differ: {text}" for text in found["differences"]]
    lines += found["notes"]
    if found["left"]:
        lines.append(f"Time was up with {found['left']} changes of single tables unmeasured.")
    return '<div class="warn">' + "".join(f"<p>{escape(line)}</p>" for line in lines) + "</div>" if lines else ""


def _recommendation(found: dict[str, Any]) -> str:
    rows = [[name, t["distribution"], t["sorting"], ", ".join(f"{c} {e}" for c, e in t["encodings"].items()) or "auto",
             t["reason"]] for name, t in found["tables"].items()]
    return "<h2>What to do, table by table</h2>" + _table(
        ["table", "distribution", "sort key", "encodings", "why"], rows, numbers=99, texts=(4,))


def _statements(found: dict[str, Any]) -> str:
    statements = [f"{s};" for t in found["tables"].values() for s in t["alter"]]
    ddl = "\n\n".join(t["ddl"] for t in found["tables"].values())
    text = escape("\n".join(statements)) if statements else "-- The tables have this design already."
    return (f"<h2>Statements</h2><p>For the tables that are there:</p><pre>{text}</pre>"
            f"<details><summary>The tables made anew</summary><pre>{escape(ddl)}</pre></details>")


def _designs(found: dict[str, Any]) -> str:
    base = found["designs"][0]
    rows, best = [], None
    for i, d in enumerate(found["designs"]):
        best = i if d["name"] == found["recommended"] else best
        rows.append([d["name"], f"{d['score']:.3f}", size(d["bytes"]), less(d["bytes"], base["bytes"]),
                     size(d["node_bytes"]), f"{d['blocks']:,.0f}", less(d["blocks"], base["blocks"]),
                     f"{d['wall']:.2f}", f"{d['cpu']:.2f}", size(d["spilled"]), size(d["storage"]),
                     f"{d['load_seconds']:.1f}", f"{d['vacuum_seconds']:.1f}"])
    unit = ("MB moved" if found["minimise"] == "bytes" else
            "seconds on the cluster, without what may be noise of CPU time, and a little for storage")
    details = "".join(
        f"<details><summary>{escape(d['name'])}: {escape(d['why'])}</summary>"
        + _table(["table", "design", "rows of the fullest slice / a fair share"],
                 [[t, text, f"{d['skew'][t]:.2f}"] for t, text in d["designs"].items()], numbers=2) + "</details>"
        for d in found["designs"])
    return ("<h2>Designs that were measured</h2>" + _table(
        ["design", "cost", "moved", "", "between nodes", "blocks read", "", "wall s", "CPU s", "spilled", "storage",
         "load s", "vacuum s"], rows, numbers=1, best=best)
        + f'<p class="soft">Cost: {escape(unit)}, less is better. Wall, CPU, load, vacuum: seconds of this machine'
        f"; each query counts with its quickest run.</p>{details}")


def _by_query(found: dict[str, Any], best: dict[str, Any], base: dict[str, Any]) -> str:
    shown = _some_designs(found, best, base)
    names = [d["name"] for d in shown]
    asked = [q["name"] for q in found["queries"]]
    seconds = [(q, [d["seconds"].get(q, 0.0) for d in shown]) for q in asked]
    moved = [(q, [_moved(d["queries"].get(q)) for d in shown]) for q in asked]
    moving = [row for row in moved if any(row[1])]
    rows = [[q, *(f"{d['queries'][q]['wall'] * 1000:.0f}" for d in shown),
             *(size(_moved(d["queries"][q])) for d in shown), *(f"{d['queries'][q]['blocks']:,}" for d in shown)]
            for q in asked]
    heads = ["query", *(f"ms, {n}" for n in names), *(f"moved, {n}" for n in names), *(f"blocks, {n}" for n in names)]
    return ("<h2>Query by query</h2><h3>Seconds on the cluster, reckoned</h3>" + plots.bars(seconds, names, duration)
            + "<h3>Bytes moved between slices</h3>" + (plots.bars(moving, names, size) if moving else "<p>None.</p>")
            + "<details><summary>All figures</summary>" + _table(heads, rows, numbers=1) + "</details>")


def _some_designs(found: dict[str, Any], best: dict[str, Any], base: dict[str, Any]) -> list[dict[str, Any]]:
    """The baseline, the recommended one, and the next best."""
    others = sorted((d for d in found["designs"] if d is not best and d is not base), key=lambda d: d["score"])
    picked = [base, *([best] if best is not base else [])]
    return picked + others[: SHOWN_DESIGNS - len(picked)]


def _moved(query: dict[str, Any] | None) -> float:
    return 0.0 if query is None else float(query["bytes_distributed"] + query["bytes_broadcast"])


def _front(found: dict[str, Any]) -> str:
    points = [_point(d, found) for d in found["designs"]]
    if len(points) < 2:
        return ""
    return ("<h2>Cost against storage</h2>"
            + plots.scatter(points, "storage on the cluster", "cost", lambda x: size(x, 2), lambda cost: f"{cost:.3g}")
            + '<p class="soft">The dashed line joins the designs that no other beats in both.</p>')


def _point(design: dict[str, Any], found: dict[str, Any]) -> plots.Point:
    """Colours as in the other plots: the baseline first, then the recommended design."""
    recommended, baseline = design["name"] == found["recommended"], design is found["designs"][0]
    series = 0 if baseline else 1 if recommended else 3
    return plots.Point(design["storage"], design["score"], design["name"], series, recommended or baseline)


def _skew(best: dict[str, Any], base: dict[str, Any]) -> str:
    groups = []
    for table, load in best["loads"].items():
        if load["slice_rows"]:
            groups.append((f"{table}, recommended", load["slice_rows"], 1))
        before = base["loads"].get(table)
        if best is not base and load["slice_rows"] and before and before["slice_rows"]:
            groups.append((f"{table}, baseline", before["slice_rows"], 0))
    everywhere = [t for t, load in best["loads"].items() if not load["slice_rows"]]
    text = f'<p class="soft">On every node (ALL): {escape(", ".join(everywhere))}.</p>' if everywhere else ""
    return "<h2>Rows of each slice</h2>" + (plots.columns(groups, _count) if groups else "") + text


def _sort_keys(found: dict[str, Any]) -> str:
    keys = found["search"]["sort_keys"]
    out = []
    for table, rows in keys.items():
        chosen = found["tables"].get(table, {}).get("sorting", "")
        shown = list(rows[:SHOWN_KEYS])
        shown += [r for r in rows[SHOWN_KEYS:] if r[0] in (chosen, "none")]
        out.append(f"<h3>{escape(table)}</h3>" + plots.stacked([(r[0], r[1], r[2]) for r in shown],
                                                              ("read", "skipped"), _count, chosen))
    if not out:
        return ""
    return ("<h2>Blocks read and skipped, by sort key</h2><p>Of the whole workload, by the estimates, one table "
            "changed at a time; the chosen key is bold.</p>" + "".join(out))


def _encodings(found: dict[str, Any]) -> str:
    columns = [(f"{table}.{name}", f) for table, of in found["encodings"].items() for name, f in of.items()]
    columns.sort(key=lambda c: -c[1]["now"])
    if not columns:
        return ""
    out = []
    for name, f in columns[:SHOWN_COLUMNS]:
        sizes = sorted(f["sizes"].items(), key=lambda item: item[1])
        chosen = f["best"]
        out.append(f"<h3>{escape(name)}: {escape(chosen)}</h3>"
                   + plots.bars([(e, [amount]) for e, amount in sizes], ["bytes"], size, chosen).partition("<p")[0])
    return ("<h2>Storage by encoding</h2><p>The largest columns, each in every encoding that its type may have. The "
            "bold one is recommended: a smaller one only where it spares blocks, and enough to be worth its decoding "
            "(LZO and ZSTD more than others).</p>"
            f"<details open><summary>{len(out)} of {len(columns)} columns</summary>{''.join(out)}</details>")


def _small_print(found: dict[str, Any]) -> str:
    machine = found["machine"]
    bare = found["search"]["baseline"]["blocks_bare"]
    struck = "".join(f"<li>{escape(s)}</li>" for s in found["search"]["struck"])
    texts = "".join(f"<h3>{escape(q['name'])} (weight {q['weight']:g})</h3><pre>{escape(q['text'])}</pre>"
                      for q in found["queries"])
    return (
        "<h2>How to read the figures</h2>"
        f"<p>Bytes, blocks and rows are counted as the queries run. Seconds on the cluster are reckoned from them, "
        f"never measured: {escape(found['speeds'])}; CPU time of this machine is divided by the slices.</p>"
        f"<p>Of the baseline's blocks about {bare:,.0f} are read by scans without a filter that zone maps can use: no "
        f"sort key spares them.</p><p>Machine: {escape(machine['cpu'])}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB; load {machine['load_average'][0]}.</p>"
        f"<details><summary>Candidates that rules struck out</summary><ul>{struck}</ul></details>"
        f"<details><summary>The workload's queries</summary>{texts}</details>"
    )


# -- small things --------------------------------------------------------------------------------------


def _table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int, best: int | None = None,
    texts: Sequence[int] = (),
) -> str:
    """Columns from `numbers` on are figures; `texts`: columns of sentences, which stay wide in a narrow window."""
    def cells(row: Sequence[str], tag: str) -> str:
        figure = [" class=n" if numbers <= i else " class=text" if i in texts else "" for i in range(len(row))]
        return "".join(f"<{tag}{f}>{escape(c)}</{tag}>" for c, f in zip(row, figure))

    body = "".join(f'<tr{" class=best" if i == best else ""}>{cells(row, "td")}</tr>' for i, row in enumerate(rows))
    return f'<div class="scroll"><table><tr>{cells(heads, "th")}</tr>{body}</table></div>'


def _count(value: float) -> str:
    return f"{value:,.0f}"
