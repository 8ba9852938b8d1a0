"""From a rewritten logical plan to a physical one: one function per kind of node.

`Planner.plan(node)` gives a physical node whose `props.distribution` says where its rows are; a parent
that needs them elsewhere puts an exchange there. Joins, aggregates and orders have files of their own.

    needed        the columns that are used above: what is moved or kept is narrowed to them
    ordered       the order of the node's rows is seen by the user (or by a limit)
    to_leader     the rows are wanted on the leader soon: small results may as well be made there
"""
from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from ...storage.distribution import family
from ...storage.schema import ExternalTable, Table
from ...storage.types import SqlType
from ..columns import columns_of, columns_of_all, output_columns
from ..expressions import ColumnId, ColumnRef, Compare, Expr, InList, Like, Literal
from ..logical import (
    Aggregate,
    CteRef,
    DependentJoin,
    Filter,
    GroupingSets,
    Join,
    Limit,
    Logical,
    Project,
    Query,
    Recursion,
    Scan,
    SetOperation,
    Sort,
    Unnest,
    Values,
    VirtualScan,
    Window,
    WorkingRows,
)
from ..physical import (
    ConstantRows,
    Distribution,
    ExternalScan,
    FilterRows,
    Hashed,
    OnLeader,
    Physical,
    ProjectColumns,
    Props,
    Shared,
    TableScan,
    UnionAll,
    UnnestRows,
    VirtualTableScan,
    WorkingTable,
)
from ..predicates import conjuncts, is_false_or_null
from ..traverse import walk_plan
from .advice import Origins
from .aggregates import plan_aggregate
from .cost import Weights, filter_cost, scan_cost
from .distribution import LEADER, PARTITIONED, REPLICATED, key_column, on_slices, one_copy
from .estimates import Estimator
from .joins import narrow, plan_join
from .ordering import plan_limit, plan_sort
from .recursion import plan_recursion
from .windows import plan_window

if TYPE_CHECKING:
    from ...storage.schema import CatalogView

Pairs = tuple[tuple[ColumnRef, Expr], ...]
FIRST_SHARE = 1 << 16  # numbers below belong to common table expressions


class Planner:
    """State of planning one query."""

    def __init__(self, view: CatalogView, query: Query, next_id: count[int]) -> None:
        self.view = view
        self.slices = view.topology.slices
        self.weights = Weights(view.topology.nodes, self.slices)
        self.estimator = Estimator(view)
        self.tables: dict[int, Table] = {}
        self.advice: list[str] = []
        self.wanted: list[tuple[int, int, float]] = []  # as in PhysicalQuery
        self.origins = Origins()
        self._next_id = next_id
        self._ctes = {number: (plan, columns) for number, plan, columns in query.ctes}
        self._shared: dict[int, Physical] = {}
        self._walked: dict[int, Logical] = {}  # by id(): nodes below which shared subplans were looked for
        self._query = query
        self._shares = 0

    def fresh(self, type: SqlType, name: str) -> ColumnRef:
        return ColumnRef(next(self._next_id), type, name)

    def like(self, ref: ColumnRef) -> ColumnRef:
        return ColumnRef(next(self._next_id), ref.type, ref.name, ref.nullable)

    def fresh_share(self) -> int:
        """A number for a subplan that is shared by the planner's own decision."""
        self._shares += 1
        return FIRST_SHARE + self._shares

    # -- dispatch --------------------------------------------------------------------------------

    def plan(
        self, node: Logical, needed: set[ColumnId], ordered: bool = False, to_leader: bool = False
    ) -> Physical:
        return _PLANNERS[node.__class__](self, node, needed, ordered, to_leader)

    def _width(self, node: Logical) -> int:
        return self.estimator.width(output_columns(node))

    def prepared(self, node: Logical) -> Planner:
        """Shared subplans are planned before the rows of their readers are estimated."""
        if len(self._shared) < len(self._ctes) and id(node) not in self._walked:
            found = walk_plan(node)
            self._walked.update({id(below): below for below in found})
            for below in found:
                if below.__class__ is CteRef:
                    self._shared_plan(below.cte)  # type: ignore[union-attr]
        return self

    # -- leaves ----------------------------------------------------------------------------------

    def _scan(self, node: Scan, predicate: Expr | None, estimated: Logical) -> Physical:
        data = self.view.data(node.table)
        self.tables[node.table.id] = node.table
        self.origins.note(node)
        rows = self.estimator.rows(estimated)
        parts = conjuncts(predicate)
        cost = scan_cost(self.estimator.rows(node), len(parts))
        place = REPLICATED if data.replicated else self._hashed_by_key(node)
        props = Props(rows, self._width(node), *cost, place)
        pruning = tuple([c for c in parts if _prunes(c)])
        if isinstance(node.table, ExternalTable):
            return ExternalScan(node.table, node.columns, predicate, node.alias, props, pruning)
        return TableScan(node.table, node.columns, predicate, node.alias, props, pruning)

    def _working(self, node: WorkingRows) -> Physical:
        rows = self.estimator.rows(node)
        props = Props(rows, self._width(node), *scan_cost(rows, 0), PARTITIONED)
        return WorkingTable(node.number, node.name, node.columns, props)

    def _values(self, node: Values) -> Physical:
        props = Props(self.estimator.rows(node), self._width(node), 0.0, 0.01, LEADER)
        return ConstantRows(node.columns, node.rows, props)

    def _virtual(self, node: VirtualScan) -> Physical:
        rows = self.estimator.rows(node)
        props = Props(rows, self._width(node), *scan_cost(rows, 0), LEADER)
        return VirtualTableScan(node.name, node.columns, node.alias, props)

    def _hashed_by_key(self, node: Scan) -> Distribution:
        key = node.table.dist_key
        for ref, position in node.columns:
            if key is not None and position == key:
                return Hashed((ref.id,), (family(ref.type),))
        return PARTITIONED

    def _cte(self, node: CteRef) -> Physical:
        source = self._shared_plan(node.cte)
        rows = self.estimator.rows(node)
        names: Pairs = node.columns
        place, also = _renamed(source.props, names)
        props = Props(rows, self._width(node), source.props.cost, source.props.cost, place, also)
        return Shared(node.cte, source, node.columns, props)

    def _shared_plan(self, number: int) -> Physical:
        """The one plan of a shared subplan: every row on one slice only, whoever reads it."""
        if number not in self._shared:
            plan, columns = self._ctes[number]
            wanted = {c.id for c in columns}
            self._shared[number] = narrow(one_copy(self.plan(plan, wanted)), wanted, self)
            self.estimator.cte_rows[number] = self._shared[number].props.rows
        return self._shared[number]

    # -- one input -------------------------------------------------------------------------------

    def _filter(self, node: Filter, needed: set[ColumnId], ordered: bool, to_leader: bool) -> Physical:
        if isinstance(node.input, Scan):
            return self._scan(node.input, node.predicate, node)
        source = self.plan(node.input, needed | columns_of(node.predicate), ordered, to_leader)
        rows = self.estimator.rows(node)
        below = source.props
        parts = conjuncts(node.predicate)
        cost = filter_cost((below.first_cost, below.cost), below.rows, len(parts))
        props = Props(rows, below.width, *cost, below.distribution, below.also_hashed)
        return FilterRows(source, node.predicate, props)

    def project(self, source: Physical, columns: Pairs) -> Physical:
        below, known = source.props, self.estimator.columns
        for ref, expr in columns:
            if ref.id not in known:
                known[ref.id] = self.estimator.of_expression(expr, below.rows)
        self.origins.note(columns)
        place, also = _renamed(below, columns)
        width = self.estimator.width(tuple([ref for ref, _ in columns]))
        props = Props(below.rows, width, below.first_cost, below.cost, place, also)
        return ProjectColumns(source, columns, props)

    def _unnest(self, node: Unnest, needed: set[ColumnId]) -> Physical:
        """The elements stay where their array is."""
        wanted = needed - {ref.id for ref in node.made} | columns_of(node.value)
        source = self.plan(node.input, wanted)
        rows, below = self.estimator.rows(node), source.props
        cost = below.cost + scan_cost(rows, 0)[1]
        width = below.width + self.estimator.width(node.made)
        props = Props(rows, width, below.first_cost, cost, below.distribution, below.also_hashed)
        return UnnestRows(source, node.value, node.element, node.position, node.of_object, node.outer, props)

    # -- unions ----------------------------------------------------------------------------------

    def _union(self, node: SetOperation) -> Physical:
        """UNION ALL, nested ones flattened. Inputs on the leader go to the slices if others are there."""
        inputs: list[Physical] = []
        feeds: list[tuple[ColumnRef, ...]] = []
        self._collect_union(node, node.columns, inputs, feeds)
        rows = self.estimator.rows(node)
        if not all(isinstance(i.props.distribution, OnLeader) for i in inputs):
            inputs = [on_slices(one_copy(i)) for i in inputs]
            place: Distribution = _common_place(inputs, feeds, node.columns)
        else:
            place = LEADER
        first = min(i.props.first_cost for i in inputs)
        cost = sum([i.props.cost for i in inputs])
        props = Props(rows, self._width(node), first, cost, place)
        return UnionAll(tuple(inputs), node.columns, tuple(feeds), props)

    def _collect_union(
        self, node: SetOperation, wanted: tuple[ColumnRef, ...], inputs: list[Physical],
        feeds: list[tuple[ColumnRef, ...]],
    ) -> None:
        index = {ref.id: i for i, ref in enumerate(node.columns)}
        for side, columns in ((node.left, node.left_columns), (node.right, node.right_columns)):
            feed = tuple([columns[index[ref.id]] for ref in wanted])
            if isinstance(side, SetOperation):
                self._collect_union(side, feed, inputs, feeds)
            else:
                inputs.append(self.plan(side, {ref.id for ref in feed}))
                feeds.append(feed)
            self.estimator.rows(side)  # after planning, which knows better


def _renamed(props: Props, columns: Pairs) -> tuple[Distribution, tuple[Hashed, ...]]:
    """A distribution in terms of a projection's output; a cast that keeps the hash keeps the distribution."""
    if not isinstance(props.distribution, Hashed):
        return props.distribution, ()
    names: dict[ColumnId, ColumnId] = {}
    for ref, expr in columns:
        column = key_column(expr)
        if column is not None:
            names.setdefault(column.id, ref.id)
    found = [
        Hashed(tuple([names[c] for c in h.columns]), h.families)
        for h in (props.distribution, *props.also_hashed)
        if all(c in names for c in h.columns)
    ]
    return (found[0], tuple(found[1:])) if found else (PARTITIONED, ())


def _common_place(
    inputs: list[Physical], feeds: list[tuple[ColumnRef, ...]], columns: tuple[ColumnRef, ...]
) -> Distribution:
    """Hashed by the same output columns in every input, or just anywhere."""
    common: set[tuple[tuple[int, ...], tuple[str, ...]]] | None = None
    for node, feed in zip(inputs, feeds):
        position = {ref.id: i for i, ref in enumerate(feed)}
        places = {
            (tuple([position[c] for c in h.columns]), h.families)
            for h in (node.props.distribution, *node.props.also_hashed)
            if isinstance(h, Hashed) and all(c in position for c in h.columns)
        }
        common = places if common is None else common & places
    for positions, families in sorted(common or ()):
        return Hashed(tuple([columns[i].id for i in positions]), families)
    return PARTITIONED


def _prunes(conjunct: Expr) -> bool:
    """Row groups may be skipped by it: a plain column against constants."""
    match conjunct:
        case Compare(left=ColumnRef(), right=Literal()) | Compare(left=Literal(), right=ColumnRef()):
            return True
        case InList(arg=ColumnRef(), negated=False):
            return True
        case Like(arg=ColumnRef(), negated=False, case_insensitive=False):
            return conjunct.pattern[:1] not in ("%", "_", "")
        case Literal():
            return is_false_or_null(conjunct)
        case _:
            return False


def _plan_project(
    planner: Planner, node: Project, needed: set[ColumnId], ordered: bool, to_leader: bool
) -> Physical:
    below = columns_of_all([e for _, e in node.columns])
    return planner.project(planner.plan(node.input, below, ordered, to_leader), node.columns)


def _plan_sort(planner: Planner, node: Sort, needed: set[ColumnId], ordered: bool, to_leader: bool) -> Physical:
    if ordered:
        return plan_sort(planner, node, needed)
    return planner.plan(node.input, needed, False, to_leader)


def _never(planner: Planner, node: Logical, needed: set[ColumnId], ordered: bool, to_leader: bool) -> Physical:
    raise AssertionError("dependent joins and grouping sets are gone after the rewrites")


# By class, in place of a `match`, as in traverse.py: (planner, node, needed, ordered, to_leader).
_PLANNERS: dict[type, Callable[[Planner, Any, set[ColumnId], bool, bool], Physical]] = {
    Scan: lambda p, node, needed, ordered, to_leader: p._scan(node, None, node),
    Filter: Planner._filter,
    Project: _plan_project,
    Join: lambda p, node, needed, ordered, to_leader: plan_join(p.prepared(node), node, needed),
    Aggregate: lambda p, node, needed, ordered, to_leader: plan_aggregate(p.prepared(node), node, to_leader),
    Window: lambda p, node, needed, ordered, to_leader: plan_window(p.prepared(node), node, needed),
    Unnest: lambda p, node, needed, ordered, to_leader: p._unnest(node, needed),
    Sort: _plan_sort,
    Limit: lambda p, node, needed, ordered, to_leader: plan_limit(p, node, needed),
    SetOperation: lambda p, node, needed, ordered, to_leader: p._union(node),
    CteRef: lambda p, node, needed, ordered, to_leader: p._cte(node),
    Recursion: lambda p, node, needed, ordered, to_leader: plan_recursion(p, node),
    WorkingRows: lambda p, node, needed, ordered, to_leader: p._working(node),
    Values: lambda p, node, needed, ordered, to_leader: p._values(node),
    VirtualScan: lambda p, node, needed, ordered, to_leader: p._virtual(node),
    **dict.fromkeys((DependentJoin, GroupingSets), _never),
}
