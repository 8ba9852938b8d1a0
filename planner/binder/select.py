"""SELECT: FROM, WHERE, GROUP BY, HAVING, windows, QUALIFY, the select list, DISTINCT, ORDER BY, LIMIT, in that order.

    Limit <- Sort <- [Aggregate: DISTINCT] <- Project <- [Filter: QUALIFY] <- [Window ...]
          <- [Filter: HAVING] <- [Aggregate] <- [Filter: WHERE] <- FROM

The Project also computes what ORDER BY needs and the list has not; those columns go along unseen (a
`Bound` names the columns that count).

An alias of the select list may be used further right in the list, in WHERE, GROUP BY, HAVING and ORDER BY:
the expression is put in its place. A column of FROM with that name comes first, except in ORDER BY, where
the output column does.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, ProgrammingError, SqlSyntaxError
from ..coercion import settle
from ..expressions import ColumnRef, Expr
from ..intervals import typed
from ..logical import Aggregate, Filter, Logical, Project, Sort, SortKey
from ..traverse import unnumbered
from .aggregates import Aggregates, Grouping
from .bound import Bound, sort_key
from .context import Binder
from .correlation import check_group
from .ctes import Env, extended
from .expressions import ExpressionBinder
from .from_clause import bind_items, from_items
from .grouping_sets import GroupBy, bind_group_by
from .named_columns import has_star
from .oracle_joins import has_marks, outer_joined
from .scope import Scope
from .select_list import Item, select_list
from .series import with_series
from .setops import limited, ordinal_place
from .windows import Windows, window_error

_REFUSED = {
    "into": "SELECT INTO here", "windows": "WINDOW", "locks": "FOR UPDATE", "connect": "CONNECT BY",
    "pivots": "PIVOT", "laterals": "LATERAL", "sample": "TABLESAMPLE", "match": "MATCH_RECOGNIZE",
    "cluster": "CLUSTER BY", "distribute": "DISTRIBUTE BY", "sort": "SORT BY", "hint": "a hint",
    "kind": "SELECT AS", "prewhere": "PREWHERE", "settings": "SETTINGS",
    "format": "FORMAT", "options": "OPTION", "operation_modifiers": "a modifier of SELECT",
}
_GROUPINGS = {
    "rollup": "WITH ROLLUP", "cube": "WITH CUBE", "totals": "WITH TOTALS",
    "grouping_sets": "this form of GROUPING SETS",
}


def bind_select(b: Binder, node: exp.Select, outer: Scope | None, env: Env) -> Bound:
    """One SELECT."""
    return _Select(b, with_series(b, node), outer, extended(b, node, outer, env)).bind()


class _Select:
    """The parts of one SELECT while it is bound."""

    __slots__ = ("aggregates", "aliases", "b", "binder", "env", "items", "node", "scope", "visible", "windows")

    def __init__(self, b: Binder, node: exp.Select, outer: Scope | None, env: Env) -> None:
        for key in node.args.keys() & _REFUSED.keys():
            if node.args[key]:
                raise NotSupportedError(f"{_REFUSED[key]} is not supported yet", position=b.position(node))
        self.b = b
        self.node = node
        self.env = env
        self.aggregates = Aggregates(b)
        self.windows = Windows(b)
        self.binder: ExpressionBinder | None = None  # of the select list
        self.items: list[Item] = []
        self.aliases: dict[str, Item] = {}
        self.visible: int | None = None  # while an item is bound: only aliases to its left are in sight
        self.scope = Scope(outer)

    def bind(self) -> Bound:
        plan, condition = self._from_where()
        if condition is not None:
            plan = Filter(plan, condition)
        groups = self._groups()
        exprs = [self._value(item) for item in self.items]
        having = self._condition("HAVING", None) if "having" in self.node.args else None
        order = self._order()
        qualify = self._condition("QUALIFY", self.windows) if "qualify" in self.node.args else None
        self.binder = None  # which knows this object: what a statement holds is free when it ends
        if groups is not None or having is not None or self.aggregates:
            grouping = Grouping(self.b, self.scope, groups or GroupBy(), self.aggregates)
            exprs = [grouping.above(e) for e in exprs]
            order = [(grouping.above(e) if isinstance(e, _EXPRESSIONS) else e, key) for e, key in order]
            having = None if having is None else grouping.above(having)
            qualify = None if qualify is None else grouping.above(qualify)
            self.windows.lift(grouping.above)
            plan = grouping.node(plan)
            if having is not None:
                plan = Filter(plan, having)
        plan = self.windows.node(plan)
        if qualify is not None:
            plan = Filter(plan, qualify)
        return self._result(plan, exprs, order)

    def _from_where(self) -> tuple[Logical, Expr | None]:
        """(the rows of FROM, the condition of WHERE)."""
        b = self.b
        before, b.every = b.every, has_star(self.node)
        items = bind_items(b, self.node, self.scope.parent, self.env)
        b.every = before
        where = self.node.args.get("where")
        source = from_items(items, self.scope.parent)
        self.scope = source.scope
        self._expand()
        if where is None:
            return source.plan, None
        if not items or not has_marks(self.b, where):
            return source.plan, self._binder("WHERE", None).boolean(where.this)
        source, condition = outer_joined(self._binder("WHERE", None), self.node, items)
        self.scope = source.scope
        self._expand()
        return source.plan, condition

    def _condition(self, clause: str, windows: Windows | None) -> Expr | None:
        """HAVING or QUALIFY. Aliases may stand for window functions where these are allowed."""
        node = self.node.args.get(clause.lower())
        if node is None:
            return None
        condition = self._binder(clause, self.aggregates, windows).boolean(node.this)
        if windows is None and self.windows.hold([condition]):
            raise window_error(clause, self.b.position(node))
        if windows is not None and not windows.specs:
            raise SqlSyntaxError("QUALIFY needs a window function, in its condition or in the select list",
                                 position=self.b.position(node))
        return condition

    # -- the select list -----------------------------------------------------------------------------

    def _expand(self) -> None:
        """The select list with its stars written out; which aliases it has."""
        self.items = select_list(self.b, self.scope, self.node)
        for item in self.items:
            if isinstance(item.node, exp.Alias):
                self.aliases.setdefault(item.name, item)

    def _value(self, item: Item) -> Expr:
        """An item's expression; it may use the aliases to its left."""
        if item.expr is None:
            if item.busy:
                raise ProgrammingError(
                    f'alias "{item.name}" refers to itself', position=self.b.position(item.node)
                )
            before, self.visible = self.visible, item.place
            item.busy = True
            try:
                item.expr = self._item_binder(before is not None).bind(item.node)
            finally:
                item.busy = False
                self.visible = before
        return item.expr

    def _item_binder(self, nested: bool) -> ExpressionBinder:
        """One for all items. An alias within an item is `nested` and has its own: that of the item is at work."""
        if nested:
            return self._binder("SELECT", self.aggregates, self.windows)
        if self.binder is None:
            self.binder = self._binder("SELECT", self.aggregates, self.windows)
        return self.binder

    def _alias(self, name: str) -> Expr | None:
        item = self.aliases.get(name)
        if item is None or item.busy or (self.visible is not None and item.place > self.visible):
            return None
        return self._value(item)

    def _plain_alias(self, name: str) -> Expr | None:
        """An alias in WHERE, where aggregates are not allowed: bound anew."""
        item = self.aliases.get(name)
        if item is None or item.busy:
            return None
        item.busy = True
        try:
            return self._binder("WHERE", None).bind(item.node)
        finally:
            item.busy = False

    def _binder(
        self, clause: str, aggregates: Aggregates | None, windows: Windows | None = None
    ) -> ExpressionBinder:
        aliases = self._alias if aggregates is not None else self._plain_alias
        return ExpressionBinder(self.b, self.scope, self.env, clause, aggregates, aliases, self.aliases, windows)

    # -- GROUP BY --------------------------------------------------------------------------------------

    def _groups(self) -> GroupBy | None:
        group = self.node.args.get("group")
        if group is None:
            return None
        for key, name in _GROUPINGS.items():
            if group.args.get(key):
                raise NotSupportedError(f"{name} is not supported by Redshift", position=self.b.position(group))
        if group.args.get("all") is None:
            binder = self._binder("GROUP BY", None)
            return bind_group_by(self.b, group.expressions, lambda node: self._group(node, binder))
        if group.expressions or not group.args["all"]:
            raise SqlSyntaxError("GROUP BY takes ALL or a list of expressions", position=self.b.position(group))
        return GroupBy(self._all_groups())

    def _all_groups(self) -> tuple[Expr, ...]:
        """GROUP BY ALL: what the select list has without aggregates (and window functions, which come later)."""
        items = [(self._value(item), item) for item in self.items]
        groups = [(e, item) for e, item in items if not (self.windows.hold([e]) or self.aggregates.hold(e))]
        for expr, item in groups:
            check_group(self.b, expr, item.node)
        return tuple([settle(e) for e, _ in groups])

    def _group(self, node: Any, binder: ExpressionBinder) -> Expr:
        """One GROUP BY item: a place in the list, a column or alias, an expression."""
        while isinstance(node, exp.Paren):
            node = node.this
        if isinstance(node, exp.Tuple):
            raise NotSupportedError("a parenthesised list in GROUP BY is not supported", position=self.b.position(node))
        place = ordinal_place(self.b, len(self.items), node, "GROUP BY")
        if place is not None:
            expr = self._grouped_item(self.items[place], node)
        else:
            binder.aliases = lambda name: self._grouped_alias(name, node)
            expr = binder.bind(node)
        if not isinstance(expr, ColumnRef):
            check_group(self.b, expr, node)
        return settle(expr)

    def _grouped_alias(self, name: str, node: Any) -> Expr | None:
        """The item of that alias, as the list has it: RANDOM() is computed once."""
        item = self.aliases.get(name)
        return None if item is None or item.busy else self._grouped_item(item, node)

    def _grouped_item(self, item: Item, node: Any) -> Expr:
        before = len(self.aggregates.calls)
        expr = self._value(item)
        if len(self.aggregates.calls) > before:
            raise ProgrammingError("aggregates not allowed in GROUP BY clause", sqlstate="42803",
                                   position=self.b.position(node))
        if self.windows.hold([expr]):
            raise window_error("GROUP BY", self.b.position(node))
        return expr

    # -- ORDER BY --------------------------------------------------------------------------------------

    def _order(self) -> list[tuple[Any, Any]]:
        """(place in the select list or expression, syntax) for each key."""
        order = self.node.args.get("order")
        return [] if order is None else [(self._key(item.this), item) for item in order.expressions]

    def _key(self, node: Any) -> Any:
        while isinstance(node, exp.Paren):
            node = node.this
        place = ordinal_place(self.b, len(self.items), node, "ORDER BY")
        if place is not None:
            return place
        if isinstance(node, exp.Column) and not node.table and isinstance(node.this, exp.Identifier):
            name = node.name.lower()
            named = [i for i, item in enumerate(self.items) if item.name == name]
            if named:
                return self._unambiguous(named, node)
        return typed(self._binder("ORDER BY", self.aggregates, self.windows).bind(node))

    def _unambiguous(self, places: list[int], node: Any) -> int:
        if any(self._value(self.items[i]) != self._value(self.items[places[0]]) for i in places[1:]):
            raise ProgrammingError(f'ORDER BY "{node.name}" is ambiguous', sqlstate="42702",
                                   position=self.b.position(node))
        return places[0]

    # -- the result --------------------------------------------------------------------------------------

    def _result(self, plan: Logical, exprs: list[Expr], order: list[tuple[Any, Any]]) -> Bound:
        """Project, DISTINCT, sort, cut."""
        distinct = self.node.args.get("distinct")
        if distinct is not None and distinct.args.get("on") is not None:
            raise NotSupportedError("DISTINCT ON is not supported by Redshift", position=self.b.position(distinct))
        exprs = [typed(e) if e.type.kind.is_interval else e for e in exprs]
        if distinct is not None:
            exprs = [settle(unnumbered(e)) for e in exprs]
            order = [(unnumbered(e) if isinstance(e, _EXPRESSIONS) else e, item) for e, item in order]
        columns = [(self._output(item, e), e) for item, e in zip(self.items, exprs)]
        visible = tuple([ref for ref, _ in columns])
        by_expr: dict[Expr, ColumnRef] = {}
        if any(not isinstance(key, int) for key, _ in order):
            for ref, e in columns:
                by_expr.setdefault(e, ref)
        keys = []
        for key, item in order:
            known = visible[key] if isinstance(key, int) else by_expr.get(key)
            ref = known or self._hidden(key, item, distinct is not None)
            if known is None:
                by_expr[key] = ref
                columns.append((ref, key))
            keys.append(sort_key(ref, item))
        plan = Project(plan, tuple(columns))
        if distinct is not None:
            plan, mapped = self._distinct(plan, visible)
            visible = tuple(mapped[c.id] for c in visible)
            keys = [SortKey(mapped[k.expr.id], k.descending, k.nulls_first) for k in keys]  # type: ignore[union-attr]
        if keys:
            plan = Sort(plan, tuple(keys))
        bound = Bound(plan, visible, tuple([item.name for item in self.items]))
        return limited(self.b, bound, self.node, self.env)

    def _output(self, item: Item, expr: Expr) -> ColumnRef:
        if expr.__class__ is ColumnRef:
            return self.b.column(expr.type, item.name, expr.nullable, expr.span)  # type: ignore[union-attr]
        return self.b.column(expr.type, item.name, True, getattr(expr, "span", None))

    def _hidden(self, expr: Expr, item: Any, distinct: bool) -> ColumnRef:
        if distinct:
            raise ProgrammingError(
                "for SELECT DISTINCT, ORDER BY expressions must appear in select list", sqlstate="42P10",
                position=self.b.position(item),
            )
        return self.b.column(expr.type, "order", True, getattr(expr, "span", None))

    def _distinct(self, plan: Logical, columns: tuple[ColumnRef, ...]) -> tuple[Logical, dict[int, ColumnRef]]:
        groups = [(self.b.column(c.type, c.name, c.nullable, c.span), c) for c in columns]
        return Aggregate(plan, tuple(groups), ()), {c.id: ref for ref, c in groups}


_EXPRESSIONS = Expr.__args__  # type: ignore[attr-defined]
