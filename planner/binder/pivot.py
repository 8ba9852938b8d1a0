"""PIVOT and UNPIVOT in FROM.

    t PIVOT (sum(x) AS s FOR k IN ('a' AS p, 'b'))     one row per value of the other columns of t:

        Aggregate p_s = sum(CASE WHEN k = 'a' THEN x END), b_s = ... BY the other columns

    t UNPIVOT (v FOR n IN (red AS r, green))           one row per row of t and column of the list:

        Union all
          Project other columns, n := 'r', v := red         Filter red IS NOT NULL
          Project other columns, n := 'green', v := green   (left out with INCLUDE NULLS)

What the clause does not name goes along: as a group, or as it is. The columns made get their names from
constants in the text, so these belong to the shape of a kept plan.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, SqlSyntaxError
from ...storage.types import varchar
from ..coercion import unify
from ..columns import columns_of, copy_plan, free_columns, substitute
from ..expressions import ColumnRef, Expr, IsNull, Literal
from ..logical import Aggregate, CteRef, Filter, Logical, Project, SetKind, SetOperation
from .aggregates import Aggregates
from .bound import Bound
from .context import Binder
from .ctes import Env
from .expressions import ExpressionBinder
from .names import NONE, output_name
from .scope import Relation, Scope

AGGREGATES = ("count", "sum", "min", "max", "avg")


def pivoted(b: Binder, node: exp.Pivot, source: Bound, alias: str | None, env: Env) -> Bound:
    """`source` under a PIVOT or UNPIVOT clause."""
    literals, b.context.literals = b.context.literals, None
    try:
        return _unpivot(b, node, source) if node.args.get("unpivot") else _pivot(b, node, source, alias, env)
    finally:
        b.context.literals = literals


def _field(b: Binder, node: exp.Pivot) -> exp.In:
    """FOR column IN (list)."""
    fields: list[Any] = list(node.args.get("fields") or ())
    if len(fields) != 1 or not isinstance(fields[0], exp.In) or len(node.expressions) != 1:
        raise NotSupportedError("PIVOT and UNPIVOT take one expression and one FOR ... IN (list)",
                                position=b.position(node))
    if not fields[0].expressions:
        word = "UNPIVOT" if node.args.get("unpivot") else "PIVOT"
        raise SqlSyntaxError(f"the IN list of {word} is empty", position=b.position(fields[0]))
    return fields[0]


def _named(node: Any) -> tuple[Any, str | None]:
    """(what stands there, its alias)."""
    if isinstance(node, (exp.PivotAlias, exp.Alias)):
        return node.this, str(node.args["alias"].name).lower()
    return node, None


# -- PIVOT -----------------------------------------------------------------------------------------


def _pivot(b: Binder, node: exp.Pivot, source: Bound, alias: str | None, env: Env) -> Bound:
    field = _field(b, node)
    call, suffix = _named(node.expressions[0])
    argument = _argument(b, call)
    scope = Scope()
    scope.add(Relation(alias, source.names, source.columns))
    aggregates = Aggregates(b)
    e = ExpressionBinder(b, scope, env, "PIVOT", aggregates)
    used = columns_of(ExpressionBinder(b, scope, env, "PIVOT").bind(field.this))
    if not isinstance(argument, exp.Star):
        used |= columns_of(ExpressionBinder(b, scope, env, "an aggregate of PIVOT").bind(argument))
    made: list[tuple[str, Expr]] = []
    for value in field.expressions:
        value, name = _named(value)
        _check_value(b, value)
        name = _constant_name(value) if name is None else name
        result = e.bind(_where(call, argument, field.this, value))
        made.append((name if suffix is None else f"{name}_{suffix}", result))
    kept = [(name, c) for name, c in zip(source.names, source.columns) if c.id not in used]
    groups = tuple([(b.column(c.type, name, c.nullable), c) for name, c in kept])
    calls = tuple([(ref, found) for found, ref in aggregates.calls.items()])
    names = (*[name for name, _ in kept], *[name for name, _ in made])
    plan: Logical = Aggregate(source.plan, groups, calls)
    columns = tuple([ref for ref, _ in groups]) + tuple([e for _, e in made if isinstance(e, ColumnRef)])
    if len(columns) < len(names):  # of SUPER values and intervals the results are put together from aggregates
        shown: list[tuple[ColumnRef, Expr]] = [(ref, ref) for ref, _ in groups]
        shown += [(b.column(e.type, name), e) for name, e in made]
        plan, columns = Project(plan, tuple(shown)), tuple([ref for ref, _ in shown])
    return Bound(plan, columns, names)


def _argument(b: Binder, call: Any) -> Any:
    """What the aggregate is over: an expression, or a star."""
    name = call.this if isinstance(call, exp.Anonymous) else ""
    if name.lower() not in AGGREGATES:
        raise NotSupportedError(f"PIVOT takes one of {', '.join(a.upper() for a in AGGREGATES)}",
                                position=b.position(call))
    if len(call.expressions) != 1:
        raise SqlSyntaxError(f"{name.upper()} takes one argument", position=b.position(call))
    argument = call.expressions[0]
    if isinstance(argument, exp.Distinct):
        if len(argument.expressions) != 1:
            raise SqlSyntaxError(f"{name.upper()} takes one argument", position=b.position(call))
        return argument.expressions[0]
    if isinstance(argument, exp.Star) and name.lower() != "count":
        raise SqlSyntaxError(f"{name.lower()}(*) is not allowed", position=b.position(call))
    return argument


def _check_value(b: Binder, value: Any) -> None:
    if value.find(exp.Column, exp.Query) is not None:
        raise NotSupportedError("values of PIVOT ... IN cannot be column references or subqueries",
                                position=b.position(value))


def _constant_name(value: Any) -> str:
    """A constant's own text; what a result column is called for others."""
    match value:
        case exp.Literal():
            return str(value.this).lower()
        case exp.Null():
            return "null"
        case exp.Neg(this=exp.Literal() as number):
            return f"-{number.this}"
        case _:
            name = output_name(value)
            return NONE if name == "bool" else name


def _where(call: exp.Anonymous, argument: Any, column: Any, value: Any) -> exp.Anonymous:
    """The aggregate over the rows where the column has the value."""
    is_null = isinstance(value, exp.Null)
    test = (exp.Is if is_null else exp.EQ)(this=column.copy(), expression=value.copy())
    result = exp.Literal.number(1) if isinstance(argument, exp.Star) else argument.copy()
    only: Any = exp.Case(ifs=[exp.If(this=test, true=result)])
    if isinstance(call.expressions[0], exp.Distinct):
        only = exp.Distinct(expressions=[only])
    return exp.Anonymous(this=call.this, expressions=[only])


# -- UNPIVOT ---------------------------------------------------------------------------------------


def _unpivot(b: Binder, node: exp.Pivot, source: Bound) -> Bound:
    field = _field(b, node)
    if not isinstance(field.this, exp.Identifier) or not isinstance(node.expressions[0], exp.Identifier):
        raise SqlSyntaxError("UNPIVOT needs the names of a value column and a name column", position=b.position(node))
    listed = [_column(b, item, source) for item in field.expressions]
    taken = {column.id for _, column in listed}
    values, type = unify([column for _, column in listed], "UNPIVOT", b.position(field))
    label = varchar(max(len(name.encode()) for name, _ in listed))
    kept = [(name, c) for name, c in zip(source.names, source.columns) if c.id not in taken]
    columns = (*[b.column(c.type, name, c.nullable) for name, c in kept],
               b.column(label, field.this.name.lower(), False), b.column(type, node.expressions[0].name.lower()))
    branches = []
    for (name, column), value in zip(listed, values):
        plan: Logical = source.plan
        if not node.args.get("include_nulls"):
            plan = Filter(plan, IsNull(column, negated=True))
        exprs: list[Expr] = [*[c for _, c in kept], Literal(name, label), value]
        branches.append((plan, exprs))
    plan = _union(b, source, branches, columns)
    names = (*[name for name, _ in kept], field.this.name.lower(), node.expressions[0].name.lower())
    return Bound(plan, columns, names)


def _column(b: Binder, item: Any, source: Bound) -> tuple[str, ColumnRef]:
    """One column of the list: the name that stands for it, and the column."""
    node, alias = _named(item)
    if not isinstance(node, exp.Column) or node.table:
        raise NotSupportedError("UNPIVOT ... IN takes columns of its input only", position=b.position(item))
    scope = Scope()
    scope.add(Relation(None, source.names, source.columns))
    name = node.name.lower()
    found = scope.find(name, None, b.position(node))
    if found is None:
        raise scope.unknown(name, None, b.position(node))
    assert isinstance(found, ColumnRef)
    return alias or name, found


def _union(
    b: Binder, source: Bound, branches: Sequence[tuple[Logical, list[Expr]]], columns: tuple[ColumnRef, ...]
) -> Logical:
    """All branches; their common input is read by each of them (the rewrites decide how)."""
    made: tuple[Logical, tuple[ColumnRef, ...]] | None = None
    number = _shared(b, source) if len(branches) > 1 else None
    for plan, exprs in branches:
        out = tuple([(b.column(c.type, c.name, c.nullable), e) for c, e in zip(columns, exprs)])
        branch: Logical = Project(plan, out)
        if number is not None:
            branch = _reading(b, Project(plan, out), source, number)
        elif made is not None:
            branch, renamed = copy_plan(branch, lambda c: b.column(c.type, c.name, c.nullable))
            out = tuple([(renamed[ref.id], e) for ref, e in out])
        refs = tuple([ref for ref, _ in out])
        if made is None:
            made = branch, refs
            continue
        both = tuple([b.column(c.type, c.name, c.nullable) for c in columns])
        made = SetOperation(SetKind.UNION, True, made[0], branch, both, made[1], refs), both
    assert made is not None
    return Project(made[0], tuple(zip(columns, made[1])))


def _shared(b: Binder, source: Bound) -> int | None:
    """The input as a common table expression, unless it depends on a query around it."""
    if free_columns(source.plan):
        return None
    number = len(b.ctes)
    b.ctes.append((number, source.plan, source.columns))
    return number


def _reading(b: Binder, branch: Project, source: Bound, number: int) -> Logical:
    """The branch over a reading of the shared input in the place of the input itself."""
    use = CteRef(number, tuple([(b.column(c.type, c.name, c.nullable), c) for c in source.columns]))
    names = {old.id: ref for ref, old in use.columns}
    below: Logical = use
    if isinstance(branch.input, Filter):
        below = Filter(use, substitute(branch.input.predicate, names))
    return Project(below, tuple([(ref, substitute(e, names)) for ref, e in branch.columns]))
