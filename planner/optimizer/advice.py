"""Advice: which DISTKEY or DISTSTYLE would have made a move needless; which columns a scan could be sorted by.

    broadcasts 38 MB; DISTKEY(o_orderkey) on both sides avoids it
    redistributes 110 MB; DISTKEY(l_orderkey) on lineitem and DISTKEY(o_orderkey) on orders avoids it
    redistributes 20 MB; DISTKEY(l_partkey) on lineitem avoids it          (part has that key already)
    broadcasts 2 MB; DISTSTYLE ALL on part avoids it

Given for moves of more than ADVICE_BYTES whose join key is a plain column of a base table on both
sides. A table of up to ALL_ROWS rows is better kept everywhere. What AUTO tables lack is noted besides.

Advice on scans needs zone maps, which the planner does not read: engine/scan_advice.py asks for `filtered_columns`.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ...storage.schema import DistStyle
from ..columns import columns_of
from ..expressions import ColumnId, ColumnRef, Expr
from ..logical import Scan
from ..physical import Exchange, Move, Physical, TableScan
from ..predicates import conjoin_or_true
from .distribution import key_column
from .estimates import Estimator
from .join_graph import JoinGraph
from .selectivity import selectivity

if TYPE_CHECKING:
    from ...storage.schema import CatalogView, Table
    from .plan import Planner

ADVICE_BYTES = 1 << 20
ALL_ROWS = 20_000

Origin = tuple["Table", str]  # a table and a column of it
Pairs = tuple[tuple[ColumnRef, Expr], ...]


class Origins:
    """Which column of a table a column is: told by the scans and projections of a plan, once a move asks."""

    def __init__(self) -> None:
        self._known: dict[ColumnId, Origin] = {}
        self._noted: list[Scan | Pairs] = []  # since it was asked last, in the order in which they were planned

    def note(self, made: Scan | Pairs) -> None:
        self._noted.append(made)

    def of(self, column: ColumnId) -> Origin | None:
        for made in self._noted:
            if isinstance(made, Scan):
                table = made.table
                self._known.update({ref.id: (table, table.columns[place].name) for ref, place in made.columns})
                continue
            for ref, expr in made:
                if isinstance(expr, ColumnRef) and expr.id in self._known:
                    self._known.setdefault(ref.id, self._known[expr.id])
        self._noted.clear()
        return self._known.get(column)


def advise(
    planner: Planner, graph: JoinGraph, keys: tuple[tuple[Expr, Expr], ...], masks: tuple[int, int],
    sides: tuple[Physical, Physical],
) -> None:
    """`masks`: the leaves on the probe and the build side; `sides`: their rows, moved or not."""
    moved = [side for side in sides if isinstance(side, Exchange)]
    size = sum([side.props.rows * side.props.width for side in moved])
    if not moved or size < ADVICE_BYTES:
        return
    _want_keys(planner, graph, keys, masks, size)
    remedy = _remedy(planner, graph, keys, masks)
    if remedy is not None:
        verb = "broadcasts" if any(side.move is Move.BROADCAST for side in moved) else "redistributes"
        line = f"{verb} {size / 1e6:.0f} MB; {remedy} avoids it"
        if line not in planner.advice:
            planner.advice.append(line)


def _remedy(
    planner: Planner, graph: JoinGraph, keys: tuple[tuple[Expr, Expr], ...], masks: tuple[int, int]
) -> str | None:
    for probe_key, build_key in keys:
        left = _origin(planner, graph, probe_key, masks[0])
        right = _origin(planner, graph, build_key, masks[1])
        if left is None or right is None or (left[0].id == right[0].id and left[1] != right[1]):
            continue
        if planner.view.data(right[0]).statistics.rows <= ALL_ROWS:
            return f"DISTSTYLE ALL on {right[0].name}"
        missing = [side for side in (left, right) if not _is_key(side)]
        if len(missing) == 2 and left[1] == right[1]:
            return f"DISTKEY({right[1]}) on both sides"
        if missing:
            return " and ".join(f"DISTKEY({column}) on {table.name}" for table, column in missing)
    return None


def _want_keys(
    planner: Planner, graph: JoinGraph, keys: tuple[tuple[Expr, Expr], ...], masks: tuple[int, int], size: float
) -> None:
    """Note the keys that AUTO tables should have for the move not to be (engine/maintenance/distribution.py)."""
    for pair in keys:
        origins = [_origin(planner, graph, key, mask) for key, mask in zip(pair, masks)]
        sides = [side for side in origins if side is not None]
        missing = [side for side in sides if not _is_key(side)]
        if len(sides) == 2 and missing and all(t.declared_style is DistStyle.AUTO for t, _ in missing):
            for table, name in missing:
                position = table.position(name)
                if position is not None:
                    planner.wanted.append((table.id, table.columns[position].id, size))
            return


def _is_key(side: Origin) -> bool:
    table, column = side
    return table.dist_key is not None and table.columns[table.dist_key].name == column


def _origin(planner: Planner, graph: JoinGraph, key: Expr, mask: int) -> Origin | None:
    """The base column of a key; of several equal ones on that side the largest table's."""
    column = key_column(key)
    if column is None:
        return None
    members = graph.classes.get(graph.root(column.id), {})
    columns = [ref.id for i, ref in members.items() if mask >> i & 1] or [column.id]
    every = [planner.origins.of(c) for c in columns]
    found = [origin for origin in every if origin is not None and not planner.view.data(origin[0]).replicated]
    return max(found, key=lambda o: planner.view.data(o[0]).statistics.rows, default=None)


def filtered_columns(node: TableScan, view: CatalogView) -> list[tuple[float, int]]:
    """(share of the table's rows, position in the table) for each column that the scan compares with constants: what
    its predicates on that column alone leave; the fewest first."""
    estimator = Estimator(view)
    rows = estimator.rows(Scan(node.table, node.columns, node.alias))
    parts: dict[int, list[Expr]] = {}
    positions = {ref.id: position for ref, position in node.columns}
    for conjunct in node.pruning:
        named = columns_of(conjunct)
        if len(named) == 1:
            parts.setdefault(positions[min(named)], []).append(conjunct)
    return sorted((selectivity(conjoin_or_true(p), estimator, rows), position) for position, p in parts.items())
