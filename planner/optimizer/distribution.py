"""Where rows are, and what it takes to have them elsewhere.

    Replicated     each slice sees all rows. Good as a build side; as anything that is *counted*
                   (aggregates, preserved sides of outer joins, unions, results) one copy must be read
    Hashed(cols)   row is on the slice that the hash of cols names
    Partitioned    each row is on one slice
    OnLeader       all rows on the leader

`one_copy` turns a replicated subplan into a partitioned one without moving anything: the scans below
are declared Partitioned, and the engine then splits their row groups over the slices.
"""
from __future__ import annotations

from dataclasses import replace

from ...errors import InternalError
from ...storage.distribution import family
from ..expressions import Cast, ColumnId, ColumnRef, Expr
from ..logical import SortKey
from ..physical import (
    Distribution,
    Exchange,
    FilterRows,
    Hashed,
    HashJoin,
    JoinType,
    Move,
    OnLeader,
    Partitioned,
    Physical,
    ProjectColumns,
    Props,
    Replicated,
    Shared,
    TableScan,
    UnnestRows,
)
from .cost import move_cost

LEADER = OnLeader()
PARTITIONED = Partitioned()
REPLICATED = Replicated()


def key_column(expr: Expr) -> ColumnRef | None:
    """The column whose hash is the expression's hash, if there is one: casts within a hash family that
    keep the value do not change it."""
    if expr.__class__ is ColumnRef:
        return expr  # type: ignore[return-value]
    while isinstance(expr, Cast):
        source, target = expr.operand.type, expr.type
        widening = (source.is_integer and target.is_integer) or (source.is_string and target.is_string)
        if not widening or family(source) != family(target):
            return None
        if source.is_integer and source.storage_bytes > target.storage_bytes:
            return None
        if source.is_string and source.length > target.length:
            return None
        expr = expr.operand
    return expr if isinstance(expr, ColumnRef) else None


def hashed_on(exprs: tuple[Expr, ...]) -> Distribution:
    """The distribution that DISTRIBUTE by these keys gives."""
    columns = [key_column(e) for e in exprs]
    known = [c for c in columns if c is not None]
    if not known or len(known) < len(columns):
        return PARTITIONED
    return Hashed(tuple([c.id for c in known]), tuple([family(e.type) for e in exprs]))


def is_hashed_by(props: Props, columns: set[ColumnId]) -> Hashed | None:
    """A hash distribution of these props whose columns are all among `columns`."""
    candidates = (props.distribution, *props.also_hashed)
    for candidate in candidates:
        if isinstance(candidate, Hashed) and all(c in columns for c in candidate.columns):
            return candidate
    return None


def exchange(
    source: Physical,
    move: Move,
    keys: tuple[Expr, ...] = (),
    merge_keys: tuple[SortKey, ...] = (),
    copies: int = 1,
) -> Physical:
    """Moves rows; `copies`: how many slices get each row (for the printed cost)."""
    props = source.props
    match move:
        case Move.DISTRIBUTE:
            where: Distribution = hashed_on(keys)
        case Move.BROADCAST:
            where = REPLICATED
        case Move.GATHER:
            where = LEADER
        case Move.ROUND_ROBIN:
            where = PARTITIONED
    cost = (props.first_cost, props.cost)
    if move in (Move.DISTRIBUTE, Move.BROADCAST, Move.ROUND_ROBIN):
        cost = move_cost(cost, props.rows, props.width, copies)
    made = Props(props.rows, props.width, cost[0], cost[1], where)
    return Exchange(source, move, keys, made, merge_keys)


def gather(source: Physical, merge_keys: tuple[SortKey, ...] = ()) -> Physical:
    """All rows on the leader, each once."""
    if isinstance(source.props.distribution, OnLeader):
        return source
    return exchange(one_copy(source), Move.GATHER, (), merge_keys)


def on_slices(node: Physical) -> Physical:
    """The same rows, dealt out to the slices if they are on the leader."""
    return exchange(node, Move.ROUND_ROBIN) if isinstance(node.props.distribution, OnLeader) else node


def one_copy(node: Physical) -> Physical:
    """The same rows, each on one slice only."""
    if not isinstance(node.props.distribution, Replicated):
        return node
    old = node.props
    props = Props(old.rows, old.width, old.first_cost, old.cost, PARTITIONED)
    match node:
        case TableScan():
            return TableScan(node.table, node.columns, node.filter, node.alias, props, node.pruning)
        case FilterRows() | ProjectColumns() | UnnestRows():
            return replace(node, input=one_copy(node.input), props=props)
        case Exchange(move=Move.BROADCAST):
            if isinstance(node.input.props.distribution, OnLeader):
                return exchange(node.input, Move.ROUND_ROBIN)
            return node.input
        case HashJoin():
            return _one_copy_of_join(node, props)
        case Shared():
            return replace(node, input=one_copy(node.input), props=props)
        case _:
            raise InternalError(f"{type(node).__name__} cannot be replicated")


def _one_copy_of_join(node: HashJoin, props: Props) -> Physical:
    """Splitting the side whose rows are kept or tested splits the result."""
    if node.type in (JoinType.RIGHT, JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI):
        return replace(node, build=one_copy(node.build), props=props)
    if node.type is JoinType.FULL:
        raise InternalError("a FULL JOIN cannot be replicated")
    return replace(node, probe=one_copy(node.probe), props=props)
