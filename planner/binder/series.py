"""generate_series(start, stop [, step]): rows of constants, made on the leader node only.

    from generate_series(1, 3) as g (n)        VALUES (1), (2), (3)
    select 2 * generate_series(1, 3)           the same as select 2 * n from generate_series(1, 3) as g (n)
    select pg_timezone_names()                 its rows as text: (Africa/Abidjan,GMT,00:00:00,f)
    select pg_get_cols('t')                    (public,t,price,"numeric(8,2)",1)

As on Redshift they cannot meet a user table. generate_series is nowhere in the manual; integers only.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import DataError, NotSupportedError, SqlSyntaxError
from ...storage.types import BIGINT, INTEGER, Kind
from ..expressions import Literal
from ..logical import Values
from ..syntax import parse_expression
from .bound import Bound
from .context import Binder
from .expressions import ExpressionBinder
from .scope import Scope

NAME = "generate_series"
MAX_ROWS = 100_000
_OFFSET = ("utc_offset::varchar", "case when is_dst then 't' else 'f' end")
# Values with blanks or commas stand in double quotes.
_COLUMN = tuple(f"case when {name} ~ '[ ,()]' then '\"' || {name} || '\"' else {name}::varchar end"
                for name in ("view_schema", "view_name", "col_name", "col_type")) + ("col_num::varchar",)
_ROWS = {"pg_timezone_names": ("name", "abbrev", *_OFFSET), "pg_timezone_abbrevs": ("abbrev", *_OFFSET),
         "pg_get_cols": _COLUMN, "pg_get_late_binding_view_cols": _COLUMN}


def is_series(node: Any) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() == NAME


def bind_series(b: Binder, node: exp.Anonymous) -> Bound:
    """The rows of a call in FROM; the column bears the function's name."""
    position = b.position(node)
    if len(node.expressions) not in (2, 3):
        raise SqlSyntaxError(f"{NAME} takes two or three arguments", position=position)
    e = ExpressionBinder(b, Scope(), {}, NAME)
    bound = [e.bind(argument) for argument in node.expressions]
    if not all(isinstance(v, Literal) and (v.type.is_integer or v.value is None) for v in bound):
        raise NotSupportedError(f"{NAME} is supported for constant integers only", position=position)
    values = [v.value for v in bound if isinstance(v, Literal)]
    start, stop, step = (*values, 1) if len(values) == 2 else values
    type = BIGINT if any(v.type.kind is Kind.BIGINT for v in bound) else INTEGER
    rows: range = range(0)
    if None not in (start, stop, step):
        if step == 0:
            raise DataError("step size cannot equal zero", sqlstate="22023", position=position)
        rows = range(start, stop + (1 if step > 0 else -1), step)
    if len(rows) > MAX_ROWS:
        raise NotSupportedError(f"{NAME} of more than {MAX_ROWS} rows is not supported", position=position)
    b.leader_tables.append(f"function {NAME}()")
    column = b.column(type, NAME, False)
    plan = Values((column,), tuple([(Literal(value, type),) for value in rows]))
    return Bound(plan, (column,), (NAME,))


def with_series(b: Binder, node: exp.Select) -> exp.Select:
    """A SELECT without FROM whose list has the function, with it in FROM; any other as it is."""
    calls = [] if node.args.get("from_") is not None else _calls(node)
    if not calls:
        return node
    if _name(calls[0]) in _ROWS:
        return _with_rows(node, calls[0])
    if len(calls) > 1:
        raise NotSupportedError(f"more than one {NAME} in a select list is not supported",
                                position=b.position(calls[1]))
    (call,) = calls
    changed = node.copy()
    (place,) = _calls(changed)
    identifier = exp.to_identifier(NAME)
    if place.parent is changed:
        place.replace(exp.alias_(exp.column(identifier.copy()), NAME))
    else:
        place.replace(exp.column(identifier.copy()))
    table = exp.Table(this=call.copy(), alias=exp.TableAlias(this=identifier, columns=[identifier.copy()]))
    changed.set("from_", exp.From(this=table))
    return changed


def _with_rows(node: exp.Select, call: exp.Anonymous) -> exp.Select:
    """A SELECT of a system table's rows as text."""
    name = _name(call)
    row = parse_expression("'(' || " + " || ',' || ".join(_ROWS[name]) + " || ')'")
    changed = node.copy()
    (place,) = _calls(changed)
    place.replace(exp.alias_(row, name) if place.parent is changed else row)
    table = exp.Table(this=call.copy(), alias=exp.TableAlias(this=exp.to_identifier(name)))
    changed.set("from_", exp.From(this=table))
    return changed


def _name(node: exp.Anonymous) -> str:
    return str(node.this).lower()


def _calls(node: exp.Select) -> list[exp.Anonymous]:
    """The calls in a select list, subqueries left out."""
    found = []
    stack: list[Any] = list(node.expressions)
    while stack:
        part = stack.pop()
        if is_series(part) or (isinstance(part, exp.Anonymous) and _name(part) in _ROWS):
            found.append(part)
        elif not isinstance(part, exp.Query):
            stack.extend(part.iter_expressions())
    return found
