"""FROM: tables, views, system tables, derived tables, VALUES and joins; each gives a plan and a scope.

    from a, b left join c on ...      a x (b left join c): a comma binds less than JOIN, so that ON
                                      sees b and c only

A comma is a CROSS join; the rewrites make it an INNER join with what WHERE says.
"""
from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from sqlglot import exp

from ...errors import (
    DuplicateTable,
    NotSupportedError,
    ProgrammingError,
    SqlSyntaxError,
    UndefinedColumn,
)
from .. import build
from ..coercion import unify
from ..columns import output_ids
from ..expressions import Case, Expr, IsNull
from ..logical import Filter, Join, JoinKind, Values
from ..predicates import TRUE, joins_by_keys
from .bound import Bound, finished, renamed
from .context import Binder
from .correlation import check_outer_join
from .ctes import Env
from .expressions import ExpressionBinder
from .pivot import pivoted
from .relations import Item, alias_of, function_item, named_item, table_item
from .scope import AMBIGUOUS, Scope, near
from .table_functions import bind_unnest
from .unnesting import Path, as_path, check_condition, check_no_super, names_of, place, unnested

_CROSS = JoinKind.CROSS
_KINDS = {"": JoinKind.INNER, "LEFT": JoinKind.LEFT, "RIGHT": JoinKind.RIGHT, "FULL": JoinKind.FULL}
_FORBIDDEN = {
    "sample": "TABLESAMPLE", "laterals": "LATERAL", "when": "AS OF",
    "hints": "a table hint", "only": "ONLY", "partition": "PARTITION",
    "ordinality": "WITH ORDINALITY", "match_condition": "MATCH_CONDITION", "changes": "CHANGES",
    "rows_from": "ROWS FROM",
}


def from_items(items: Sequence[Item], outer: Scope | None) -> Item:
    """All of a FROM clause; without one, a single row of no columns."""
    return crossed(items) if items else Item(Values((), ((),)), Scope(outer))


def bind_items(b: Binder, node: Any, outer: Scope | None, env: Env) -> list[Item]:
    """What stands between the commas of FROM."""
    source = node.args.get("from_")
    if source is None:
        return []
    groups = [[source.this]]
    joins: list[list[Any]] = [[]]
    for join in node.args.get("joins") or ():
        if _is_comma(join):
            groups.append([join.this])
            joins.append([])
        else:
            joins[-1].append(join)
    aliases: tuple[str, ...] = ()
    if any(joins):
        aliases = tuple([a for (first,) in groups if (a := first.alias_or_name.lower())])
    items: list[Item] = []
    firsts: list[Any] = []
    for (first,), chain in zip(groups, joins):
        path = as_path(b, first, map(_scope_of, items), outer)
        if path is None:
            items.append(_joined(b, first, chain, outer, env, aliases))
            firsts.append(first)
            continue
        at = place([item.scope for item in items], path)
        item = _unnested(b, crossed(items[at:]) if at < len(items) else None, path, outer, env)
        for join in chain:
            item = _join(b, item, join, outer, env, aliases)
        items[at:] = [item]
        firsts[at:] = [firsts[at] if at < len(firsts) else first]
    names = [alias for item in items for alias in _aliases(item.scope)] if len(items) > 1 else []
    if len(set(names)) < len(names):
        taken: _Aliases = set()
        for first, item in zip(firsts, items):
            _check_aliases(b, taken, item.scope, first)
    return items


_scope_of = attrgetter("scope")


def _unnested(b: Binder, item: Item | None, path: Path, outer: Scope | None, env: Env, left: bool = False) -> Item:
    """An item's rows, each once for every element of the path's array."""
    scope = Scope(outer) if item is None else item.scope
    _check_aliases(b, _aliases(scope), names_of(path), path.node)
    return Item(*unnested(b, None if item is None else item.plan, scope, path, env, left))


def crossed(items: Sequence[Item]) -> Item:
    """All rows of all items with each other."""
    if len(items) == 1:
        return items[0]
    plan = items[0].plan
    for item in items[1:]:
        plan = Join(_CROSS, plan, item.plan, None)
    return Item(plan, Scope.joined(*[item.scope for item in items]))


def _is_comma(join: Any) -> bool:
    given = join.args.get
    return not (given("on") or given("kind") or given("side") or given("method") or given("using"))


def _joined(b: Binder, first: Any, chain: list[Any], outer: Scope | None, env: Env, later: tuple[str, ...]) -> Item:
    item = _item(b, first, outer, env)
    joins = _own_joins(first) + chain if first.args.get("joins") else chain
    for join in joins:
        item = _join(b, item, join, outer, env, later)
    return item


def _own_joins(node: Any) -> list[Any]:
    return list(node.args.get("joins") or ()) if isinstance(node, (exp.Table, exp.Subquery)) else []


# -- items ---------------------------------------------------------------------------------------


def _item(b: Binder, node: Any, outer: Scope | None, env: Env) -> Item:
    for key in node.args.keys() & _FORBIDDEN.keys():
        if node.args[key]:
            name = _FORBIDDEN[key]
            hint = "connect(as_of=...) shows the database as of a snapshot." if name == "AS OF" else None
            raise NotSupportedError(f"{name} is not supported yet", position=b.position(node), hint=hint)
    if "indexed" in node.args:
        raise SqlSyntaxError("INDEXED BY and NOT INDEXED are other systems'", position=b.position(node))
    if node.args.get("pivots"):
        return _pivoted(b, node, outer, env)
    match node:
        case exp.Table():
            return table_item(b, node, outer, env)
        case exp.Subquery(this=exp.Table() as inner):
            return _parenthesised(b, node, inner, outer, env)
        case exp.Subquery():
            return _derived(b, node, node.this, outer, env)
        case exp.Values():
            return _derived(b, node, node, outer, env)
        case exp.Unnest():
            return function_item(b, node, bind_unnest(b, node), outer)
        case _:
            raise NotSupportedError(f"{type(node).key.upper()} in FROM is not supported yet", position=b.position(node))


def _parenthesised(b: Binder, node: Any, inner: Any, outer: Scope | None, env: Env) -> Item:
    """( a join b on ... ): its names stay in sight, unless it has an alias of its own."""
    if node.args.get("alias") is not None and inner.args.get("joins"):
        raise NotSupportedError("an alias for joined tables is not supported", position=b.position(node))
    return _joined(b, inner, [], outer, env, ())


def _derived(b: Binder, node: Any, query: Any, outer: Scope | None, env: Env) -> Item:
    """A subquery (or VALUES) in FROM. It does not see its neighbours, only queries around."""
    from .query import bind_tree

    inner = node if query is not node and _has_modifiers(node) else query
    bound = finished(b, bind_tree(b, inner, outer, env))
    alias, given = alias_of(b, node)
    if given:
        bound = Bound(bound.plan, bound.columns, renamed(bound.names, given, alias or "*", lambda: b.position(node)))
    return named_item(bound, alias, outer)


def _pivoted(b: Binder, node: Any, outer: Scope | None, env: Env) -> Item:
    """A table or subquery with PIVOT or UNPIVOT behind it."""
    clause, *more = node.args["pivots"]
    bare = node.copy()
    bare.set("pivots", None)
    if more or bare.args.get("joins") or isinstance(node.this, exp.Table):
        raise NotSupportedError("PIVOT and UNPIVOT cannot be applied to joins, PIVOT or UNPIVOT",
                                position=b.position(node))
    source = _item(b, bare, outer, env)
    (relation,) = source.scope.relations
    bound = pivoted(b, clause, Bound(source.plan, relation.columns, relation.names), relation.alias, env)
    alias, given = alias_of(b, clause)
    alias = alias or relation.alias
    names = renamed(bound.names, given, alias or "*", lambda: b.position(node))
    return named_item(Bound(bound.plan, bound.columns, names), alias, outer)


def _has_modifiers(node: Any) -> bool:
    given = node.args.get
    return bool(given("order") or given("limit") or given("offset") or given("with_"))


# -- joins ---------------------------------------------------------------------------------------


_Aliases = set[tuple[str | None, str | None]]  # with the schema where a table has no other name


def _aliases(scope: Scope) -> _Aliases:
    return {(r.alias, r.schema) for r in scope.relations if r.alias is not None}


def _check_aliases(b: Binder, taken: _Aliases, scope: Scope, node: Any) -> None:
    """Refuses names that are `taken`, and adds the others to these."""
    own = _aliases(scope)
    if not taken.isdisjoint(own):
        alias = next(r.alias for r in scope.relations if (r.alias, r.schema) in taken)
        raise DuplicateTable(f'table name "{alias}" specified more than once', sqlstate="42712",
                             position=b.position(node))
    taken |= own


def _join(b: Binder, left: Item, node: Any, outer: Scope | None, env: Env, later: tuple[str, ...]) -> Item:
    kind = _kind(b, node)
    path = as_path(b, node.this, (left.scope,), outer)
    if path is not None:
        return _join_path(b, left, node, kind, path, outer, env)
    right = _joined(b, node.this, [], outer, env, later)
    _check_aliases(b, _aliases(left.scope), right.scope, node.this)
    using = [b.name(u) for u in node.args.get("using") or ()]
    if str(node.args.get("method") or "").upper() == "NATURAL":
        using = [n for n, _ in left.scope.star if n in right.scope.unqualified]
        if not using and kind is JoinKind.INNER:
            return crossed([left, right])
        condition: Expr | None = None if using else TRUE  # nothing in common: every pair matches
    else:
        condition = None
    scope: Scope | None = None
    on = node.args.get("on")
    if using:
        condition = build.conjunction([_equal(b, n, left.scope, right.scope, node) for n in using])
    elif on is not None:
        scope = Scope.joined(left.scope, right.scope)
        scope.later = later
        condition = ExpressionBinder(b, scope, env, "JOIN/ON").boolean(on)
        scope.later = ()
        if kind is not JoinKind.INNER:
            _check_outer(b, kind, condition, right, on)
    elif kind is JoinKind.CROSS:
        return crossed([left, right])
    elif condition is None:
        raise SqlSyntaxError(f"a {kind.value.lower()} join needs ON or USING", position=b.position(node.this))
    if scope is None or kind is not JoinKind.INNER:
        scope = _join_scope(kind, left.scope, right.scope, using)
    return Item(Join(kind, left.plan, right.plan, condition), scope)


def _check_outer(b: Binder, kind: JoinKind, condition: Expr, right: Item, on: Any) -> None:
    """Refuses what Redshift does not join by in an outer join."""
    check_outer_join(b, condition, on)
    if kind is JoinKind.LEFT or b.context.extended:
        return
    check_no_super(b, condition, kind, on)
    if kind is JoinKind.FULL and not joins_by_keys(condition, output_ids(right.plan)):
        raise NotSupportedError("FULL JOIN is only supported with merge-joinable join conditions",
                                position=b.position(on))


def _join_path(b: Binder, left: Item, node: Any, kind: JoinKind, path: Path, outer: Scope | None, env: Env) -> Item:
    """A join with an array of the left side's rows."""
    condition = node.args.get("on")
    if kind in (JoinKind.RIGHT, JoinKind.FULL):
        raise NotSupportedError(f"a {kind.value.upper()} JOIN of SUPER values is not supported by Redshift",
                                position=b.position(path.node))
    if node.args.get("using") or str(node.args.get("method") or "").upper() == "NATURAL":
        raise NotSupportedError("an array in FROM has no columns to join by", position=b.position(path.node))
    if kind is JoinKind.LEFT:
        check_condition(b, condition)
        return _unnested(b, left, path, outer, env, left=True)
    item = _unnested(b, left, path, outer, env)
    if kind is JoinKind.CROSS:
        return item
    if condition is None:
        raise SqlSyntaxError("an inner join needs ON or USING", position=b.position(path.node))
    return Item(Filter(item.plan, ExpressionBinder(b, item.scope, env, "JOIN/ON").boolean(condition)), item.scope)


def _kind(b: Binder, node: Any) -> JoinKind:
    side, kind = str(node.args.get("side") or "").upper(), str(node.args.get("kind") or "").upper()
    method = str(node.args.get("method") or "").upper()
    condition = node.args.get("on") or node.args.get("using")
    if condition and (kind == "CROSS" or method == "NATURAL"):
        raise SqlSyntaxError(f"a {method or kind} JOIN has no ON or USING", position=b.position(node))
    if kind == "CROSS":
        return JoinKind.CROSS
    if kind not in ("", "INNER", "OUTER") or side not in _KINDS or method not in ("", "NATURAL"):
        raise NotSupportedError(f"{' '.join(x for x in (method, side, kind) if x)} JOIN is not supported by Redshift",
                                position=b.position(node.this))
    return _KINDS[side]


def _side_column(name: str, scope: Scope, side: str, position: int | None) -> Expr:
    found = scope.unqualified.get(name)
    if found is None:
        raise UndefinedColumn(
            f'column "{name}" specified in USING clause does not exist in {side} table',
            hint=near(name, scope.known()), position=position,
        )
    if found is AMBIGUOUS:
        raise ProgrammingError(
            f'common column name "{name}" appears more than once in {side} table', sqlstate="42702", position=position
        )
    return found  # type: ignore[no-any-return]


def _equal(b: Binder, name: str, left: Scope, right: Scope, node: Any) -> Expr:
    position = b.position(node)
    return build.compare(
        "=", _side_column(name, left, "left", position), _side_column(name, right, "right", position), b.span(node)
    )


def _join_scope(kind: JoinKind, left: Scope, right: Scope, using: list[str]) -> Scope:
    """Names after a join: the side that may be missing becomes nullable, USING columns become one."""
    if kind in (JoinKind.LEFT, JoinKind.FULL):
        right = right.nullable()
    if kind in (JoinKind.RIGHT, JoinKind.FULL):
        left = left.nullable()
    both = Scope.joined(left, right)
    if not using:
        return both
    merged = [(n, _merged(kind, left.unqualified[n], right.unqualified[n])) for n in using]
    rest = [(n, e) for side in (left, right) for n, e in side.star if n not in using]
    both.merged = merged + rest
    both.unqualified.update(merged)
    return both


def _merged(kind: JoinKind, left: Expr, right: Expr) -> Expr:
    """The one column that a USING name stands for."""
    if kind is JoinKind.FULL:
        (first, second), type = unify((left, right), "JOIN/USING")
        return Case(((IsNull(first, True), first),), second, type)
    chosen = right if kind is JoinKind.RIGHT else left
    return chosen
