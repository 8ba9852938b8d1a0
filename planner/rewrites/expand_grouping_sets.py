"""ROLLUP, CUBE and GROUPING SETS become a union of aggregates, coarse ones made of finer ones.

    Grouping sets (a, b), (a), ()         Union all
      t                             ->      Project a, b        , sum   GROUPING 0
                                              Shared 1
                                            Project a, NULL     , sum   GROUPING 1
                                              Shared 2
                                            Project NULL, NULL  , sum   GROUPING 3
                                              Aggregate sum(sum)
                                                Shared 2
    Shared 1 = Aggregate sum(x) BY a, b over t
    Shared 2 = Aggregate sum(sum) BY a over Shared 1

So the input is read once and grouped once; every other set adds up the groups of the smallest set that has
all its columns. That needs aggregates that can be merged (split_distinct.MERGE; AVG is split first). With
others (DISTINCT ones), and for sets that no other holds, the input is computed once and grouped for each.
Where computing again is cheaper than keeping (as for CTEs: only reads and filters a table), and in a
correlated subquery, where nothing can be shared, the input is copied for each such set.

NULLs of the data stay apart from those of a coarser set because each set has a branch of its own; what
GROUPING() tells is a constant in each.
"""
from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from ...records import dataclass
from ...storage.types import INTEGER
from ..columns import copy_plan, free_columns, substitute
from ..expressions import AggregateCall, ColumnId, ColumnRef, Expr, Literal
from ..logical import Aggregate, GroupingSets, Logical, Project, SetKind, SetOperation
from .context import RewriteContext
from .inline_ctes import is_cheap
from .split_average import Calls, Pairs, without_averages
from .split_distinct import MERGE, zero_counts
from .subjects import DEPENDENT_JOIN, GROUPING_SETS, rewrite_where, subjects_of

Branch = tuple[Logical, tuple[ColumnRef, ...]]


def expand_grouping_sets(plan: Logical, context: RewriteContext) -> Logical:
    nested = bool(subjects_of(plan) & DEPENDENT_JOIN)  # elsewhere nothing is correlated

    def visit(node: Logical) -> Logical:
        return _Expansion(node, context, nested).plan() if isinstance(node, GroupingSets) else node

    return rewrite_where(plan, GROUPING_SETS, visit)


@dataclass(slots=True)
class _Grouped:
    """One set's groups: the plan that makes them (a shared one's number, if others read it too), the columns
    of its keys by place, and its aggregates' columns."""

    plan: Logical
    keys: dict[int, ColumnRef]
    values: tuple[ColumnRef, ...]
    number: int | None = None


class _Expansion:
    """One node's way from sets to branches."""

    def __init__(self, node: GroupingSets, context: RewriteContext, nested: bool) -> None:
        self.node = node
        self.context = context
        calls, self.results = without_averages(node.aggregates, context)
        self.merges = all(call.function in MERGE and not call.distinct for _, call in calls)
        self.calls = calls if self.merges else node.aggregates
        if not self.merges:
            self.results = tuple([(ref, ref) for ref, _ in node.aggregates])
        self.parents = [self._parent(i) if self.merges else None for i in range(len(node.sets))]
        self.correlated = nested and bool(free_columns(node))
        self.copied = self.correlated or is_cheap(node.input)
        self.input: int | None = None  # number of the shared input
        self.made: dict[int, _Grouped] = {}

    def plan(self) -> Logical:
        sets = self.node.sets
        if self.parents.count(None) > 1 and not self.copied:
            self.input = self.context.share(self.node.input)
        for i in sorted(range(len(sets)), key=lambda i: -len(sets[i])):
            self.made[i] = self._grouped(i)
        outputs = [*self.node.groups, *self.node.groupings, *self.results]
        return self._union([self._branch(i) for i in range(len(sets))], tuple([ref for ref, _ in outputs]))

    def _parent(self, place: int) -> int | None:
        """The smallest set that holds all of this one's columns: a larger one, or the same further left."""
        sets = [set(s) for s in self.node.sets]
        own = sets[place]
        found = [i for i, other in enumerate(sets) if own < other or (own == other and i < place)]
        return min(found, key=lambda i: len(sets[i]), default=None)

    # -- the groups of a set ---------------------------------------------------------------------------

    def _grouped(self, place: int) -> _Grouped:
        parent = self.parents[place]
        source, keys, calls = self._from_input() if parent is None else self._from_set(self.made[parent])
        like = self.context.like
        groups = {i: (like(self.node.groups[i][0]), keys[i]) for i in self.node.sets[place]}
        values = tuple([(like(ref), call) for ref, call in calls])
        plan: Logical = Aggregate(source, tuple(groups.values()), values)
        if parent is not None and not groups:
            counts = {ref.id for (ref, _), (_, own) in zip(values, self.calls) if own.function == "count"}
            plan = zero_counts(Aggregate(source, (), values), counts, self.context) if counts else plan
        made = _Grouped(plan, {i: ref for i, (ref, _) in groups.items()}, tuple([ref for ref, _ in values]))
        if place in self.parents and not self.correlated:
            made.number = self.context.share(plan)
        return made

    def _from_input(self) -> tuple[Logical, dict[int, Expr], Calls]:
        """The node's own input, or a reading or copy of it."""
        source, names = self.node.input, dict[ColumnId, Expr]()
        if self.input is not None:
            use = self.context.use(self.input)
            source, names = use, {made.id: ref for ref, made in use.columns}
        elif self.parents.count(None) > 1:
            source, copies = copy_plan(source, self.context.like)
            names = dict(copies)
        keys = {i: substitute(e, names) for i, (_, e) in enumerate(self.node.groups)}
        return source, keys, tuple([(ref, _call(call, names)) for ref, call in self.calls])

    def _from_set(self, finer: _Grouped) -> tuple[Logical, dict[int, Expr], Calls]:
        """The groups of a finer set, to be added up."""
        read = self._read(finer)
        calls = tuple([
            (ref, AggregateCall(MERGE[call.function], (part,), call.type, False, call.span))
            for (ref, call), part in zip(self.calls, read.values)
        ])
        return read.plan, dict(read.keys), calls

    def _read(self, made: _Grouped) -> _Grouped:
        if made.number is not None:
            use = self.context.use(made.number)
            names = {old.id: ref for ref, old in use.columns}
            plan: Logical = use
        elif self.correlated:
            plan, names = copy_plan(made.plan, self.context.like)
        else:
            return made
        keys = {i: names[ref.id] for i, ref in made.keys.items()}
        return _Grouped(plan, keys, tuple([names[ref.id] for ref in made.values]))

    # -- branches --------------------------------------------------------------------------------------

    def _branch(self, place: int) -> Branch:
        """The rows of one set with all columns of the node."""
        read = self._read(self.made[place])
        parts: dict[ColumnId, Expr] = {ref.id: value for (ref, _), value in zip(self.calls, read.values)}
        columns: list[tuple[ColumnRef, Expr]] = []
        for i, (ref, _) in enumerate(self.node.groups):
            columns.append((ref, read.keys.get(i, Literal(None, ref.type))))
        for ref, places in self.node.groupings:
            columns.append((ref, Literal(_lacking(places, read.keys), INTEGER)))
        columns.extend([(ref, substitute(e, parts)) for ref, e in self.results])
        made: Pairs = tuple([(self.context.like(ref), e) for ref, e in columns])
        return Project(read.plan, made), tuple([ref for ref, _ in made])

    def _union(self, branches: Sequence[Branch], columns: tuple[ColumnRef, ...]) -> Logical:
        """All branches, halved again and again so that the tree is not deep."""
        if len(branches) == 1:
            plan, made = branches[0]
            return Project(plan, tuple(zip(columns, made)))
        middle = len(branches) // 2
        sides = [self._side(branches[:middle], columns), self._side(branches[middle:], columns)]
        (left, left_columns), (right, right_columns) = sides
        return SetOperation(SetKind.UNION, True, left, right, columns, left_columns, right_columns)

    def _side(self, branches: Sequence[Branch], columns: tuple[ColumnRef, ...]) -> Branch:
        if len(branches) == 1:
            return branches[0]
        own = tuple([self.context.like(c) for c in columns])
        return self._union(branches, own), own


def _call(call: AggregateCall, names: dict[ColumnId, Expr]) -> AggregateCall:
    renamed = substitute(call, names)
    assert isinstance(renamed, AggregateCall)
    return renamed


def _lacking(places: tuple[int, ...], keys: dict[int, ColumnRef]) -> int:
    """GROUPING's number: the first place is the highest bit."""
    return sum(1 << bit for bit, place in zip(count(), reversed(places)) if place not in keys)
