"""Bound expressions to instructions.

`Compiler.values(exprs)` compiles a list of expressions over the batch's present rows. It works in two
rounds, because a register lives in one vector section only:

    1. prepare   everything that needs a block op (fetching late columns, string predicates, functions
                 that run in Arrow) is computed into slots and remembered for this generation;
    2. emit      the rest is one vector section without any block op in it.

Booleans are compiled as two masks, *truth* (definitely true) and *falsity* (definitely false): a filter
needs only the truth of its predicate, NOT swaps them, and a BOOLEAN column is (truth, truth | falsity).
A value under NULL is 0, so a mask of truth needs no validity where an operand cannot be NULL.

Errors only for rows that count: ops that can fail take the *active* mask, the rows selected and inside the
branch of CASE, AND, OR that leads to them.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from ...errors import InternalError
from ...planner.expressions import (
    AggregateCall,
    And,
    Call,
    Case,
    Cast,
    ColumnRef,
    Compare,
    Exists,
    Expr,
    InList,
    IsNull,
    Like,
    Literal,
    Not,
    Or,
    Quantified,
    ScalarSubquery,
    WindowCall,
)
from ...planner.traverse import children, unnumbered
from ...storage.types import BOOLEAN, Physical
from . import arrow_calls, casts, comparisons, numeric
from .batch import Batch, Value, type_range
from .blocklevel import block_level
from .constants import fill, literal
from .functions import emit_call, fallible_call
from .masks import Mask, Masks
from .program import Place, ProgramBuilder


class Compiler(Masks):
    """Compiles expressions over one batch; see the module's text."""

    def __init__(self, builder: ProgramBuilder, batch: Batch) -> None:
        super().__init__(builder)
        self.batch = batch
        self._done: dict[tuple[int, Expr], Value] = {}  # block-level results by generation
        self._memo: dict[Expr, Value] = {}  # values of the present section
        self._memo_section = -1
        self.deferred: list[Place] | None = None  # not None: failed rows are noted here, not raised

    # -- entry points --------------------------------------------------------------------------------

    def values(self, exprs: Sequence[Expr], slots: bool = False) -> list[Value]:
        """Compile all; with `slots` the results outlive the section."""
        exprs = [unnumbered(expr) for expr in exprs]  # equal parts are computed once, wherever they stand
        if slots:
            return self._slot_values(exprs)
        for expr in exprs:
            self.prepare(expr)
        return [self.emit(expr, None) for expr in exprs]

    def _slot_values(self, exprs: Sequence[Expr]) -> list[Value]:
        computed = [e for e in exprs if not isinstance(e, ColumnRef)]
        for expr in computed:
            self.prepare(expr)
        ready = {}
        for expr in computed:
            ready[expr] = self.to_slot(self.emit(expr, None))
        return [self.batch.slot_value(e.id) if isinstance(e, ColumnRef) else ready[e] for e in exprs]

    def predicate(self, expr: Expr) -> Mask:
        """Mask (in a slot) of the rows for which `expr` is true."""
        expr = unnumbered(expr)
        self.prepare(expr)
        mask = self.truth(expr, None)
        return mask if isinstance(mask, bool) else self.builder.keep(mask, Physical.BOOL)

    def to_slot(self, value: Value) -> Value:
        """The value in slots instead of registers; constants stay constants."""
        if value.is_constant:
            return value
        assert value.place is not None
        valid = None if value.valid is None else self.builder.keep(value.valid, Physical.BOOL)
        return value.moved(self.builder.keep(value.place, value.carried), valid)

    def filled(self, value: Value) -> Value:
        """A value with bytes: constants are written into a slot."""
        if not value.is_constant:
            return value
        return fill(self.builder, value, self.builder.slot(value.carried), self.builder.slot(Physical.BOOL))

    # -- round 1 ---------------------------------------------------------------------------------------

    def prepare(self, expr: Expr) -> None:
        """Emit the block ops that `expr` needs."""
        if isinstance(expr, ColumnRef):
            if self.batch.needs_slot(expr.id):
                self.batch.slot_value(expr.id)
            return
        if isinstance(expr, Literal) or (self.batch.generation, expr) in self._done:
            return
        maker = block_level(self, expr)
        if maker is not None:
            self._done[(self.batch.generation, expr)] = maker()
            return
        for child in children(expr):
            self.prepare(child)

    # -- round 2 ---------------------------------------------------------------------------------------

    def emit(self, expr: Expr, active: Place | None) -> Value:
        """Vector ops for `expr`; its block-level parts are ready."""
        if isinstance(expr, ColumnRef):
            return self.batch.vector_value(expr.id)
        if isinstance(expr, Literal):
            return literal(expr)
        done = self._done.get((self.batch.generation, expr))
        if done is not None:
            return self._counted(done, active)
        if self._memo_section != self.builder.section:
            self._memo.clear()
            self._memo_section = self.builder.section
        if self.deferred is not None and fallible(expr):
            return self._emit(expr, active)  # what is noted here must be raised elsewhere
        known = self._memo.get(expr)
        if known is None:
            known = self._emit(expr, active)
            if active is None or not fallible(expr):
                self._memo[expr] = known
        return known

    def _counted(self, value: Value, active: Place | None) -> Value:
        """A block-level value; its failed rows are errors where they are active."""
        for failed in value.failed:
            if self.deferred is None:
                arrow_calls.check(self, failed, active)
            else:
                self.deferred.append(failed)
        return value

    def _emit(self, expr: Expr, active: Place | None) -> Value:
        match expr:
            case Call():
                args = [self.emit(a, active) for a in expr.args]
                self.builder.span = expr.span
                return emit_call(self, expr, args, active)
            case Cast():
                operand = self.emit(expr.operand, active)
                self.builder.span = expr.span or self.builder.span
                return casts.emit(self, operand, expr, active)
            case Case():
                return self._case(expr, active)
            case Compare() | And() | Or() | Not() | IsNull() | InList() | Like():
                return self._boolean(expr, active)
            case ColumnRef() | Literal():
                raise InternalError("handled by emit")
            case AggregateCall() | WindowCall() | ScalarSubquery() | Exists() | Quantified():
                raise InternalError(f"{type(expr).__name__} left in an expression that runs on slices")
            case _:
                assert_never(expr)

    def _boolean(self, expr: Expr, active: Place | None) -> Value:
        truth = self.truth(expr, active)
        if isinstance(truth, bool):
            if truth:
                return Value(BOOLEAN, Physical.BOOL, constant=True)
            falsity = self.falsity(expr, active)
            if isinstance(falsity, bool):
                return Value(BOOLEAN, Physical.BOOL, constant=False if falsity else None)
            zero = self.zero_mask()
            return Value(BOOLEAN, Physical.BOOL, zero, falsity)
        if not self.nullable(expr):
            return Value(BOOLEAN, Physical.BOOL, truth)
        falsity = self.falsity(expr, active)
        if isinstance(falsity, bool):
            return Value(BOOLEAN, Physical.BOOL, truth, None if falsity else self.place(truth))
        return Value(BOOLEAN, Physical.BOOL, truth, self.place(self.or_(truth, falsity)))

    # -- masks -------------------------------------------------------------------------------------------

    def truth(self, expr: Expr, active: Place | None) -> Mask:
        match expr:
            case And():
                return self._all(expr.args, active, self.truth)
            case Or():
                return self._any(expr.args, active, self.truth)
            case Not():
                return self.falsity(expr.arg, active)
            case IsNull():
                value = self.emit(expr.arg, active)
                return self.not_null(value) if expr.negated else self.is_null(value)
            case Compare() if (self.batch.generation, expr) not in self._done:
                left, right = self.emit(expr.left, active), self.emit(expr.right, active)
                return comparisons.compare(self, expr.op, left, right)
            case InList() if (self.batch.generation, expr) not in self._done:
                return comparisons.in_list(self, expr, self.emit(expr.arg, active), expr.negated)
            case Like() if (self.batch.generation, expr) not in self._done:
                return comparisons.like(self, expr, self.emit(expr.arg, active), expr.negated)
            case _:
                return self.mask_of(self.emit(expr, active), True)

    def falsity(self, expr: Expr, active: Place | None) -> Mask:
        match expr:
            case And():
                return self._any(expr.args, active, self.falsity)
            case Or():
                return self._all(expr.args, active, self.falsity)
            case Not():
                return self.truth(expr.arg, active)
            case IsNull():
                return self.truth(IsNull(expr.arg, not expr.negated), active)
            case Compare() if (self.batch.generation, expr) not in self._done:
                left, right = self.emit(expr.left, active), self.emit(expr.right, active)
                return comparisons.compare(self, comparisons.NEGATED[expr.op], left, right)
            case InList() if (self.batch.generation, expr) not in self._done:
                return comparisons.in_list(self, expr, self.emit(expr.arg, active), not expr.negated)
            case Like() if (self.batch.generation, expr) not in self._done:
                return comparisons.like(self, expr, self.emit(expr.arg, active), not expr.negated)
            case _:
                return self.mask_of(self.emit(expr, active), False)

    def _all(self, args: Sequence[Expr], active: Place | None, part: object) -> Mask:
        """AND of parts; later parts are active only where the earlier ones hold."""
        result: Mask = True
        for arg in args:
            inner = active
            if isinstance(result, Place) and fallible(arg):
                inner = result if active is None else self.place(self.and_(result, active))
            result = self.and_(result, part(arg, inner))  # type: ignore[operator]
            if result is False:
                return False
        return result

    def _any(self, args: Sequence[Expr], active: Place | None, part: object) -> Mask:
        """OR of parts; later parts are active only where the earlier ones do not hold."""
        result: Mask = False
        for arg in args:
            inner = active
            if isinstance(result, Place) and fallible(arg):
                rest = self.place(self.not_(result))
                inner = rest if active is None else self.place(self.and_(rest, active))
            result = self.or_(result, part(arg, inner))  # type: ignore[operator]
            if result is True:
                return True
        return result

    # -- CASE ----------------------------------------------------------------------------------------------

    def _case(self, expr: Case, active: Place | None) -> Value:
        conditions: list[Mask] = []
        results: list[Value] = []
        remaining: Mask = True if active is None else active
        careful = fallible(expr)
        for condition, result in expr.whens:
            inner = remaining if careful and isinstance(remaining, Place) else None
            mask = self.truth(condition, inner)
            if mask is False:
                continue
            branch = self.and_(mask, remaining) if careful else True
            results.append(self.emit(result, branch if isinstance(branch, Place) else None))
            conditions.append(mask)
            if mask is True:  # what stands behind is never evaluated
                return self._choose(expr, conditions[:-1], results[:-1], results[-1])
            if careful:
                remaining = self.and_(remaining, self.not_(mask))
        default = self.emit(expr.default, remaining if careful and isinstance(remaining, Place) else None)
        return self._choose(expr, conditions, results, default)

    def _choose(self, expr: Case, conditions: list[Mask], results: list[Value], default: Value) -> Value:
        carried = numeric.common_carried(expr.type, [*results, default])
        chosen = self.typed(default, expr, carried)
        for mask, result in zip(reversed(conditions), reversed(results), strict=True):
            chosen = self._select(self.place(mask), self.typed(result, expr, carried), chosen)
        return chosen

    def typed(self, value: Value, expr: Expr, carried: Physical) -> Value:
        """The value with the expression's type, in class `carried`."""
        value = replace(value, type=expr.type)
        if value.is_constant:
            return replace(value, carried=carried)
        if carried is Physical.I128 and value.carried is Physical.I64:
            return numeric.widen(self, value)
        return value

    def _select(self, mask: Place, a: Value, b: Value) -> Value:
        """mask ? a : b"""
        if a.is_constant and b.is_constant and a.constant == b.constant and type(a.constant) is type(b.constant):
            return a
        valid = None
        if not (self.not_null(a) is True and self.not_null(b) is True):
            valid = self.builder.register(Physical.BOOL)
            self.builder.vector("select_bool", valid, self.place(self.not_null(a)),
                                self.place(self.not_null(b)), mask)
        x, y = self.in_register(a), self.in_register(b)
        out = self.builder.register(a.carried)
        self.builder.vector(f"select_{a.carried.value}", out, x.place, y.place, mask)
        spread = [v for v in (a, b) if not v.is_null]
        lo = min((v.lo for v in spread), default=0)
        hi = max((v.hi for v in spread), default=0)
        if valid is not None:
            lo, hi = min(lo, 0), max(hi, 0)
        return Value(a.type, a.carried, out, valid, lo, hi)

    def in_register(self, value: Value) -> Value:
        """A value with bytes for use inside this section."""
        if not value.is_constant:
            return value
        valid = self.builder.register(Physical.BOOL) if value.is_null else None
        return fill(self.builder, value, self.builder.register(value.carried), valid)

    def nullable(self, expr: Expr) -> bool:
        """Whether a boolean expression could be NULL for some row, given what is known of columns."""
        match expr:
            case ColumnRef():
                return self.not_null(self.batch.vector_value(expr.id)) is not True
            case Literal():
                return expr.value is None
            case IsNull():
                return False
            case Case() | Call() | Cast() | InList(has_null=True):
                return True
            case _:
                done = self._done.get((self.batch.generation, expr))
                if done is not None:
                    return self.not_null(done) is not True
                return any(self.nullable(c) for c in children(expr))


def fallible(expr: Expr) -> bool:
    """Whether some row could make it fail."""
    if isinstance(expr, Call) and fallible_call(expr.key, expr.type):
        return True
    if isinstance(expr, Cast) and casts.fallible(expr):
        return True
    return any(fallible(c) for c in children(expr))


__all__ = ["Compiler", "Mask", "fallible", "type_range"]
