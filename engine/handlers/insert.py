"""INSERT: VALUES row by row in Python, queries on the slices; both through one load.

VALUES holds a handful of rows as a rule, so each value is bound and evaluated by itself. Plain
literals and parameters, of which long lists consist, skip the binder:

    literal or $n  -->  (physical value, type)  --assign-->  the column's value
    anything else  -->  binder, evaluate        ----^

A single row takes a short way to the catalogue (storage/one_row.py), and where its statement's shape was seen before,
it comes from its text straight here (known_inserts.py).
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from sqlglot import exp

from ...errors import DataError, NotSupportedError, SqlSyntaxError
from ...planner.binder import check_assignable
from ...planner.expressions import Literal
from ...planner.physical import PhysicalQuery
from ...planner.statements import Insert
from ...planner.statements.insert import is_default
from ...records import dataclass
from ...storage.catalog.delta import Delta
from ...storage.one_row import added_row
from ...storage.schema import Column, Table
from ...storage.vector import from_list
from ..context import Context
from ..result import Result
from . import names
from .assignment import Fitting
from .binding import bind, bind_expression, plan_insert
from .defaults import default_value, value_of
from .literals import literal
from .load import loading
from .targets import Target, check_rest, positions_of, refuse_identity, target

_DEFAULT = exp.Var(this="DEFAULT")


def run(statement: Insert, context: Context) -> Result:
    if statement.table.schema is not None and (external := names.external(statement.table, context)) is not None:
        from .insert_external import run as insert_external

        return insert_external(statement, external, context)
    if statement.source is None or isinstance(statement.source, exp.Values):
        return run_many(statement, context, [context.parameters])
    table = names.appended(statement.table, context)
    return _run_query(_with_columns(statement, table, context), table, context)


def planned(statement: Insert, context: Context) -> PhysicalQuery:
    """The plan of an INSERT ... SELECT."""
    table = names.table(statement.table, context)
    return _planned(_with_columns(statement, table, context), table, context)[0]


def check(statement: Insert, context: Context) -> None:
    """The errors that an INSERT has whatever its parameters' values are, for PREPARE."""
    if names.external(statement.table, context) is not None:
        return
    if statement.source is not None and not isinstance(statement.source, exp.Values):
        planned(statement, context)
        return
    table = names.table(statement.table, context)
    nodes = _rows(statement, table)
    columns = _columns(table, statement.columns, len(nodes[0]))
    if _has_query(nodes):
        _planned(_of_one_row(replace(statement, columns=columns), len(nodes)), table, context)
        return
    into = target(table, columns, context, statement.places)
    for row in nodes:
        for node, column in zip(row, into.columns):
            if not is_default(node):
                check_assignable(bind_expression(node, context).type, column)


def _with_columns(statement: Insert, table: Table, context: Context) -> Insert:
    return replace(statement, columns=_columns(table, statement.columns, _width(statement.source, context)))


def _planned(statement: Insert, table: Table, context: Context) -> tuple[PhysicalQuery, tuple[int, ...]]:
    given = positions_of(table, statement.columns, statement.places)
    refuse_identity(table, given, "cannot insert a value into the")
    physical, positions = plan_insert(statement, table, context)
    check_rest(table, given)
    return physical, positions


def _run_query(statement: Insert, table: Table, context: Context) -> Result:
    physical, positions = _planned(statement, table, context)
    with loading(table, context, positions, plan=physical) as load:
        load.run(physical)
    return Result("INSERT", rowcount=load.rows, notices=context.notices)


def _width(query: Any, context: Context) -> int:
    """How many columns a query has."""
    return len(bind(query, context).names) if query.is_star else len(query.selects)


def run_many(statement: Insert, context: Context, parameter_sets: list[tuple[Any, ...]]) -> Result:
    """INSERT ... VALUES once for each set of parameters, as one load and one commit; INSERT ...
    SELECT one after the other."""
    if statement.source is not None and not isinstance(statement.source, exp.Values):
        total = 0
        for values in parameter_sets:
            context.parameters = values
            total += run(statement, context).rowcount
        return Result("INSERT", rowcount=total, notices=context.notices)
    table = names.appended(statement.table, context)
    nodes = _rows(statement, table)
    columns = _columns(table, statement.columns, len(nodes[0]))
    if _has_query(nodes):
        return _run_query(_of_one_row(replace(statement, columns=columns), len(nodes)), table, context)
    into = target(table, columns, context, statement.places)
    rows = _Rows(into, context)
    for values in parameter_sets:
        context.parameters = values
        for row in nodes:
            rows.add(row)
    identity = rows.identities()
    if rows.count == 1 and (added := added_row(
        context.home(table), table, context.transaction.entry(table), rows.whole(), into.positions, identity
    )) is not None:
        context.session.inserts.keep(statement, nodes[0], into, context)
        context.session.commit_delta(Delta(add_extents=(added.as_extents(),)))
        return Result("INSERT", rowcount=1, notices=context.notices)
    data = rows.data()
    with loading(table, context, into.positions, identity=identity) as load:
        load.write(data)
    return Result("INSERT", rowcount=load.rows, notices=context.notices)


def _has_query(rows: list[list[exp.Expr]]) -> bool:
    nodes = [node for row in rows for node in row if not isinstance(node, exp.Literal)]
    return any(node.find(exp.Query) is not None for node in nodes)


def _of_one_row(statement: Insert, rows: int) -> Insert:
    """VALUES of one row may hold scalar subqueries: it runs as a query."""
    if rows > 1:
        raise NotSupportedError("can't use subqueries in multi-row VALUES")
    return statement


def _columns(table: Table, named: tuple[str, ...], width: int) -> tuple[str, ...]:
    """The columns that `width` values go to: the named ones, or as many from the left."""
    columns = named or tuple(c.name for c in table.columns[:width])
    if width > len(columns):
        raise SqlSyntaxError("INSERT has more expressions than target columns")
    if width < len(columns):
        raise SqlSyntaxError("INSERT has more target columns than expressions")
    return columns


def _rows(statement: Insert, table: Table) -> list[list[exp.Expr]]:
    """The nodes of each row, all of one length; DEFAULT VALUES is one row of DEFAULTs."""
    if statement.source is None:
        return [[_DEFAULT] * len(statement.columns or table.columns)]
    rows = [row.expressions for row in statement.source.expressions]
    for row in rows:
        if len(row) != len(rows[0]):
            raise SqlSyntaxError(
                "VALUES lists must all be the same length",
                position=statement.source.expressions[rows.index(row)].meta.get("start"),
            )
    return rows


@dataclass(slots=True)
class _Rows:
    """Rows of VALUES as they are evaluated, column by column."""

    into: Target
    context: Context
    count: int = 0
    values: list[list[Any]] = field(default_factory=list)
    generated: list[list[int]] = field(default_factory=list)  # rows that take an IDENTITY value
    defaults: dict[int, Any] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    fittings: list[Fitting] = field(default_factory=list)

    def __post_init__(self) -> None:
        zone = self.context.settings.zone
        self.columns = self.into.columns
        self.fittings = [Fitting(column, zone) for column in self.columns]
        self.values = [[] for _ in self.into.given]
        self.generated = [[] for _ in self.into.given]

    def add(self, row: list[exp.Expr]) -> None:
        for i, (node, column) in enumerate(zip(row, self.columns)):
            if not is_default(node):
                self.values[i].append(self._value(node, i, column))
            elif column.identity is not None:
                self.generated[i].append(self.count)
                self.values[i].append(0)
            else:
                if i not in self.defaults:
                    self.defaults[i] = default_value(column, self.context)
                self.values[i].append(self.defaults[i])
        self.count += 1

    def _value(self, node: exp.Expr, i: int, column: Column) -> Any:
        if column.identity is not None:
            refuse_identity(self.into.table, (self.into.given[i],), "cannot insert a value into the")
        position = node.meta.get("start")
        known = literal(node, self.context.parameters)
        if known is None:
            expr = bind_expression(node, self.context)
            known = Literal(value_of(expr), expr.type)
        try:
            return self.fittings[i].value(known, position)
        except DataError as error:
            error.position = position if error.position is None else error.position
            raise

    def identities(self) -> dict[int, int]:
        """Fill in the IDENTITY values that are asked for; the next ones by column id."""
        identity: dict[int, int] = {}
        for column, values, rows in zip(self.columns, self.values, self.generated):
            if rows and column.identity is not None:
                seed, step = column.identity
                first, following = self.context.home(self.into.table).numbering.identity(
                    self.into.table.id, column.id, seed, step, len(rows)
                )
                identity[column.id] = following
                for k, row in enumerate(rows):
                    values[row] = first + k * step
        return identity

    def data(self) -> list[Any]:
        """Columns for the writer."""
        given = [from_list(c.type, v) for c, v in zip(self.columns, self.values)]
        return given + self.into.defaults(self.count)

    def whole(self) -> list[Any]:
        """The values of all columns of the only row; None where the writer fills in."""
        row: list[Any] = [None] * len(self.into.table.columns)
        for position, (value,) in zip(self.into.given, self.values):
            row[position] = value
        for position, default in self.into.filled:
            row[position] = default.to_list()[0]
        return row
