"""Window functions over slices: rows of a partition together, sorted once for as many windows as possible.

    WindowRows        sum(x) BY a ORDER b
      WindowRows      rank() BY a ORDER b, c        satisfied by the same sort
        SortRows      a, b, c
          Exchange    dist by a                     left out where a holds the distribution key

All windows that stand on each other are planned together. The one with most keys comes first (at the
bottom), then each that the present sort serves: its partition columns are the sort's first ones, in any
order, and its ORDER BY follows. Where rows must move, they move by the columns that all partitions share,
if these have values enough to keep all slices busy. Windows without PARTITION BY come last: on the leader.

Keys and arguments that are expressions become columns below the sort, so that a Window step reads columns only.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from typing import TYPE_CHECKING

from ...records import dataclass
from ..columns import columns_of_all, physical_columns
from ..expressions import ColumnId, ColumnRef, Expr, Literal
from ..logical import Logical, SortKey, Window
from ..physical import Move, OnLeader, Physical, Props, SortRows, WindowRows
from ..traverse import expressions
from .cost import OPERATOR_ROW, sort_cost
from .distribution import exchange, gather, is_hashed_by, key_column, one_copy
from .joins import narrow

if TYPE_CHECKING:
    from .plan import Planner

BUSY_GROUPS = 16  # values a slice from which the columns that all partitions share spread the rows well


def plan_window(planner: Planner, node: Window, needed: set[ColumnId]) -> Physical:
    windows, below = _stacked(node)
    made = {ref.id for w in windows for ref, _ in w.calls}
    used = (needed | columns_of_all([e for w in windows for e in expressions(w)])) - made
    source = one_copy(narrow(planner.plan(below, used), used, planner))
    for window in windows:
        planner.estimator.rows(window)  # once it is known better what comes from below
    step = _Step(planner, source)
    step.compute(e for w in windows for e in _computed(w))
    waiting = sorted(windows, key=lambda w: (not w.partition, -len(w.partition) - len(w.order)))
    while waiting:
        chosen = next((w for w in waiting if step.serves(w)), waiting[0])
        if not step.serves(chosen):
            step.prepare(chosen, waiting)
        waiting = [w for w in waiting if w is not chosen]
        step.add(chosen)
    return step.source


def _stacked(node: Window) -> tuple[list[Window], Logical]:
    """The windows from `node` down that do not use each other, in the order of the text, and their input."""
    windows: list[Window] = []
    plan: Logical = node
    used: set[ColumnId] = set()
    while isinstance(plan, Window) and used.isdisjoint(ref.id for ref, _ in plan.calls):
        windows.append(plan)
        used |= columns_of_all(expressions(plan))
        plan = plan.input
    return windows[::-1], plan


def _computed(window: Window) -> list[Expr]:
    keys = (*window.partition, *[k.expr for k in window.order])
    args = [a for _, call in window.calls for i, a in enumerate(call.args) if not _is_parameter(i, a)]
    return [e for e in (*keys, *args) if not isinstance(e, ColumnRef)]


def _is_parameter(place: int, arg: Expr) -> bool:
    """A constant behind the first argument stays one."""
    return place > 0 and isinstance(arg, Literal)


@dataclass(slots=True)
class _Step:
    """The plan so far, the order of its rows on each slice, and the columns that stand for expressions."""

    planner: Planner
    source: Physical
    sorted: tuple[SortKey, ...] = ()
    columns: dict[Expr, ColumnRef] = field(default_factory=dict)

    def compute(self, exprs: Iterable[Expr]) -> None:
        """Makes a column of each expression."""
        for expr in exprs:
            if expr not in self.columns:
                self.columns[expr] = self.planner.fresh(expr.type, "window_key")
        if self.columns:
            passed: list[tuple[ColumnRef, Expr]] = [(c, c) for c in physical_columns(self.source)]
            passed.extend([(ref, expr) for expr, ref in self.columns.items()])
            self.source = self.planner.project(self.source, tuple(passed))

    def plain(self, expr: Expr) -> Expr:
        return self.columns.get(expr, expr)

    def partition(self, window: Window) -> list[Expr]:
        return [self.plain(e) for e in window.partition]

    def order(self, window: Window) -> tuple[SortKey, ...]:
        """Its ORDER BY; keys of the partition say nothing more."""
        keys = [SortKey(self.plain(k.expr), k.descending, k.nulls_first) for k in window.order]
        by = self.partition(window)
        return tuple([k for k in keys if k.expr not in by])

    # -- what there is -----------------------------------------------------------------------------

    def serves(self, window: Window) -> bool:
        """Whether the rows lie and are sorted as the window needs them."""
        by = self.partition(window)
        head, tail = self.sorted[: len(by)], self.sorted[len(by):]
        order = self.order(window)
        together = {k.expr for k in head} == set(by) and tail[: len(order)] == order
        return together and self._lies_well(window)

    def _lies_well(self, window: Window) -> bool:
        props = self.source.props
        if isinstance(props.distribution, OnLeader):
            return True
        if not window.partition:
            return False
        keys = [key_column(e) for e in window.partition]
        columns = {c.id for c in keys if c is not None}
        columns |= {e.id for e in self.partition(window) if isinstance(e, ColumnRef)}
        return self.planner.slices == 1 or is_hashed_by(props, columns) is not None

    # -- what it takes -----------------------------------------------------------------------------

    def prepare(self, window: Window, waiting: list[Window]) -> None:
        """Moves and sorts the rows for `window`, with an eye on those that wait behind it."""
        if not self._lies_well(window):
            keys = self._keys_to_move_by(window, waiting)
            self.source = exchange(self.source, Move.DISTRIBUTE, tuple(keys)) if keys else gather(self.source)
            self.sorted = ()
        others = [set(self.partition(w)) for w in waiting]
        by = sorted(self.partition(window), key=lambda e: -sum(e in other for other in others))
        order = tuple([SortKey(e) for e in by]) + self.order(window)
        if order and self.sorted[: len(order)] != order:
            self._sort(order)

    def _keys_to_move_by(self, window: Window, waiting: list[Window]) -> list[Expr]:
        own = self.partition(window)
        shared = [e for e in own if all(e in self.partition(w) for w in waiting if w.partition)]
        values = self.planner.estimator.groups(shared, self.source.props.rows) if shared else 0.0
        return shared if values >= BUSY_GROUPS * self.planner.slices else own

    def _sort(self, keys: tuple[SortKey, ...]) -> None:
        below = self.source.props
        cost = sort_cost((below.first_cost, below.cost), below.rows)
        props = Props(below.rows, below.width, *cost, below.distribution, below.also_hashed)
        self.source, self.sorted = SortRows(self.source, keys, props), keys

    def add(self, window: Window) -> None:
        calls = tuple([
            (ref, replace(call, args=tuple([
                a if _is_parameter(i, a) else self.plain(a) for i, a in enumerate(call.args)
            ])))
            for ref, call in window.calls
        ])
        below = self.source.props
        width = below.width + self.planner.estimator.width(tuple([ref for ref, _ in calls]))
        cost = below.cost + below.rows * OPERATOR_ROW * len(calls)
        props = Props(below.rows, width, below.first_cost, cost, below.distribution, below.also_hashed)
        order = tuple([SortKey(self.plain(k.expr), k.descending, k.nulls_first) for k in window.order])
        self.source = WindowRows(self.source, tuple(self.partition(window)), order, calls, props)
