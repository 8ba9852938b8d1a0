"""INSERT: the rows cast to the table, defaults for what is not named, identity columns left out."""
from __future__ import annotations

import pytest
from support_plans import Catalogue, context, show
from warehouse.errors import DatatypeMismatch, DuplicateColumn, Error, ProgrammingError, SqlSyntaxError, UndefinedColumn
from warehouse.planner.binder import bind_insert
from warehouse.planner.binder.insert import BoundInsert
from warehouse.planner.parse import parse_script
from warehouse.storage.schema import Column, Table
from warehouse.storage.types import BIGINT, DATE, INTEGER, decimal, varchar

TABLE = Table(
    7, "public", "w",
    (
        Column(0, "id", BIGINT, identity=(1, 1)),
        Column(1, "a", INTEGER, default_sql="7"),
        Column(2, "p", decimal(8, 2)),
        Column(3, "n", varchar(5), default_sql="'x'"),
        Column(4, "d", DATE),
    ),
)


def insert(sql: str) -> BoundInsert:
    (parsed,) = parse_script(sql)
    return bind_insert(parsed.statement, TABLE, Catalogue(), context([1]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sql", "targets", "plan"),
    [
        ("insert into w values (1, 2, 'a', '2020-01-01')", (1, 2, 3, 4), "values (1, 200, 'a', 18262)"),
        ("insert into w (p, a) values (1.555, $1), (null, default)", (1, 2, 3, 4),
         "project a = a, p = p, n = 'x', d = null\n  values (cast(1555 as numeric(8,2)), 1), (null, 7)"),
        ("insert into w default values", (1, 2, 3, 4), "project a = 7, p = null, n = 'x', d = null\n  values ()"),
        ("insert into w (a) select a from t", (1, 2, 3, 4),
         "project a = a, p = null, n = 'x', d = null\n  project a = a\n    scan t t"),
        ("insert into w select a, b, v, '2020-01-01' from t", (1, 2, 3, 4),
         "project a, b = cast(b as numeric(8,2)), v = cast(v as character varying(5)), ?column?\n"
         "  project a = a, b = b, v = v, ?column? = 18262\n    scan t t"),
        ("insert into w (d) select null", (1, 2, 3, 4),
         "project a = 7, p = null, n = 'x', d = ?column?\n  project ?column? = null\n    values ()"),
        ("insert into w select 1, 2", (1, 2, 3, 4), "project a = ?column?, p = ?column?, n = 'x', d = null\n"
         "  project ?column?, ?column? = cast(?column? as numeric(8,2))\n"
         "    project ?column? = 1, ?column? = 2\n      values ()"),
    ],
)
def test_plans(sql: str, targets: tuple[int, ...], plan: str) -> None:
    bound = insert(sql)
    assert bound.targets == targets
    assert show(bound.query) == plan
    types = [c.type.kind for c in bound.query.columns]
    assert types == [TABLE.columns[i].type.kind for i in targets]


@pytest.mark.parametrize(
    ("sql", "error", "words"),
    [
        ("insert into w (nope) values (1)", UndefinedColumn, 'column "nope" of relation "w" does not exist'),
        ("insert into w (a, a) values (1, 2)", DuplicateColumn, '"a" specified more than once'),
        ("insert into w (id) values (1)", ProgrammingError, "identity column"),
        ("insert into w values (1, 2, 'a', null, 5)", SqlSyntaxError, "more expressions than target columns"),
        ("insert into w (a, p) values (1)", SqlSyntaxError, "more target columns than expressions"),
        ("insert into w (a, p) values (1, 2), (3)", SqlSyntaxError, "must all be the same length"),
        ("insert into w (d) values (5)", DatatypeMismatch,
         'column "d" is of type date but expression is of type integer'),
        ("insert into w (a) select v from t", DatatypeMismatch, 'column "a" is of type integer'),
        ("insert into w (a) values ('x')", Error, "invalid input syntax for integer"),
        ("insert into w (a) values (b)", UndefinedColumn, '"b" does not exist'),
    ],
)
def test_errors(sql: str, error: type[Error], words: str) -> None:
    with pytest.raises(error, match=words):
        insert(sql)
