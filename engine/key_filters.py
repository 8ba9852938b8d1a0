"""Which key filters a segment applies at its source, and which travel further down.

A join that drops probe rows without a match gives a bitmap of its build keys (joins.KeyFilter). It is worth most
where rows are made, so it is followed down from the join's probe key:

    HashJoin(l_partkey = p_partkey)          through   Filter, other joins' probe sides, plain projections
      Exchange                               through   any move
        HashAggregate(group by l_partkey)    through   groups: a group that no join row wants is not made
        UnionAll                             through   into each branch
          TableScan lineitem                 applied   before anything else is decoded

Where a join's keys are equal, a filter on one is a filter on the other: it also goes into the build side of the joins
below, which then has fewer rows to put into its table.

    descend(...)      down a chain: its build sides, made with what is known above them, and the source's filters
    below_groups(...) on through the groups of an aggregate
    into_branch(...)  on into a branch of UNION ALL
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from ..planner.columns import physical_columns
from ..planner.expressions import ColumnId, ColumnRef
from ..planner.physical import HashAggregate, HashJoin, JoinType, Physical, ProjectColumns
from ..records import dataclass
from .joins import BuildSide, KeyFilter
from .workers import SMALL_ROWS

PASS_RATE = 0.6  # filters are tried where fewer probe rows than this should find a match
DENSITY = 0.6  # ... or where fewer of the keys in the range are there
DROPPING = (JoinType.INNER, JoinType.SEMI, JoinType.RIGHT, JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI)


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """A filter on a column of some node's output; `rate`: the share of rows that should pass."""

    column: ColumnId
    filter: KeyFilter
    rate: float


def of_join(join: HashJoin, side: BuildSide) -> Passed | None:
    """The best filter of a join on one of its probe keys (a plain column), if it is worth a try."""
    if join.type not in DROPPING:
        return None
    best: Passed | None = None
    expected = join.props.rows / max(join.probe.props.rows, 1.0)
    for number, key in enumerate(join.probe_keys):
        if not isinstance(key, ColumnRef):
            continue
        filter = side.key_filter(number)
        if filter is None or (filter.density > DENSITY and (len(join.probe_keys) > 1 or expected > PASS_RATE)):
            continue
        rate = min(filter.density, expected) if len(join.probe_keys) == 1 else filter.density
        if best is None or rate < best.rate:
            best = Passed(key.id, filter, rate)
    return best


def descend(chain: Sequence[Physical], above: Sequence[Passed],
            build: Callable[[HashJoin, Sequence[Passed]], BuildSide | None], rows: float = inf,
            ) -> tuple[dict[int, BuildSide], list[Passed]]:
    """Make the build sides of a chain's joins, by id of their join, and find the filters that apply to the rows of its
    source. Small sides come first: what is known of their keys keeps the later ones small. A filter holds for every
    column that equals its own in the rows that come out at the top, wherever in the chain it stands. A side that is too
    large (`build` answers None) is left out. `rows`: so many are in what the source reads; where that and all build
    sides are little, reading them whole costs less than a filter."""
    sides: dict[int, BuildSide] = {}
    equal = _equal_columns(chain)
    active = _spread(above, equal)
    joins = sorted([n for n in chain if isinstance(n, HashJoin)], key=lambda j: j.build.props.rows)
    few = max([rows, *[j.build.props.rows for j in joins]]) < SMALL_ROWS
    for join in joins:
        side = build(join, _for_build(join, active))
        if side is None:
            continue
        sides[id(join)] = side
        made = None if few else of_join(join, side)
        if made is not None:
            active = _spread([*active, made], equal)
    return sides, active


def _equal_columns(chain: Sequence[Physical]) -> list[tuple[ColumnId, ColumnId]]:
    """Columns that are one another, or that an inner join of the chain makes equal."""
    equal: list[tuple[ColumnId, ColumnId]] = []
    for node in chain:
        if isinstance(node, ProjectColumns):
            equal += [(ref.id, e.id) for ref, e in node.columns if isinstance(e, ColumnRef) and e.id != ref.id]
        elif isinstance(node, HashJoin) and node.type is JoinType.INNER:
            equal += _key_pairs(node)
    return equal


def _spread(active: Sequence[Passed], equal: Sequence[tuple[ColumnId, ColumnId]]) -> list[Passed]:
    """The filters, and the same on the columns that are equal to theirs."""
    found = list(active)
    for f in found:  # grows while it is read
        for pair in equal:
            if f.column in pair:
                other = pair[1] if f.column == pair[0] else pair[0]
                if not any(g.column == other and g.filter is f.filter for g in found):
                    found.append(Passed(other, f.filter, f.rate))
    return found


def _key_pairs(join: HashJoin) -> list[tuple[ColumnId, ColumnId]]:
    """Columns of the probe and the build side that are equal in every row that the join puts together."""
    return [(a.id, b.id) for a, b in zip(join.probe_keys, join.build_keys, strict=True)
            if isinstance(a, ColumnRef) and isinstance(b, ColumnRef)]


def _for_build(join: HashJoin, active: Sequence[Passed]) -> list[Passed]:
    """Filters that build rows may be held to: those that fail would meet only probe rows that fail too. (NOT IN
    asks whether there is any NULL among its rows, wherever it is.)"""
    if join.null_aware:
        return []
    partner = dict(_key_pairs(join))
    if join.type is JoinType.INNER:
        partner = {c.id: c.id for c in physical_columns(join.build)}  # the filters were spread over equal columns
    return [Passed(partner[f.column], f.filter, f.rate) for f in active if f.column in partner]


def below_groups(node: HashAggregate, filters: Sequence[Passed]) -> list[Passed]:
    """Filters on group keys that are plain columns, as filters on the aggregate's input."""
    keys = {ref.id: e.id for ref, e in node.groups if isinstance(e, ColumnRef)}
    return [Passed(keys[f.column], f.filter, f.rate) for f in filters if f.column in keys]


def into_branch(columns: Sequence[ColumnRef], feed: Sequence[ColumnRef], filters: Sequence[Passed]) -> list[Passed]:
    """Filters on columns of a UNION ALL, as filters on the columns of a branch that feed them."""
    fed = {ref.id: old.id for ref, old in zip(columns, feed, strict=True) if ref.type == old.type}
    return [Passed(fed[f.column], f.filter, f.rate) for f in filters if f.column in fed]
