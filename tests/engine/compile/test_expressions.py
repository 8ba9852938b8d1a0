"""Compiled expressions give what the row-at-a-time reference (engine/evaluate.py) gives.

Random expressions over a small table with NULLs and extremes run as a program over a collection; each row
is compared with the reference. Where the reference raises for some row, the program must raise as well.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse.engine.collection import Collection
from warehouse.engine.column_data import column_data
from warehouse.engine.compile.program import Arena
from warehouse.engine.compile.segment import Segment
from warehouse.engine.constant_rows import from_values
from warehouse.engine.context import Cancel, Context, MemoryBudget
from warehouse.engine.evaluate import evaluate
from warehouse.engine.sinks import CollectSink
from warehouse.engine.sources import StoredSource
from warehouse.engine.tasks import Task, run
from warehouse.errors import DataError
from warehouse.planner.expressions import (
    And,
    Call,
    Case,
    Cast,
    ColumnRef,
    Compare,
    Expr,
    InList,
    IsNull,
    Like,
    Literal,
    Not,
    Or,
)
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    SMALLINT,
    TIMESTAMP,
    SqlType,
    decimal,
    varchar,
)

ROWS = 40
NARROW, WIDE, TEXT = decimal(9, 2), decimal(30, 4), varchar(20)
TYPES = (SMALLINT, INTEGER, BIGINT, NARROW, WIDE, DOUBLE, BOOLEAN, DATE, TIMESTAMP, TEXT)


def _values(type: SqlType, seed: int) -> list[Any]:
    """Deterministic values of a type: small, zero, extremes, NULLs."""
    random = np.random.default_rng(seed)
    out: list[Any] = []
    for i in range(ROWS):
        if i % 7 == 3:
            out.append(None)
        elif type == TEXT:
            out.append(["", "a", "abc", "zürich", "special requests", "B%_", "a  "][int(random.integers(7))])
        elif type == BOOLEAN:
            out.append(bool(random.integers(2)))
        elif type == DOUBLE:
            out.append([0.0, -1.5, 1e10, 2.25, float(random.normal())][int(random.integers(5))])
        else:
            low, high = type.integer_limits
            if type == DATE:
                low, high = -20000, 40000
            if type == TIMESTAMP:
                low, high = -(10**15), 2 * 10**15
            out.append([0, 1, -3, low, high, int(random.integers(-100, 100))][int(random.integers(6))])
    return out


COLUMNS = [ColumnRef(i + 1, t, f"c{i}") for i, t in enumerate(TYPES)]
DATA = [_values(t, i) for i, t in enumerate(TYPES)]


def run_program(exprs: list[Expr]) -> list[list[Any]]:
    """The expressions over the table, through a program."""
    columns, heaps = [], []
    for ref, items in zip(COLUMNS, DATA, strict=True):
        column, heap = from_values(ref, items)
        columns.append(column)
        heaps += [heap] if heap is not None else []
    segment = Segment()
    source = StoredSource([Collection(columns, ROWS, heaps)], None)
    source.emit(segment)
    outputs = [(ColumnRef(100 + i, e.type, "x"), e) for i, e in enumerate(exprs)]
    budget = MemoryBudget(1 << 30)
    sink = CollectSink(segment, outputs, budget)
    task = Task(0, source.split(0, 1)[0], [], sink.state(0, ROWS))
    context = Context(None, None, None, "dev", (), "", datetime.now(UTC), Cancel(), budget)  # type: ignore[arg-type]
    run(task, segment.finish(), Arena(), context)
    part = sink.finish(task.sink)
    return [column_data(c, e.type, 0, part.rows).to_list() for c, e in zip(part.columns, exprs, strict=True)]


def expected(expr: Expr) -> list[Any]:
    return [evaluate(expr, {c.id: d[i] for c, d in zip(COLUMNS, DATA, strict=True)}) for i in range(ROWS)]


def check(expr: Expr) -> None:
    try:
        want = expected(expr)
    except DataError as error:
        del error  # which row fails first is nobody's business
        with pytest.raises(DataError):
            run_program([expr])
        return
    got = run_program([expr])[0]
    if expr.type == DOUBLE:
        assert [None if g is None else pytest.approx(g, rel=1e-12, nan_ok=True) for g in got] == want
    else:
        assert got == want


def _leaf(type: SqlType) -> st.SearchStrategy[Expr]:
    column = next(c for c in COLUMNS if c.type == type)
    items = st.sampled_from(DATA[column.id - 1])
    return st.one_of(st.just(column), items.map(lambda v: Literal(v, type)))


def _numbers(depth: int) -> st.SearchStrategy[Expr]:
    """BIGINT expressions, and decimals of one scale."""
    leaf = _leaf(BIGINT)
    if depth == 0:
        return leaf
    inner = _numbers(depth - 1)
    operators = st.sampled_from(["add", "subtract", "multiply", "divide", "modulo"])
    return st.one_of(
        leaf,
        st.builds(lambda k, a, b: Call(k, (a, b), BIGINT), operators, inner, inner),
        st.builds(lambda a: Call("negate", (a,), BIGINT), inner),
        st.builds(lambda c, a, b: Case(((c, a),), b, BIGINT), _booleans(depth - 1), inner, inner),
        st.builds(lambda a: Cast(a, BIGINT), st.one_of(_leaf(SMALLINT), _leaf(INTEGER))),
    )


def _comparable() -> st.SearchStrategy[tuple[Expr, Expr]]:
    return st.sampled_from(TYPES).flatmap(lambda t: st.tuples(_leaf(t), _leaf(t)))


def _booleans(depth: int) -> st.SearchStrategy[Expr]:
    operators = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    leaf = st.one_of(
        _leaf(BOOLEAN),
        st.builds(lambda op, pair: Compare(op, *pair), operators, _comparable()),
        st.builds(lambda c, n: IsNull(c, n), st.sampled_from(COLUMNS), st.booleans()),
        st.builds(
            lambda p, n: Like(COLUMNS[9], p, "\\", False, n),
            st.sampled_from(["%", "a%", "%c", "%special%req%", "_", "B\\%\\_", "zü%"]),
            st.booleans(),
        ),
        st.builds(
            lambda v, n, h: InList(COLUMNS[1], tuple(v), n, h),
            st.lists(st.integers(-5, 5), max_size=5),
            st.booleans(),
            st.booleans(),
        ),
        st.builds(
            lambda v, n: InList(COLUMNS[9], tuple(v), n),
            st.lists(st.sampled_from(["a", "abc", "x", "abc "])),
            st.booleans(),
        ),
    )
    if depth == 0:
        return leaf
    inner = _booleans(depth - 1)
    return st.one_of(
        leaf,
        st.builds(lambda a: Not(a), inner),
        st.builds(lambda a, b: And((a, b)), inner, inner),
        st.builds(lambda a, b: Or((a, b)), inner, inner),
    )


@settings(max_examples=60, deadline=None)
@given(_booleans(3))
def test_booleans_follow_three_valued_logic(expr: Expr) -> None:
    check(expr)


@settings(max_examples=60, deadline=None)
@given(_numbers(3))
def test_integers_and_their_errors(expr: Expr) -> None:
    check(expr)


@settings(max_examples=40, deadline=None)
@given(_booleans(2))
def test_filters_keep_exactly_the_true_rows(expr: Expr) -> None:
    keep = [v is True for v in expected(expr)]
    marker = Case(((expr, Literal(1, BIGINT)),), Literal(0, BIGINT), BIGINT)
    assert [v == 1 for v in run_program([marker])[0]] == keep


A, B = COLUMNS[3], COLUMNS[4]  # numeric(9,2), numeric(30,4)
CASES: dict[str, Expr] = {
    "decimal sum": Call("add", (Cast(A, decimal(34, 4)), Cast(B, decimal(34, 4))), decimal(34, 4)),
    "decimal product": Call("multiply", (A, A), decimal(18, 4)),
    "wide product": Call("multiply", (A, B), decimal(38, 6)),
    "product of reduced scale": Call("multiply", (A, A), decimal(38, 3)),
    "decimal quotient": Case(
        ((Compare("<>", A, Literal(0, NARROW)), Call("divide", (B, A), decimal(38, 10))),),
        Literal(None, decimal(38, 10)),
        decimal(38, 10),
    ),
    "cast rounds half away": Cast(B, decimal(30, 1)),
    "cast overflows": Cast(B, decimal(9, 2)),
    "cast to double": Cast(B, DOUBLE),
    "integer to decimal": Cast(COLUMNS[1], decimal(14, 3)),
    "date to timestamp": Cast(COLUMNS[7], TIMESTAMP),
    "timestamp to date": Cast(COLUMNS[8], DATE),
    "year": Call("extract_year", (COLUMNS[7],), INTEGER),
    "month of timestamp": Call("extract_month", (COLUMNS[8],), INTEGER),
    "months later": Call("date_add_months", (COLUMNS[7], Literal(13, INTEGER)), DATE),
    "days later": Call("date_add_days", (COLUMNS[7], Literal(90, INTEGER)), DATE),
    **{f"{part} between dates": Call(f"date_diff_{part}", (COLUMNS[7], Literal(19000, DATE)), BIGINT)
       for part in ("year", "quarter", "month", "week", "day", "hour")},
    **{f"{part} between timestamps": Call(f"date_diff_{part}", (COLUMNS[8], Literal(1_600_000_123_456_789, TIMESTAMP)),
                                          BIGINT)
       for part in ("year", "quarter", "month", "week", "day", "hour", "second", "decade")},
    "substring": Call("substring", (COLUMNS[9], Literal(2, INTEGER), Literal(3, INTEGER)), TEXT),
    "length": Call("length", (COLUMNS[9],), INTEGER),
    "concat": Call("concat", (COLUMNS[9], COLUMNS[9]), varchar(40)),
    "upper": Call("upper", (COLUMNS[9],), TEXT),
    "date as text": Cast(COLUMNS[7], varchar(10)),
    "decimal as text": Cast(A, varchar(20)),
    "division by zero": Call("divide", (COLUMNS[2], Literal(0, BIGINT)), BIGINT),
    "guarded division": Case(
        ((Compare("=", COLUMNS[2], Literal(0, BIGINT)), Literal(-1, BIGINT)),),
        Call("divide", (Literal(1000, BIGINT), COLUMNS[2]), BIGINT),
        BIGINT,
    ),
    "average": Call("avg_divide", (B, Literal(3, BIGINT)), decimal(38, 4)),
    "sign of double": Call("sign", (COLUMNS[5],), DOUBLE),
    "sign of decimal": Call("sign", (B,), decimal(30, 0)),
    "floor": Call("floor", (A,), decimal(9, 0)),
    "ceil": Call("ceil", (A,), decimal(9, 0)),
    "text case": Case(((Compare("=", COLUMNS[9], Literal("a", TEXT)), Literal("yes", TEXT)),), COLUMNS[9], TEXT),
    "and skips errors": And(
        (
            Compare("<>", COLUMNS[2], Literal(0, BIGINT)),
            Compare(">", Call("divide", (Literal(7, BIGINT), COLUMNS[2]), BIGINT), Literal(0, BIGINT)),
        )
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_functions_and_casts(name: str) -> None:
    check(CASES[name])
