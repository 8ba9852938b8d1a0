"""Which key filters a segment applies at its source, and which travel further down.

A join that drops probe rows without a match gives a bitmap of its build keys (joins.KeyFilter). It is worth most
where rows are made, so it is followed down from the join's probe key:

    HashJoin(l_partkey = p_partkey)          through   Filter, other joins' probe sides, plain projections
      Exchange                               through   any move
        HashAggregate(group by l_partkey)    through   groups: a group that no join row wants is not made
          TableScan lineitem                 applied   before anything else is decoded

    trace(...)       a column at the top of a chain -> the column of its source, or None
    at_source(...)   all filters that a segment may apply to its source's rows
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..planner.expressions import ColumnId, ColumnRef
from ..planner.physical import HashAggregate, HashJoin, JoinType, Physical, ProjectColumns
from ..records import dataclass
from .joins import BuildSide, KeyFilter

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


def trace(column: ColumnId, chain: Sequence[Physical]) -> ColumnId | None:
    """The source's column that `column` is, at the top of `chain` (top first); None if it is computed there."""
    for node in chain:
        if isinstance(node, ProjectColumns):
            found = [e for ref, e in node.columns if ref.id == column]
            if not found or not isinstance(found[0], ColumnRef):
                return None
            column = found[0].id
    return column


def at_source(chain: Sequence[Physical], sides: Mapping[int, BuildSide], above: Sequence[Passed]) -> list[Passed]:
    """Filters on the columns of a chain's source: of the chain's own joins (`sides` by id), and from `above`."""
    wanted: list[tuple[Passed, Sequence[Physical]]] = [(f, chain) for f in above]
    for i, node in enumerate(chain):
        made = of_join(node, sides[id(node)]) if isinstance(node, HashJoin) else None
        if made is not None:
            wanted.append((made, chain[i + 1 :]))
    found = []
    for passed, below in wanted:
        column = trace(passed.column, below)
        if column is not None:
            found.append(Passed(column, passed.filter, passed.rate))
    return found


def below_groups(node: HashAggregate, filters: Sequence[Passed]) -> list[Passed]:
    """Filters on group keys that are plain columns, as filters on the aggregate's input."""
    keys = {ref.id: e.id for ref, e in node.groups if isinstance(e, ColumnRef)}
    return [Passed(keys[f.column], f.filter, f.rate) for f in filters if f.column in keys]
