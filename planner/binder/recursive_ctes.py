"""WITH RECURSIVE: common table expressions that read themselves (r_WITH_clause).

    with recursive r(n) as (select 1 union all select n + 1 from r where n < 5)
                            seed member        recursive member

The seed gives the columns their types. Text may grow from round to round: where the recursive member makes a
longer one, the column is a VARCHAR of the largest length. Anything else that the member makes wider is an
error that asks for a cast.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from ...errors import DatatypeMismatch, NotSupportedError, ProgrammingError, SqlSyntaxError
from ...records import dataclass
from ...storage.types import MAX_VARCHAR, SqlType, varchar
from ..coercion import common_type
from ..expressions import ColumnRef
from ..logical import Aggregate, GroupingSets, Limit, Logical, Recursion, Sort, WorkingRows
from ..traverse import inputs, walk_plan
from .bound import Bound, finished, renamed, retyped
from .context import Binder
from .scope import Scope

if TYPE_CHECKING:
    from .ctes import Cte

INVALID_RECURSION = "42P19"


@dataclass(frozen=True, slots=True)
class Working:
    """What the name means inside its own recursive member."""

    number: int
    columns: tuple[ColumnRef, ...]
    names: tuple[str, ...]

    def bound(self, b: Binder, name: str) -> Bound:
        here = tuple([b.column(c.type, n) for c, n in zip(self.columns, self.names)])
        return Bound(WorkingRows(self.number, name, tuple([(c, i) for i, c in enumerate(here)])), here, self.names)


def check_place(b: Binder, with_: Any) -> None:
    """RECURSIVE is for the WITH of a whole statement."""
    if with_.parent is not None and with_.parent.find_ancestor(exp.Select, exp.SetOperation, exp.CTE) is not None:
        raise NotSupportedError("WITH RECURSIVE is not supported in a subquery", position=b.position(with_))


def references(node: Any, name: str) -> list[exp.Table]:
    """The tables of that name in a query."""
    return [t for t in node.find_all(exp.Table) if t.args.get("db") is None and t.name.lower() == name]


def bind_recursive(b: Binder, cte: Cte, outer: Scope | None) -> Bound:
    """The recursion as a plan of its own."""
    from .query import bind_tree

    seed_node, step_node = _members(b, cte)
    seed = finished(b, bind_tree(b, seed_node, outer, cte.env))
    names = renamed(seed.names, cte.names, cte.name, lambda: b.position(cte.node))
    number = b.column(seed.types[0], cte.name).id
    types: Sequence[SqlType] = seed.types
    step, types = _step(b, cte, outer, step_node, number, types, names, last=False)
    if tuple(types) != seed.types:  # longer text: once more over columns that hold any
        seed = retyped(b, seed, types)
        step, types = _step(b, cte, outer, step_node, number, types, names, last=True)
    _check_step(b, cte, step.plan, number)
    columns = tuple([b.column(t, n) for t, n in zip(types, names)])
    plan = Recursion(number, cte.name, seed.plan, step.plan, columns, seed.columns, step.columns)
    return Bound(plan, columns, names)


def _step(
    b: Binder, cte: Cte, outer: Scope | None, node: Any, number: int, types: Sequence[SqlType],
    names: tuple[str, ...], last: bool,
) -> tuple[Bound, Sequence[SqlType]]:
    """(the recursive member over columns of these types, the types that the columns must have)."""
    from .query import bind_tree

    columns = tuple([b.column(t, n) for t, n in zip(types, names)])
    own = replace(cte, recursive=False, working=Working(number, columns, names))
    step = finished(b, bind_tree(b, node, outer, MappingProxyType({**cte.env, cte.name: own})))
    if len(step.columns) != len(types):
        raise SqlSyntaxError("each UNION query must have the same number of columns", position=b.position(node))
    wanted = [_type(b, cte, i, t, made.type, node) for i, (t, made) in enumerate(zip(types, step.columns), start=1)]
    return retyped(b, step, types if last else wanted), types if last else wanted


def _type(b: Binder, cte: Cte, place: int, seed: SqlType, step: SqlType, node: Any) -> SqlType:
    shared = common_type(seed, step)
    if shared is None:
        raise DatatypeMismatch(f"UNION types {seed.kind.value} and {step.kind.value} cannot be matched",
                               position=b.position(node))
    if shared == seed:
        return seed
    if seed.is_string:
        return varchar(MAX_VARCHAR)
    raise DatatypeMismatch(
        f'recursive query "{cte.name}" column {place} has type {seed} in the seed member but type {shared} overall',
        hint="Cast the output of the seed member to the type that is wanted overall.", position=b.position(node),
    )


# -- what is allowed -------------------------------------------------------------------------------


def _members(b: Binder, cte: Cte) -> tuple[Any, exp.Select]:
    """(seed, recursive member), of the right form."""
    node, position = cte.node, b.position(cte.node)
    if not isinstance(node, exp.Union) or node.args.get("distinct"):
        raise ProgrammingError(f'recursive query "{cte.name}" must be two queries with UNION ALL between them',
                               sqlstate=INVALID_RECURSION, position=position)
    if not cte.names:
        raise SqlSyntaxError(f'the recursive query "{cte.name}" needs a list of column names', position=position)
    seed, step = node.this, node.expression
    while isinstance(step, exp.Subquery) and not any(step.args.get(k) for k in ("order", "limit", "offset", "with_")):
        step = step.this
    if any(part.args.get(k) for part in (node, step) for k in ("order", "limit", "offset")):
        raise NotSupportedError("ORDER BY and LIMIT are not supported in a recursive query", position=position)
    if any(part.args.get("with_") for part in (node, step)):
        raise NotSupportedError("WITH is not supported in a recursive query", position=position)
    inside = references(seed, cte.name)
    if inside:
        raise ProgrammingError(f'recursive reference to query "{cte.name}" must not appear in its seed member',
                               sqlstate=INVALID_RECURSION, position=b.position(inside[0]))
    _check_reference(b, cte, step)
    return seed, step


def _check_reference(b: Binder, cte: Cte, step: Any) -> None:
    """The name stands once, in FROM of the recursive member itself, and no outer join can drop its rows."""
    found = references(step, cte.name)
    problem = None
    if len(found) != 1:
        problem = "must not appear more than once"
    elif not isinstance(step, exp.Select) or found[0].find_ancestor(exp.Select) is not step:
        problem = "must not appear within a subquery"
    elif any(_is_outer(join, found[0]) for join in step.find_all(exp.Join)):
        problem = "must not appear within an outer join"
    if problem is not None:
        raise ProgrammingError(f'recursive reference to query "{cte.name}" {problem}', sqlstate=INVALID_RECURSION,
                               position=b.position(found[0]))


def _is_outer(join: exp.Join, reference: exp.Table) -> bool:
    side = str(join.args.get("side") or "").upper()
    inside = any(table is reference for table in join.this.find_all(exp.Table))
    return side in ("RIGHT", "FULL") or (side == "LEFT" and inside)


def _check_step(b: Binder, cte: Cte, plan: Logical, number: int) -> None:
    """No aggregate over the working rows: its value would depend on how the rounds fall."""

    def reads(node: Logical) -> bool:
        return any(isinstance(n, WorkingRows) and n.number == number for n in walk_plan(node))

    while not isinstance(plan, WorkingRows):
        if isinstance(plan, (Aggregate, GroupingSets, Limit, Sort)):
            raise NotSupportedError(
                f'aggregates, GROUP BY and DISTINCT are not supported in the recursive member of "{cte.name}"',
                position=b.position(cte.node),
            )
        plan = next(child for child in inputs(plan) if reads(child))
