"""Which orders of rows over the slices can matter to a join above: by what columns they are hashed.

    a.k = b.k = c.k     {a, b} hashed by k     joins with c by it: worth a price
                        {a, b, c} by k         no join above has k for a key: as good as anywhere
    a.x = d.x           {a} by x               nothing puts a's rows there but the join with d: never seen

A search for interesting orders, after Selinger and others (1979), that knows beforehand which they are. Most graphs
have none: a table of facts meets dimensions that are everywhere, or by keys that are used once.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...records import dataclass
from ..expressions import ColumnId, Expr
from .distribution import key_column
from .join_graph import JoinGraph
from .movement import Where


@dataclass(slots=True)
class Order:
    """A class of columns as a place of rows. All numbers are masks of leaves.

    `members`: those with a column of the class; `native`: whose rows lie so from the start; `asked`: (leaves that a set
    must hold, leaves that it must not), so that a join that is not of the class asks for it; `made`: leaves whose join
    may leave rows so, the class's own apart."""

    root: ColumnId
    members: int
    native: int
    asked: list[tuple[int, int]]
    made: list[int]


def live_orders(orders: Iterable[Order], mask: int) -> frozenset[ColumnId]:
    """The classes that rows of a set may lie by, and that a join with others may have for keys."""
    found = []
    for order in orders:
        inside = order.members & mask
        if not mask & order.native and not inside & (inside - 1) and not any(not m & ~mask for m in order.made):
            continue
        if inside and order.members & ~mask:
            found.append(order.root)
            continue
        for held, out in order.asked:
            if not held & ~mask and not mask & out:
                found.append(order.root)
                break
    return frozenset(found)


def orders(graph: JoinGraph, places: Sequence[Sequence[Where]]) -> list[Order]:
    """Those that may matter to some set of a graph's leaves; `places`: where the rows of each leaf lie."""
    found = {
        root: Order(root, sum([1 << i for i in members]), 0, [], [])
        for root, members in graph.classes.items() if len(members) > 1
    }

    def of(expr: Expr) -> Order | None:
        column = key_column(expr)
        if column is None:
            return None
        root = graph.root(column.id)
        return found.setdefault(root, Order(root, 0, 0, [], []))

    for pair in graph.pairs:
        masks = (pair.left_mask, pair.right_mask)
        for expr, own, other in ((pair.left, *masks), (pair.right, *masks[::-1])):
            if (order := of(expr)) is not None:
                order.asked.append((own, other))
                order.made.append(own | other)
    for leaf in graph.leaves:
        bit = 1 << leaf.index
        for key in leaf.keys:
            for expr, asked in zip(key, ((0, bit), (bit, ~bit))):
                if (order := of(expr)) is not None:
                    order.asked.append(asked)
                    order.made.append(bit)
    for i, wheres in enumerate(places):
        for where in wheres:
            for root in where if where.__class__ is tuple else ():
                if root in found:
                    found[root].native |= 1 << i
    return [o for o in found.values() if o.native or o.made or o.members.bit_count() > 2]
