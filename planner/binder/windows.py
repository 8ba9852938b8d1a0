"""Window functions: f(...) OVER (PARTITION BY ... ORDER BY ... frame).

As with aggregates, a call is bound to a column, which a Window node will make; all calls over the same
partition and order share a node. The nodes stand above grouping and HAVING and below QUALIFY and the
select list. Arguments, partitions and orders are bound over the rows before grouping and are looked
through by the grouping like the select list, so that sum(sum(x)) OVER (...) works:

    select a, sum(sum(x)) over (partition by a) from t group by a, b
      bound      a#1, c#6        aggregates: c#5 = sum(x#2)        windows: c#6 = sum(c#5) BY a#1

AVG becomes a sum and a count, RATIO_TO_REPORT a division by a sum.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from ...errors import GroupingError, NotSupportedError, ProgrammingError, SqlSyntaxError, UndefinedFunction
from ...storage.types import BIGINT, DOUBLE, TEXT, Kind, SqlType
from .. import build, collation, functions
from ..coercion import coerce, settle
from ..columns import columns_of
from ..expressions import Call, ColumnRef, Expr, Frame, WindowCall
from ..functions import WindowFunction
from ..functions.aggregate import DEVIATIONS
from ..functions.hyperloglog import AGGREGATES as SKETCHES
from ..functions.window import Order
from ..intervals import as_number, from_number, typed
from ..logical import Logical, SortKey, Window
from ..predicates import is_volatile
from ..rewrites.split_average import sum_type
from .aggregates import NESTED, aggregated
from .bound import sort_key
from .context import Binder
from .dispatch import binds
from .expressions import ExpressionBinder
from .frames import WINDOWING, bind_frame
from .ordered import bind_ordered, called

Spec = tuple[tuple[Expr, ...], tuple[SortKey, ...]]


def window_error(clause: str, position: int | None) -> ProgrammingError:
    return ProgrammingError(f"window functions not allowed in {clause} clause", sqlstate=WINDOWING,
                            position=position)


class Windows:
    """The window calls of one query by partition and order, each once, with the column of its result."""

    __slots__ = ("b", "busy", "ids", "specs")

    def __init__(self, b: Binder) -> None:
        self.b = b
        self.specs: dict[Spec, dict[WindowCall, ColumnRef]] = {}
        self.ids: set[int] = set()
        self.busy = False  # inside a window function's arguments or OVER clause

    def column(self, spec: Spec, call: WindowCall) -> ColumnRef:
        calls = self.specs.setdefault(spec, {})
        known = calls.get(call)
        if known is None:
            known = calls[call] = self.b.column(call.type, call.function, call.function != "count", call.span)
            self.ids.add(known.id)
        return known if known.span == call.span else replace(known, span=call.span)

    def hold(self, exprs: Iterable[Expr]) -> bool:
        """Whether one of the expressions uses a window function (through an alias)."""
        return bool(self.ids) and any(not self.ids.isdisjoint(columns_of(e)) for e in exprs)

    def lift(self, above: Callable[[Expr], Expr]) -> None:
        """All expressions as they read above the grouping."""
        lifted: dict[Spec, dict[WindowCall, ColumnRef]] = {}
        for (partition, order), calls in self.specs.items():
            spec = (tuple(map(above, partition)), tuple([replace(k, expr=above(k.expr)) for k in order]))
            known = lifted.setdefault(spec, {})
            for call, ref in calls.items():
                known[replace(call, args=tuple(map(above, call.args)))] = ref
        self.specs = lifted

    def node(self, plan: Logical) -> Logical:
        """The plan with a Window node for each partition and order."""
        for (partition, order), calls in self.specs.items():
            plan = Window(plan, partition, order, tuple([(ref, call) for call, ref in calls.items()]))
        return plan


@binds(exp.Window)
def _window(e: ExpressionBinder, node: exp.Window) -> Expr:
    position = e.b.position(node)
    if e.aggregates is not None and e.aggregates.busy:
        raise GroupingError(NESTED, position=position)
    if e.windows is None:
        raise window_error(e.clause, position)
    if e.windows.busy:
        raise ProgrammingError("window function calls cannot be nested", sqlstate=WINDOWING, position=position)
    if node.args.get("alias") is not None or node.args.get("first") is not None:
        raise NotSupportedError("a named window is not supported by Redshift", position=position)
    e.windows.busy = True
    try:
        return _Over(e, node, e.windows).bind()
    finally:
        e.windows.busy = False


class _Over:
    """One call with its OVER clause while it is bound."""

    def __init__(self, e: ExpressionBinder, node: exp.Window, windows: Windows) -> None:
        self.e = e
        self.windows = windows
        self.node = node
        self.position = e.b.position(node)
        self.ignore_nulls = False
        self.inner = self._without_nulls(node.this)
        self.span = e.span(self.inner) or e.span(node)
        within = isinstance(self.inner, exp.WithinGroup)
        self.name, self.nodes = called(e, self.inner.this if within else self.inner)

    def _without_nulls(self, node: Any) -> Any:
        """What stands inside IGNORE NULLS or RESPECT NULLS."""
        if isinstance(node, (exp.IgnoreNulls, exp.RespectNulls)):
            self.ignore_nulls |= isinstance(node, exp.IgnoreNulls)
            return node.this
        return node

    def _no_window(self, name: str) -> Exception:
        if name in functions.MISSING:
            return NotSupportedError(f"function {name} is not supported yet", position=self.position)
        if name in (*SKETCHES, "hll", "approximate_count"):
            return NotSupportedError(f"{name.upper()} is not a window function of Redshift", position=self.position)
        if functions.resolve(name):
            return SqlSyntaxError(
                f"OVER specified, but {name} is not a window function nor an aggregate function",
                sqlstate="42809", position=self.position,
            )
        return UndefinedFunction(f"function {name}() does not exist", position=self.position)

    def bind(self) -> Expr:
        if isinstance(self.inner, exp.WithinGroup) or functions.resolve_ordered(self.name) is not None:
            return self._ordered()
        function = functions.resolve_window(self.name)
        if function is None:
            raise self._no_window(self.name)
        if function.extended and not self.e.b.context.extended:
            raise NotSupportedError(f"{self.name.upper()} is not a window function of Redshift",
                                    position=self.position)
        args, interval = self._arguments(function)
        spec = self._partition(), self._order(function)
        frame = self._frame(function, spec)
        if self.ignore_nulls and not function.nulls:
            raise SqlSyntaxError(f"IGNORE NULLS is not allowed for {self.name.upper()}", position=self.position)
        self._refuse_nested(args, spec)
        result = self._result(function, args, spec, frame)
        return result if interval is None else from_number(result, interval, self.span)

    def _ordered(self) -> Expr:
        """LISTAGG, MEDIAN, PERCENTILE_*: their order stands in WITHIN GROUP, OVER has the partition only."""
        for part, words in (("order", "an ORDER BY"), ("spec", "a frame clause")):
            if self.node.args.get(part) is not None:
                raise SqlSyntaxError(f"the OVER clause of {self.name.upper()} cannot have {words}",
                                     position=self.position)
        if self.ignore_nulls:
            raise SqlSyntaxError(f"IGNORE NULLS is not allowed for {self.name.upper()}", position=self.position)
        call = bind_ordered(self.e, self.name, self.nodes, self.inner)
        spec = self._partition(), call.order
        self._refuse_nested(call.args, spec)
        window = WindowCall(call.key, call.args, call.type, distinct=call.distinct, span=self.span)
        return self.windows.column(spec, window)

    def _refuse_nested(self, args: Sequence[Expr], spec: Spec) -> None:
        if self.windows.hold([*args, *spec[0], *[k.expr for k in spec[1]]]):
            raise ProgrammingError("window function calls cannot be nested", sqlstate=WINDOWING,
                                   position=self.position)

    # -- arguments ---------------------------------------------------------------------------------

    def _arguments(self, function: WindowFunction) -> tuple[list[Expr], SqlType | None]:
        """The arguments, and the type of intervals that are summed as the numbers they are."""
        nodes = self.nodes
        if function.framed and not function.nulls:
            distinct, given = aggregated(self.name, nodes, self.position)
            if distinct:
                raise NotSupportedError("DISTINCT is not implemented for window functions", position=self.position)
            if self.name == "count" and not given:
                return [], None
            nodes = list(given)
        if any(isinstance(n, exp.Distinct) for n in nodes):
            raise SqlSyntaxError(f"DISTINCT is for aggregates, and {self.name}() is none", position=self.position)
        if self.name in ("lag", "lead") and len(nodes) == 3:
            raise NotSupportedError(f"Default parameter not be supported for window function {self.name}",
                                    position=self.position)
        args = [self.e.bind(self._without_nulls(n)) for n in nodes]
        interval = None
        if function.key in ("sum", "avg") and len(args) == 1 and args[0].type.is_interval:
            value = typed(args[0])
            interval, args = SqlType(value.type.kind), [as_number(value)]
        least, most = function.arguments
        if not least <= len(args) <= most or (args and function.result(args[0].type) is None):
            raise self._undefined(args)
        return self._typed(function, args), interval

    def _undefined(self, args: Sequence[Expr]) -> UndefinedFunction:
        shown = ", ".join('"unknown"' if a.type.kind is Kind.UNKNOWN else a.type.kind.value for a in args)
        return UndefinedFunction(
            f"function {self.name}({shown}) does not exist", position=self.position,
            hint="No function matches the given name and argument types. You may need to add explicit type casts.",
        )

    def _typed(self, function: WindowFunction, args: list[Expr]) -> list[Expr]:
        """The arguments cast to what the engine takes."""
        if not args:
            return args
        first = args[0]
        if function.key == "ratio_to_report" or function.key in DEVIATIONS:
            first = coerce(first, DOUBLE)
        elif function.key == "ntile":
            first = coerce(first, BIGINT)
        elif function.key in ("bool_and", "bool_or"):
            first = coerce(first, function.result(first.type) or first.type)
        else:
            first = settle(first)
        if len(args) == 1:
            return [first]
        if not args[1].type.is_integer:
            raise self._undefined(args)
        return [first, coerce(args[1], BIGINT)]

    # -- OVER --------------------------------------------------------------------------------------

    def _partition(self) -> tuple[Expr, ...]:
        found: list[Expr] = []
        for node in self.node.args.get("partition_by") or ():
            expr = self._key(node, "partition by")
            if expr is not None and expr not in found:
                found.append(expr)
        return tuple(found)

    def _key(self, node: Any, clause: str) -> Expr | None:
        """A key of PARTITION BY or ORDER BY. Constants do nothing (None): Redshift refuses them in PARTITION BY, and
        takes them in ORDER BY, from where dbt_utils' date_spine and others have ROW_NUMBER() OVER (ORDER BY 1)."""
        expr = settle(self.e.bind(node))
        if columns_of(expr) or is_volatile(expr):
            return expr
        if self.e.b.context.extended or clause == "order by":
            return None
        raise NotSupportedError(f"constant expressions are not supported in {clause} clauses",
                                position=self.e.b.position(node))

    def _order(self, function: WindowFunction) -> tuple[SortKey, ...]:
        node = self.node.args.get("order")
        if node is None:
            if function.order is Order.REQUIRED and not self.e.b.context.extended:
                raise SqlSyntaxError(f"{self.name.upper()} requires an ORDER BY in its OVER clause",
                                     position=self.position)
            return ()
        if function.order is Order.REFUSED:
            raise SqlSyntaxError(f"the OVER clause of {self.name.upper()} cannot have an ORDER BY",
                                 position=self.position)
        keys: list[SortKey] = []
        for item in node.expressions:
            expr = self._key(item.this, "order by")
            if expr is not None and all(expr != k.expr for k in keys):
                keys.append(sort_key(expr, item))
        return tuple(keys)

    def _frame(self, function: WindowFunction, spec: Spec) -> Frame:
        node, ordered = self.node.args.get("spec"), self.node.args.get("order") is not None
        if node is not None and not function.framed:
            raise SqlSyntaxError(f"the OVER clause of {self.name.upper()} cannot have a frame clause",
                                 position=self.position)
        if node is not None:
            frame = bind_frame(self.e, node, spec[1], self.position)
        elif not function.framed or not ordered:
            return Frame()
        elif self.e.b.context.extended:
            frame = Frame("range", None, 0)
        else:
            raise SqlSyntaxError("Aggregate window functions with an ORDER BY clause require a frame clause",
                                 position=self.position)
        everything = frame.mode == "range" and not spec[1]  # all rows are peers
        return Frame() if everything or (frame.start is None and frame.end is None) else frame

    # -- the call ----------------------------------------------------------------------------------

    def _result(self, function: WindowFunction, args: list[Expr], spec: Spec, frame: Frame) -> Expr:
        type = BIGINT if not args and function.key == "count" else function.result(args[0].type if args else BIGINT)
        assert type is not None
        given = tuple(args)
        match function.key:
            case "avg":
                total = WindowCall("sum", given, sum_type(args[0].type), frame, span=self.span)
                count = WindowCall("count", given, BIGINT, frame, span=self.span)
                columns = self.windows.column(spec, total), self.windows.column(spec, count)
                return Call("avg_divide", columns, type, self.span)
            case "ratio_to_report":
                total = WindowCall("sum", given, DOUBLE, frame, span=self.span)
                return build.arithmetic("divide", args[0], self.windows.column(spec, total), self.span)
            case "min" | "max" if type.is_super:
                ranked = WindowCall(function.key, (Call("super_ranked", given, TEXT, self.span),), TEXT, frame,
                                    span=self.span)
                return Call("super_of_ranked", (self.windows.column(spec, ranked),), type, self.span)
            case "min" | "max" if type.case_insensitive:
                held = WindowCall(function.key, (collation.ranked(args[0]),), TEXT, frame, span=self.span)
                return collation.of_ranked(self.windows.column(spec, held), type)
            case key:
                call = WindowCall(key, given, type, frame, self.ignore_nulls, span=self.span)
                return self.windows.column(spec, call)
