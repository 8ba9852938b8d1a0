"""A query that is bound, before it has a place: its plan, its columns, and the names they go by."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import is_
from typing import Any

from ...errors import NotSupportedError, SqlSyntaxError
from ...records import dataclass
from ...storage.types import Kind, SqlType, varchar
from ..coercion import coerce, settled
from ..columns import output_columns, substitute
from ..expressions import ColumnRef, Expr
from ..logical import Limit, Logical, Project, SetOperation, Sort, SortKey, Values
from .context import Binder


@dataclass(frozen=True, slots=True)
class Bound:
    """The plan may put out more columns than `columns` (what it was sorted by)."""

    plan: Logical
    columns: tuple[ColumnRef, ...]
    names: tuple[str, ...]

    @property
    def types(self) -> tuple[SqlType, ...]:
        return tuple([c.type for c in self.columns])


def sort_key(expr: Expr, item: Any) -> SortKey:
    """The key of an item of ORDER BY whose expression is bound."""
    if item.args.get("with_fill") is not None:
        raise NotSupportedError("ORDER BY ... WITH FILL is not supported by Redshift")
    return SortKey(expr, bool(item.args.get("desc")), bool(item.args.get("nulls_first")))


def retyped(b: Binder, bound: Bound, types: Sequence[SqlType]) -> Bound:
    """The same rows with columns of the given types.

    Literals in the select list are converted where they stand, which is how NULL and quoted text in
    one branch of a UNION get the other branch's type; what cannot be reached so is cast on top.
    """
    columns = bound.columns
    casts = [coerce(c, t) for c, t in zip(columns, types)]
    if all(map(is_, columns, casts)):
        return bound
    wanted = {c.id: t for c, t in zip(columns, types) if c.type.kind.is_unknown}
    plan, renamed = _settle(bound.plan, wanted)
    if renamed:
        columns = tuple([renamed.get(c.id, c) for c in columns])
        casts = [coerce(c, t) for c, t in zip(columns, types)]
        if all(map(is_, columns, casts)):
            return Bound(plan, columns, bound.names)
    out = [(c, c) if cast is c else (b.column(t, c.name, c.nullable, c.span), cast)
           for c, t, cast in zip(columns, types, casts)]
    hidden = [(c, c) for c in _hidden(plan, columns)]
    return Bound(Project(plan, (*out, *hidden)), tuple([c for c, _ in out]), bound.names)


def finished(b: Binder, bound: Bound) -> Bound:
    """A query whose columns leave: what is still UNKNOWN becomes VARCHAR."""
    if not [c for c in bound.columns if c.type.kind.is_unknown]:
        return bound
    return retyped(b, bound, [_settled_type(bound.plan, c) for c in bound.columns])


def _settled_type(plan: Logical, column: ColumnRef) -> SqlType:
    """The type of a column that is still UNKNOWN: VARCHAR with the length of its longest literal."""
    if column.type.kind is not Kind.UNKNOWN:
        return column.type
    while isinstance(plan, (Sort, Limit)):
        plan = plan.input
    if isinstance(plan, Project):
        return settled({ref.id: e for ref, e in plan.columns}.get(column.id, column))
    if isinstance(plan, SetOperation):
        place = next(i for i, c in enumerate(plan.columns) if c.id == column.id)
        sides = ((plan.left, plan.left_columns[place]), (plan.right, plan.right_columns[place]))
        return varchar(max(_settled_type(side, ref).length for side, ref in sides))
    return settled(column)


def renamed(
    names: tuple[str, ...], given: tuple[str, ...], what: str, position: Callable[[], int | None]
) -> tuple[str, ...]:
    """Column names with those of an alias list put over the first ones. `position`: told in an error only, for a
    subquery's is looked for in all of it."""
    if len(given) > len(names):
        raise SqlSyntaxError(
            f'table "{what}" has {len(names)} columns available but {len(given)} columns specified',
            sqlstate="42P10", position=position(),
        )
    return given + names[len(given) :]


def _hidden(plan: Logical, columns: Sequence[ColumnRef]) -> list[ColumnRef]:
    visible = {c.id for c in columns}
    return [c for c in output_columns(plan) if c.id not in visible]


def _settle(plan: Logical, wanted: dict[int, SqlType]) -> tuple[Logical, dict[int, ColumnRef]]:
    """Give UNKNOWN columns their types inside the node that makes them; id -> the column's new form."""
    if not wanted:
        return plan, {}
    match plan:
        case Limit():
            inner, renamed = _settle(plan.input, wanted)
            return replace(plan, input=inner), renamed
        case Sort():
            inner, renamed = _settle(plan.input, wanted)
            keys = tuple(replace(k, expr=substitute(k.expr, renamed)) for k in plan.keys)
            return Sort(inner, keys), renamed
        case Project():
            return _settle_project(plan, wanted)
        case Values():
            return _settle_values(plan, wanted)
        case SetOperation():
            return _settle_set(plan, wanted)
        case _:
            return plan, {}


def _settle_project(plan: Project, wanted: dict[int, SqlType]) -> tuple[Logical, dict[int, ColumnRef]]:
    renamed: dict[int, ColumnRef] = {}
    columns: list[tuple[ColumnRef, Expr]] = []
    for ref, expr in plan.columns:
        if ref.id in wanted and ref != expr:
            ref = renamed[ref.id] = ColumnRef(ref.id, wanted[ref.id], ref.name, ref.nullable, ref.span)
            expr = coerce(expr, ref.type)
        columns.append((ref, expr))
    return Project(plan.input, tuple(columns)), renamed


def _settle_values(plan: Values, wanted: dict[int, SqlType]) -> tuple[Logical, dict[int, ColumnRef]]:
    renamed = {c.id: replace(c, type=wanted[c.id]) for c in plan.columns if c.id in wanted}
    columns = tuple(renamed.get(c.id, c) for c in plan.columns)
    rows = tuple(tuple(coerce(e, c.type) for e, c in zip(row, columns)) for row in plan.rows)
    return Values(columns, rows), renamed


def _settle_set(plan: SetOperation, wanted: dict[int, SqlType]) -> tuple[Logical, dict[int, ColumnRef]]:
    places = [i for i, c in enumerate(plan.columns) if c.id in wanted]
    sides = []
    for side, columns in ((plan.left, plan.left_columns), (plan.right, plan.right_columns)):
        asked = {columns[i].id: wanted[plan.columns[i].id] for i in places}
        inner, inner_renamed = _settle(side, asked)
        if len(inner_renamed) < len(asked):
            return plan, {}
        sides.append((inner, tuple(inner_renamed.get(c.id, c) for c in columns)))
    renamed = {plan.columns[i].id: replace(plan.columns[i], type=wanted[plan.columns[i].id]) for i in places}
    (left, left_columns), (right, right_columns) = sides
    columns = tuple(renamed.get(c.id, c) for c in plan.columns)
    return replace(plan, left=left, right=right, columns=columns, left_columns=left_columns,
                   right_columns=right_columns), renamed
