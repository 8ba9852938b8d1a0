"""GROUP BY with ROLLUP, CUBE and GROUPING SETS, and GROUPING() over it: which sets of columns are meant.

    a                            (a)
    ROLLUP(a, (b, c))            (a, b, c) (a) ()
    CUBE(a, b)                   (a, b) (a) (b) ()
    GROUPING SETS(a, (a, b), ROLLUP(c), ())      the sets of its members one after the other
    x, y                         every set of x with every set of y

Redshift's limits hold: at most 64 sets, no constants, no column twice in a set (`extended` takes such a
column once). The sets stay as they are written, also where two are the same: each gives its rows.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, product
from math import prod
from typing import Any

from sqlglot import exp

from ...errors import GroupingError, NotSupportedError, ProgrammingError
from ...records import dataclass
from ..expressions import Expr, Literal
from ..traverse import unnumbered
from .context import Binder
from .expressions import ExpressionBinder

MAX_SETS = 64
MAX_GROUPING_ARGUMENTS = 31  # bits of an INTEGER
FUNCTIONS = ("grouping", "grouping_id")
_EXTENSIONS = (exp.Rollup, exp.Cube, exp.GroupingSets)
Sets = list[tuple[Any, ...]]  # of syntax nodes


@dataclass(frozen=True, slots=True)
class GroupBy:
    """The grouping expressions, each once, and the sets of their places; None: all of them at once."""

    exprs: tuple[Expr, ...] = ()
    sets: tuple[tuple[int, ...], ...] | None = None


def bind_group_by(b: Binder, items: Sequence[Any], bind: Callable[[Any], Expr]) -> GroupBy:
    """`bind` makes the expression of one grouping column."""
    if not [item for item in items if item.__class__ is not exp.Column and isinstance(_bare(item), _EXTENSIONS)]:
        return GroupBy(tuple([bind(item) for item in items]))
    _check_number(b, items)
    columns: dict[Expr, int] = {}
    sets = []
    for parts in product(*[list(_sets_of(item)) for item in items]):
        places: list[int] = []
        for node in [node for part in parts for node in part]:
            expr = unnumbered(bind(node))
            if isinstance(expr, Literal):
                raise NotSupportedError("constants cannot be grouping columns of ROLLUP, CUBE or GROUPING SETS",
                                        position=b.position(node))
            place = columns.setdefault(expr, len(columns))
            if place in places and not b.context.extended:
                raise NotSupportedError("a grouping set cannot contain the same column twice",
                                        position=b.position(node))
            places.extend([place] if place not in places else [])
        sets.append(tuple(places))
    return GroupBy(tuple(columns), tuple(sets))


def _bare(node: Any) -> Any:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _check_number(b: Binder, items: Sequence[Any]) -> None:
    sets = prod([_count(item) for item in items])
    if sets > MAX_SETS:
        raise ProgrammingError(f"too many grouping sets: {sets}, the maximum is {MAX_SETS}", sqlstate="54001",
                               position=b.position(items[0]))


def _count(node: Any) -> int:
    """How many sets an item stands for."""
    match node:
        case exp.Rollup():
            return len(node.expressions) + 1
        case exp.Cube():
            return 1 << len(node.expressions)
        case exp.GroupingSets():
            return sum(_count(member) for member in node.expressions)
        case _:
            return 1


def _sets_of(node: Any) -> Iterator[tuple[Any, ...]]:
    """The sets of one item of GROUP BY, or of one member of GROUPING SETS."""
    node = _bare(node)
    match node:
        case exp.Rollup():
            members = [_columns(m) for m in node.expressions]
            for size in range(len(members), -1, -1):
                yield _flat(members[:size])
        case exp.Cube():
            members = [_columns(m) for m in node.expressions]
            for size in range(len(members), -1, -1):
                yield from map(_flat, combinations(members, size))
        case exp.GroupingSets():
            for member in node.expressions:
                yield from _sets_of(member)
        case _:
            yield _columns(node)


def _columns(node: Any) -> tuple[Any, ...]:
    """The columns of (a, b), or the one that stands alone."""
    node = _bare(node)
    return tuple(node.expressions) if isinstance(node, exp.Tuple) else (node,)


def _flat(members: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple([node for member in members for node in member])


# -- GROUPING() ------------------------------------------------------------------------------------


def grouping(e: ExpressionBinder, name: str, arguments: Sequence[Any], node: Any) -> Expr:
    """GROUPING(a, b), GROUPING_ID(a, b): the column of its result. Its arguments are looked up among the
    grouping expressions when these are known."""
    position = e.b.position(node)
    if e.aggregates is None or e.aggregates.busy:
        where = "the argument of an aggregate" if e.aggregates is not None else e.clause
        raise GroupingError(f"{name.upper()} is not allowed in {where}", position=position)
    if not 1 <= len(arguments) <= MAX_GROUPING_ARGUMENTS:
        raise ProgrammingError(f"{name.upper()} takes 1 to {MAX_GROUPING_ARGUMENTS} arguments", sqlstate="42601",
                               position=position)
    return e.aggregates.grouping(tuple([unnumbered(e.bind(a)) for a in arguments]), e.span(node))
