"""Physical plan: how the slices make the rows. The engine runs exactly this tree; EXPLAIN prints it.

Each node carries `props`: estimates, and where its rows are (a **distribution property**):

    Replicated     every node has all rows (ALL tables, broadcasts); read exactly one copy
    Hashed         row is on slice_of(hash(columns)); the hash family must match to be collocated
    Partitioned    each row is on one slice, no telling which (EVEN)
    OnLeader       all rows on the leader

Moves are nodes of their own (`Exchange`), placed only where a parent needs another property; a join's
label (DS_DIST_NONE, DS_BCAST_INNER...) is derived from the exchanges under it and kept for EXPLAIN.

    Scan -> [Filter, Project]* -> HashJoin(probe side) ... -> breaker (Aggregate, Sort, Exchange, build)

A **segment** is a chain of nodes between breakers, run as one program on every slice; streams are
the order in which segments can run (engine/executor.py cuts the tree).
Streaming: Filter, Project, HashJoin's probe side, Limit. Breakers: HashJoin's build side, Aggregate,
Window, Unnest, Sort, TopN, Exchange, SetOperation's inputs, Materialize, Insert (a sink on the slices: nothing it takes
passes through the leader).
"""
from __future__ import annotations

import enum
from dataclasses import field
from typing import Union

from ..records import dataclass
from ..storage.schema import ExternalTable, Table
from .expressions import AggregateCall, ColumnId, ColumnRef, Expr, WindowCall
from .logical import SortKey


@dataclass(frozen=True, slots=True)
class Replicated:
    pass


@dataclass(frozen=True, slots=True)
class Hashed:
    """columns: alternatives are separate Hashed values; `families` as storage.distribution.family."""

    columns: tuple[ColumnId, ...]
    families: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Partitioned:
    pass


@dataclass(frozen=True, slots=True)
class OnLeader:
    pass


Distribution = Union[Replicated, Hashed, Partitioned, OnLeader]


@dataclass(frozen=True, slots=True)
class Props:
    """Estimates and distribution of a node's output. cost: Redshift's (first row, all rows)."""

    rows: float
    width: int
    first_cost: float
    cost: float
    distribution: Distribution
    # further column sets that the rows are hashed by as well (equal through join keys)
    also_hashed: tuple[Hashed, ...] = ()


class JoinType(enum.Enum):
    """Named from the probe side. RIGHT_* keep or test rows of the build side, by match marks."""

    __hash__ = object.__hash__  # each member is one object; Enum's own hash is a Python function

    INNER = "Inner"
    LEFT = "Left"
    RIGHT = "Right"
    FULL = "Full"
    SEMI = "Semi"
    ANTI = "Anti"
    RIGHT_SEMI = "Right Semi"
    RIGHT_ANTI = "Right Anti"
    SINGLE = "Single"


@dataclass(frozen=True, slots=True)
class TableScan:
    """Read columns of a table; `filter` runs on the rows; `pruning` conjuncts (a subset of filter's,
    `column op literal`, IN lists, LIKE prefixes) may skip row groups by zone maps."""

    table: Table
    columns: tuple[tuple[ColumnRef, int], ...]
    filter: Expr | None
    alias: str
    props: Props
    pruning: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class ExternalScan:
    """Read columns of an external table's files, as TableScan does of blocks. `pruning` conjuncts may skip files and
    their row groups by statistics in them; any conjunct over partition columns alone skips partitions. Which files
    there are is found out when the scan runs."""

    table: ExternalTable
    columns: tuple[tuple[ColumnRef, int], ...]
    filter: Expr | None
    alias: str
    props: Props
    pruning: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class VirtualTableScan:
    name: str
    columns: tuple[tuple[ColumnRef, int], ...]
    alias: str
    props: Props


@dataclass(frozen=True, slots=True)
class ConstantRows:
    columns: tuple[ColumnRef, ...]
    rows: tuple[tuple[Expr, ...], ...]
    props: Props


@dataclass(frozen=True, slots=True)
class FilterRows:
    input: Physical
    predicate: Expr
    props: Props


@dataclass(frozen=True, slots=True)
class ProjectColumns:
    """Computes `columns`; only these come out."""

    input: Physical
    columns: tuple[tuple[ColumnRef, Expr], ...]
    props: Props


@dataclass(frozen=True, slots=True)
class HashJoin:
    """Builds a table of `build` on its keys, then streams `probe` through it.

    probe_keys[i] = build_keys[i], of one comparable physical class (the planner casts). No keys: every
    pair (nested loop). `residual` (over both sides' columns) is allowed for INNER, RIGHT, RIGHT_SEMI,
    RIGHT_ANTI only; the planner turns the join round where it must. Output columns: probe's then
    build's; SEMI, ANTI: probe's; RIGHT_SEMI, RIGHT_ANTI: build's.
    `label`: Redshift's DS_ word. `null_aware` (ANTI, RIGHT_ANTI never): NOT IN's rule.
    `build_unique`: planner's *estimate* is that keys are unique (the engine proves for itself).
    """

    type: JoinType
    probe: Physical
    build: Physical
    probe_keys: tuple[Expr, ...]
    build_keys: tuple[Expr, ...]
    residual: Expr | None
    label: str
    props: Props
    null_aware: bool = False
    build_unique: bool = False


@dataclass(frozen=True, slots=True)
class HashAggregate:
    """One row per distinct groups value *on this slice*; partial and final phases are two nodes with
    an Exchange between, the final one adding up partial columns. Functions the engine knows:
    count, sum, min, max, any_value, bool_and, bool_or, and what engine/aggregates registers.
    `phase`: 'single', 'partial', 'final' (for EXPLAIN only). Without groups: one row per slice
    ('partial') or one row ('single', 'final' on the leader)."""

    input: Physical
    groups: tuple[tuple[ColumnRef, Expr], ...]
    aggregates: tuple[tuple[ColumnRef, AggregateCall], ...]
    phase: str
    props: Props


@dataclass(frozen=True, slots=True)
class SortRows:
    """Each slice sorts its rows; on the leader: sorts all. limit: only the first `limit` are needed."""

    input: Physical
    keys: tuple[SortKey, ...]
    props: Props
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class WindowRows:
    """The input's rows, in their order, with a column for each call. On each slice they are sorted already:
    rows of a partition side by side, in the order `order`; and no partition is on two slices.
    `partition`, `order` and the calls' arguments are plain columns or constants."""

    input: Physical
    partition: tuple[Expr, ...]
    order: tuple[SortKey, ...]
    calls: tuple[tuple[ColumnRef, WindowCall], ...]
    props: Props


@dataclass(frozen=True, slots=True)
class UnnestRows:
    """Each slice's rows, each once for every element of an array (attribute of an object) that `value` is there;
    see logical.Unnest."""

    input: Physical
    value: Expr
    element: ColumnRef
    position: ColumnRef | None
    of_object: bool
    outer: bool
    props: Props

    @property
    def made(self) -> tuple[ColumnRef, ...]:
        return (self.element,) if self.position is None else (self.element, self.position)


@dataclass(frozen=True, slots=True)
class LimitRows:
    """Only on the leader."""

    input: Physical
    count: int | None
    offset: int
    props: Props


class Move(enum.Enum):
    DISTRIBUTE = "dist"  # by hash of keys
    BROADCAST = "bcast"  # every node gets all
    GATHER = "return"  # to the leader; merge keeps the order of `merge_keys`
    ROUND_ROBIN = "round robin"


@dataclass(frozen=True, slots=True)
class Exchange:
    input: Physical
    move: Move
    keys: tuple[Expr, ...]
    props: Props
    merge_keys: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class UnionAll:
    """Rows of all inputs; columns[i] is fed by feeds[k][i] of input k. Same slices, nothing moves."""

    inputs: tuple[Physical, ...]
    columns: tuple[ColumnRef, ...]
    feeds: tuple[tuple[ColumnRef, ...], ...]
    props: Props


@dataclass(frozen=True, slots=True)
class Shared:
    """A subplan computed once and read by several parents (CTE, common subplan); `id` identifies it.
    columns: (output here, the subplan's own column)."""

    id: int
    input: Physical
    columns: tuple[tuple[ColumnRef, ColumnRef], ...]
    props: Props


@dataclass(frozen=True, slots=True)
class InsertRows:
    """Each slice sorts, encodes and writes the rows that it has, or that an Exchange right below sends it, into
    its part of `table`; a plan's last step, of which no rows come out. columns: (input, position in
    table.columns); those left out are IDENTITY columns, numbered as rows come. No Exchange below: rows lie
    where the table wants them, or there is one place only."""

    input: Physical
    table: Table
    columns: tuple[tuple[ColumnRef, int], ...]
    props: Props


@dataclass(frozen=True, slots=True)
class RecursiveUnion:
    """The leader iterates: rows of `seed`, then of `step` over the rows that came last, until none come.
    Both are spread over the slices. columns[i] is fed by seed_feed[i] and step_feed[i]."""

    number: int
    seed: Physical
    step: Physical
    columns: tuple[ColumnRef, ...]
    seed_feed: tuple[ColumnRef, ...]
    step_feed: tuple[ColumnRef, ...]
    props: Props


@dataclass(frozen=True, slots=True)
class WorkingTable:
    """The rows that came last in recursion `number`. columns: (output, place in the recursion's columns)."""

    number: int
    name: str
    columns: tuple[tuple[ColumnRef, int], ...]
    props: Props


Physical = Union[
    TableScan, ExternalScan, VirtualTableScan, ConstantRows, FilterRows, ProjectColumns, HashJoin, HashAggregate,
    SortRows, WindowRows, UnnestRows, LimitRows, Exchange, UnionAll, Shared, InsertRows, RecursiveUnion, WorkingTable,
]


@dataclass(frozen=True, slots=True)
class PhysicalQuery:
    """root's rows arrive on the leader; `columns` in order of the result with the users' names. Without
    columns: root is an InsertRows."""

    root: Physical
    columns: tuple[ColumnRef, ...]
    names: tuple[str, ...]
    advice: tuple[str, ...] = ()  # "broadcasts 38 MB; DISTKEY(o_orderkey) on both sides avoids it"
    tables: tuple[Table, ...] = field(default=())  # base tables read (for locks, plan cache)
    # (table, Column.id, bytes): what a DISTKEY of the column would spare, of tables that may have another
    wanted: tuple[tuple[int, int, float], ...] = ()
