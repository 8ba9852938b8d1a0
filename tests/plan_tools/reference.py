"""Slow, obvious evaluation of plans over lists of rows, to test that planning keeps the answer.

`Logical` takes a *bound* plan literally: a subquery is run again for every outer row, a join looks at
every pair. `Cluster` runs a *physical* plan over simulated slices: it moves rows where exchanges say so,
joins and groups only what lies on one slice, and checks that rows are where `props` claims. Both use the
engine's one-row `evaluate`. A row is a dict from column id to value.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from warehouse.engine.evaluate import compare, evaluate
from warehouse.errors import CardinalityViolation
from warehouse.planner import logical as lo
from warehouse.planner import physical as ph
from warehouse.planner.columns import output_columns, physical_columns
from warehouse.planner.expressions import (
    AggregateCall,
    Call,
    ColumnRef,
    Exists,
    Expr,
    Literal,
    Quantified,
    ScalarSubquery,
    WindowCall,
)
from warehouse.planner.traverse import rewrite
from warehouse.storage.types import BOOLEAN

Row = dict[int, Any]
Data = dict[str, list[tuple[Any, ...]]]


def nulls(columns: Iterable[ColumnRef]) -> Row:
    return {c.id: None for c in columns}


def aggregate(call: AggregateCall, rows: list[Row]) -> Any:
    if not call.args:
        return len(rows)
    values = [v for v in (evaluate(call.args[0], row) for row in rows) if v is not None]
    if call.distinct:
        values = list(dict.fromkeys(values))
    match call.function:
        case "count":
            return len(values)
        case "avg":
            pair = (Literal(sum(values) if values else None, call.args[0].type), Literal(len(values), call.type))
            return evaluate(Call("avg_divide", pair, call.type)) if values else None
        case _ if not values:
            return None
        case "sum":
            return sum(values)
        case "min":
            return min(values)
        case "max":
            return max(values)
        case _:
            raise NotImplementedError(call.function)


def grouped(
    rows: list[Row], groups: Sequence[tuple[ColumnRef, Expr]], calls: Sequence[tuple[ColumnRef, AggregateCall]]
) -> list[Row]:
    found: dict[tuple[Any, ...], list[Row]] = {} if groups else {(): []}
    for row in rows:
        found.setdefault(tuple([evaluate(e, row) for _, e in groups]), []).append(row)
    made = []
    for key, members in found.items():
        row = {ref.id: value for (ref, _), value in zip(groups, key)}
        row.update({ref.id: aggregate(call, members) for ref, call in calls})
        made.append(row)
    return made


def ordered(rows: list[Row], keys: Sequence[lo.SortKey]) -> list[Row]:
    def order(a: Row, b: Row) -> int:
        for key in keys:
            x, y = evaluate(key.expr, a), evaluate(key.expr, b)
            if x == y:
                continue
            if x is None or y is None:
                return -1 if (x is None) == key.nulls_first else 1
            return -1 if (x < y) != key.descending else 1
        return 0

    return sorted(rows, key=functools.cmp_to_key(order))


def limited(rows: list[Row], count: int | None, offset: int) -> list[Row]:
    return rows[offset:] if count is None else rows[offset:offset + count]


def windowed(rows: list[Row], node: lo.Window | ph.WindowRows) -> list[Row]:
    """Each row with the results of its partition, whose rows are ordered as they came where the order does not tell."""
    partitions: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        partitions.setdefault(tuple([evaluate(e, row) for e in node.partition]), []).append(row)
    made = []
    for members in partitions.values():
        members = ordered(members, node.order)
        keys = [[evaluate(k.expr, row) for k in node.order] for row in members]
        for i, row in enumerate(members):
            values = {ref.id: window_value(call, members, keys, i) for ref, call in node.calls}
            made.append({**row, **values})
    return made


def window_value(call: WindowCall, members: list[Row], keys: list[list[Any]], at: int) -> Any:
    match call.function:
        case "rank":
            return keys.index(keys[at]) + 1
        case "dense_rank":
            return len({tuple(k) for k in keys[: keys.index(keys[at]) + 1]})
        case _:
            frame = call.frame
            assert frame.mode == "rows"
            start = 0 if frame.start is None else max(at + frame.start, 0)
            end = len(members) if frame.end is None else max(at + frame.end + 1, 0)
            return aggregate(AggregateCall(call.function, call.args, call.type), members[start:end])


def in_order(rows: list[Row], node: ph.WindowRows) -> bool:
    """The rows of each partition stand together, in the window's order."""
    seen = [tuple([evaluate(e, row) for e in node.partition]) for row in rows]
    starts = [key for i, key in enumerate(seen) if i == 0 or key != seen[i - 1]]
    parts: dict[tuple[Any, ...], list[Row]] = {}
    for key, row in zip(seen, rows):
        parts.setdefault(key, []).append(row)
    return len(starts) == len(parts) and all(p == ordered(p, node.order) for p in parts.values())


# -- logical -------------------------------------------------------------------------------------


class Logical:
    def __init__(self, data: Data, ctes: Sequence[tuple[int, lo.Logical, tuple[ColumnRef, ...]]] = ()) -> None:
        self.data = data
        self.ctes = {number: plan for number, plan, _ in ctes}
        self.working: dict[int, list[tuple[Any, ...]]] = {}

    def value(self, expr: Expr, row: Row) -> Any:
        return evaluate(rewrite(expr, lambda e: self._subquery(e, row)), row)

    def _subquery(self, expr: Expr, row: Row) -> Expr:
        match expr:
            case ScalarSubquery():
                found = self.rows(expr.plan, row)
                if len(found) > 1:
                    raise CardinalityViolation("more than one row returned by a subquery")
                return Literal(found[0][expr.column.id] if found else None, expr.type)
            case Exists():
                return Literal(bool(self.rows(expr.plan, row)) != expr.negated, BOOLEAN)
            case Quantified():
                left = evaluate(expr.arg, row)
                results = [compare(expr.op, left, r[expr.column.id]) for r in self.rows(expr.plan, row)]
                decisive = not expr.all
                if decisive in results:
                    return Literal(decisive, BOOLEAN)
                return Literal(None if None in results else expr.all, BOOLEAN)
            case _:
                return expr

    def rows(self, plan: lo.Logical, outer: Row) -> list[Row]:
        match plan:
            case lo.Scan():
                table = self.data[plan.table.name]
                return [{**outer, **{ref.id: row[i] for ref, i in plan.columns}} for row in table]
            case lo.Values():
                return [
                    {**outer, **{c.id: self.value(e, outer) for c, e in zip(plan.columns, row)}}
                    for row in plan.rows
                ]
            case lo.Filter():
                return [r for r in self.rows(plan.input, outer) if self.value(plan.predicate, r)]
            case lo.Project():
                return [
                    {**outer, **{ref.id: self.value(e, r) for ref, e in plan.columns}}
                    for r in self.rows(plan.input, outer)
                ]
            case lo.Join() | lo.DependentJoin():
                return self._join(plan, outer)
            case lo.GroupingSets():
                return [row for places in plan.sets for row in self._grouping_set(plan, places, outer)]
            case lo.Aggregate():
                groups = [(ref, ref) for ref, _ in plan.groups]
                rows = []
                for r in self.rows(plan.input, outer):
                    rows.append({**r, **{ref.id: self.value(e, r) for ref, e in plan.groups}})
                return [{**outer, **r} for r in grouped(rows, groups, plan.aggregates)]
            case lo.Window():
                return windowed(self.rows(plan.input, outer), plan)
            case lo.Sort():
                return ordered(self.rows(plan.input, outer), plan.keys)
            case lo.Limit():
                return limited(self.rows(plan.input, outer), plan.count, plan.offset)
            case lo.SetOperation():
                return self._set(plan, outer)
            case lo.Recursion():
                return self._recursion(plan, outer)
            case lo.WorkingRows():
                return [{**outer, **{ref.id: row[i] for ref, i in plan.columns}} for row in self.working[plan.number]]
            case lo.CteRef():
                rows = self.rows(self.ctes[plan.cte], outer)
                return [{**outer, **{a.id: r[b.id] for a, b in plan.columns}} for r in rows]
            case _:
                raise NotImplementedError(type(plan).__name__)

    def _recursion(self, plan: lo.Recursion, outer: Row) -> list[Row]:
        """Round by round, until one gives nothing."""
        made: list[tuple[Any, ...]] = []
        found = [tuple([r[c.id] for c in plan.seed_columns]) for r in self.rows(plan.seed, outer)]
        while found:
            made.extend(found)
            self.working[plan.number] = found
            found = [tuple([r[c.id] for c in plan.step_columns]) for r in self.rows(plan.step, outer)]
        return [{**outer, **{c.id: v for c, v in zip(plan.columns, row)}} for row in made]

    def _grouping_set(self, plan: lo.GroupingSets, places: tuple[int, ...], outer: Row) -> list[Row]:
        """One set grouped by itself; the bits of GROUPING counted from the last argument."""
        groups = tuple([plan.groups[i] for i in places])
        rows = self.rows(lo.Aggregate(plan.input, groups, plan.aggregates), outer)
        own = nulls([ref for i, (ref, _) in enumerate(plan.groups) if i not in places])
        for ref, asked in plan.groupings:
            own[ref.id] = int("".join("0" if i in places else "1" for i in asked), 2)
        return [{**row, **own} for row in rows]

    def _join(self, plan: lo.Join | lo.DependentJoin, outer: Row) -> list[Row]:
        left = self.rows(plan.left, outer)
        right_nulls, left_nulls = nulls(output_columns(plan.right)), nulls(output_columns(plan.left))
        made: list[Row] = []
        matched: set[int] = set()
        right = self.rows(plan.right, outer) if isinstance(plan, lo.Join) else []
        for row in left:
            if isinstance(plan, lo.DependentJoin):
                right = self.rows(plan.right, row)
            tests = [
                True if plan.condition is None else self.value(plan.condition, {**row, **other})
                for other in right
            ]
            hits = [i for i, test in enumerate(tests) if test]
            matched.update(hits)
            joined = [{**row, **right[i]} for i in hits]
            match plan.kind:
                case lo.JoinKind.SEMI:
                    made.extend([row] if hits else [])
                case lo.JoinKind.ANTI:
                    unknown = plan.null_aware and None in tests
                    made.extend([] if hits or unknown else [row])
                case lo.JoinKind.SINGLE if len(hits) > 1:
                    raise CardinalityViolation("more than one row returned by a subquery")
                case lo.JoinKind.LEFT | lo.JoinKind.FULL | lo.JoinKind.SINGLE:
                    made.extend(joined or [{**row, **right_nulls}])
                case _:
                    made.extend(joined)
        if plan.kind in (lo.JoinKind.RIGHT, lo.JoinKind.FULL):
            made.extend([{**left_nulls, **r} for i, r in enumerate(right) if i not in matched])
        return made

    def _set(self, plan: lo.SetOperation, outer: Row) -> list[Row]:
        left = [tuple([r[c.id] for c in plan.left_columns]) for r in self.rows(plan.left, outer)]
        right = [tuple([r[c.id] for c in plan.right_columns]) for r in self.rows(plan.right, outer)]
        match plan.kind:
            case lo.SetKind.UNION:
                values = left + right
            case lo.SetKind.INTERSECT:
                values = [v for v in left if v in right]
            case lo.SetKind.EXCEPT:
                values = [v for v in left if v not in right]
        if not plan.all:
            values = list(dict.fromkeys(values))
        return [{**outer, **{c.id: v for c, v in zip(plan.columns, value)}} for value in values]


# -- physical ------------------------------------------------------------------------------------

LEADER = -1
Places = dict[int, list[Row]]  # slice (or LEADER) -> rows


class Cluster:
    def __init__(self, data: Data, slices: int) -> None:
        self.data = data
        self.slices = range(slices)
        self.shared: dict[int, Places] = {}
        self.working: dict[int, Any] = {}

    def run(self, query: ph.PhysicalQuery) -> list[tuple[Any, ...]]:
        places = self.rows(query.root)
        assert set(places) == {LEADER}, "the result is on the leader"
        return [tuple([r[c.id] for c in query.columns]) for r in places[LEADER]]

    def slice_of(self, values: tuple[Any, ...]) -> int:
        return hash(tuple([v.rstrip() if isinstance(v, str) else v for v in values])) % len(self.slices)

    def rows(self, node: ph.Physical) -> Places:
        places = self._rows(node)
        self._check(node, places)
        return places

    def _check(self, node: ph.Physical, places: Places) -> None:
        """Rows are where the plan says; they have the columns it says."""
        names = {c.id for c in physical_columns(node)}
        for rows in places.values():
            assert all(names <= row.keys() for row in rows), node
        match node.props.distribution:
            case ph.OnLeader():
                assert set(places) == {LEADER}, node
            case ph.Replicated():
                first = [sorted(map(repr, rows)) for rows in places.values()]
                assert LEADER not in places and all(rows == first[0] for rows in first), node
            case ph.Hashed() as hashed:
                for claim in (hashed, *node.props.also_hashed):
                    for at, rows in places.items():
                        for row in rows:
                            if all(c in row for c in claim.columns):
                                assert at == self.slice_of(tuple([row[c] for c in claim.columns])), (node, row)
            case ph.Partitioned():
                assert LEADER not in places, node

    def each(self, places: Places, work: Callable[[list[Row]], list[Row]]) -> Places:
        return {at: work(rows) for at, rows in places.items()}

    def _rows(self, node: ph.Physical) -> Places:
        match node:
            case ph.TableScan():
                return self._scan(node)
            case ph.ConstantRows():
                return {LEADER: [{c.id: evaluate(e) for c, e in zip(node.columns, row)} for row in node.rows]}
            case ph.FilterRows():
                keep = node.predicate
                return self.each(self.rows(node.input), lambda rows: [r for r in rows if evaluate(keep, r)])
            case ph.ProjectColumns():
                return self.each(
                    self.rows(node.input),
                    lambda rows: [{ref.id: evaluate(e, r) for ref, e in node.columns} for r in rows],
                )
            case ph.HashJoin():
                probe, build = self.rows(node.probe), self.rows(node.build)
                assert set(probe) == set(build), "both sides are at the same places"
                return {at: join(node, probe[at], build[at]) for at in probe}
            case ph.HashAggregate():
                places = self.rows(node.input)
                assert not isinstance(node.input.props.distribution, ph.Replicated)
                return self.each(places, lambda rows: grouped(rows, node.groups, node.aggregates))
            case ph.SortRows():
                def work(rows: list[Row]) -> list[Row]:
                    return limited(ordered(rows, node.keys), node.limit, 0)
                return self.each(self.rows(node.input), work)
            case ph.WindowRows():
                places = self.rows(node.input)
                keys = [{tuple([evaluate(e, r) for e in node.partition]) for r in rows} for rows in places.values()]
                assert sum(map(len, keys)) == len(set().union(*keys)), "a partition is on one slice"
                assert all(in_order(rows, node) for rows in places.values()), "rows are sorted"
                return self.each(places, lambda rows: windowed(rows, node))
            case ph.LimitRows():
                places = self.rows(node.input)
                assert set(places) == {LEADER}
                return self.each(places, lambda rows: limited(rows, node.count, node.offset))
            case ph.Exchange():
                return self._exchange(node)
            case ph.UnionAll():
                return self._union(node)
            case ph.RecursiveUnion():
                return self._recursion(node)
            case ph.WorkingTable():
                return self.each(
                    self.working[node.number],
                    lambda rows: [{ref.id: row[i] for ref, i in node.columns} for row in rows],
                )
            case ph.Shared():
                if node.id not in self.shared:
                    self.shared[node.id] = self.rows(node.input)
                return self.each(
                    self.shared[node.id], lambda rows: [{a.id: r[b.id] for a, b in node.columns} for r in rows]
                )
            case _:
                raise NotImplementedError(type(node).__name__)

    def _recursion(self, node: ph.RecursiveUnion) -> Places:
        """Rounds over the slices; shared subplans of the step keep what the first round made."""
        made: Places = {at: [] for at in self.slices}
        places, feed = self.rows(node.seed), node.seed_feed
        while any(places.values()):
            assert LEADER not in places
            for at, rows in places.items():
                made[at].extend([{c.id: r[f.id] for c, f in zip(node.columns, feed)} for r in rows])
            found = {at: [tuple([r[f.id] for f in feed]) for r in rows] for at, rows in places.items()}
            self.working[node.number] = found
            places, feed = self.rows(node.step), node.step_feed
        return made

    def _scan(self, node: ph.TableScan) -> Places:
        rows = [{ref.id: row[i] for ref, i in node.columns} for row in self.data[node.table.name]]
        everything = self.data[node.table.name]
        places: Places = {at: [] for at in self.slices}
        for i, (row, full) in enumerate(zip(rows, everything)):
            if isinstance(node.props.distribution, ph.Replicated):
                for at in self.slices:
                    places[at].append(row)
            elif node.table.dist_key is not None:
                places[self.slice_of((full[node.table.dist_key],))].append(row)
            else:
                places[i % len(self.slices)].append(row)
        if node.filter is None:
            return places
        for conjunct in node.pruning:  # pruning may only drop what the filter drops too
            assert all(evaluate(conjunct, r) for r in rows if evaluate(node.filter, r))
        return self.each(places, lambda found: [r for r in found if evaluate(node.filter, r)])

    def _exchange(self, node: ph.Exchange) -> Places:
        source = self.rows(node.input)
        assert not isinstance(node.input.props.distribution, ph.Replicated), "one copy is moved"
        rows = [row for found in source.values() for row in found]
        match node.move:
            case ph.Move.GATHER:
                return {LEADER: ordered(rows, node.merge_keys) if node.merge_keys else rows}
            case ph.Move.BROADCAST:
                return {at: list(rows) for at in self.slices}
            case ph.Move.DISTRIBUTE:
                places: Places = {at: [] for at in self.slices}
                for row in rows:
                    places[self.slice_of(tuple([evaluate(k, row) for k in node.keys]))].append(row)
                return places
            case ph.Move.ROUND_ROBIN:
                return {at: rows[at::len(self.slices)] for at in self.slices}

    def _union(self, node: ph.UnionAll) -> Places:
        every = [self.rows(child) for child in node.inputs]
        assert all(not isinstance(child.props.distribution, ph.Replicated) for child in node.inputs)
        made: Places = {at: [] for at in every[0]}
        for feed, places in zip(node.feeds, every):
            assert set(places) == set(made), "all inputs are at the same places"
            for at, rows in places.items():
                made[at].extend([{c.id: r[f.id] for c, f in zip(node.columns, feed)} for r in rows])
        return made


def join(node: ph.HashJoin, probe: list[Row], build: list[Row]) -> list[Row]:
    """One slice's part of a join, as physical.HashJoin describes it."""
    kinds = ph.JoinType
    if node.residual is not None:
        assert node.type in (kinds.INNER, kinds.RIGHT, kinds.RIGHT_SEMI, kinds.RIGHT_ANTI)
    made: list[Row] = []
    marked = [False] * len(build)
    build_keys = [[evaluate(e, b) for e in node.build_keys] for b in build]
    build_nulls, probe_nulls = nulls(physical_columns(node.build)), nulls(physical_columns(node.probe))
    for row in probe:
        keys = [evaluate(e, row) for e in node.probe_keys]
        hits = []
        for i, other in enumerate(build):
            same = all(compare("=", a, b) for a, b in zip(keys, build_keys[i]))
            if same and (node.residual is None or evaluate(node.residual, {**row, **other})):
                hits.append(i)
                marked[i] = True
        match node.type:
            case kinds.INNER | kinds.RIGHT:
                made.extend([{**row, **build[i]} for i in hits])
            case kinds.LEFT | kinds.FULL | kinds.SINGLE:
                if node.type is kinds.SINGLE and len(hits) > 1:
                    raise CardinalityViolation("more than one row returned by a subquery")
                made.extend([{**row, **build[i]} for i in hits] or [{**row, **build_nulls}])
            case kinds.SEMI:
                made.extend([row] if hits else [])
            case kinds.ANTI:
                unknown = node.null_aware and build and (None in keys or any(None in k for k in build_keys))
                made.extend([] if hits or unknown else [row])
            case _:
                pass
    match node.type:
        case kinds.RIGHT | kinds.FULL:
            made.extend([{**probe_nulls, **b} for b, m in zip(build, marked) if not m])
        case kinds.RIGHT_SEMI:
            made = [b for b, m in zip(build, marked) if m]
        case kinds.RIGHT_ANTI:
            made = [b for b, m in zip(build, marked) if not m]
        case _:
            pass
    return made
