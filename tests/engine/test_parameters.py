"""Values of $1, $2 ... in kept plans: reused where only the values differ, never where they decide the plan."""
from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import warehouse


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    with warehouse.connect(":memory:", nodes=1, slices_per_node=2, autocommit=True) as opened:
        opened.execute("create table t (a int, b int, s varchar(10), d date, n numeric(8,2))")
        opened.execute("insert into t values (1, 2, 'x', '2020-01-01', 1.50), (2, 2, 'yy', '2021-01-01', 2.50), "
                       "(3, null, 'y%', '2022-01-01', 3.00), (null, 5, null, null, null)")
        yield opened


# One text, values of the same types: does the second find the first one's plan?
@pytest.mark.parametrize(("sql", "first", "second", "found"), [
    ("select a from t where a >= %s order by 1", (1,), (2,), True),
    ("select a from t where n < %s order by 1", (Decimal("2.00"),), (Decimal("2.75"),), True),
    ("select a from t where b = %s + 1 and s <> %s order by 1", (1, "x"), (1, "yy"), True),
    ("select a, %s from t where a > %s order by 1", (7, 1), (9, 2), True),
    ("select a from t where a > %s order by a limit %s", (0, 1), (0, 2), False),
    ("select a from t where s like %s order by 1", ("y%",), ("x%",), False),
    ("select a from t where a in (%s, %s) order by 1", (1, 2), (2, 3), False),
    ("select a from t where a > %s order by 1", (1,), (3_000_000_000,), False),
    ("select a from t where a is not null and %s order by 1", (True,), (False,), False),
    ("select coalesce(%s, a) from t order by 1", (None,), (5,), False),
])
def test_plans_are_found_again(
    connection: Any, sql: str, first: tuple[Any, ...], second: tuple[Any, ...], found: bool
) -> None:
    session = connection.session
    for values in (first, second):
        session.plans.clear()
        alone = connection.execute(sql, values).fetchall()
        session.plans.clear()
        connection.execute(sql, first).fetchall()
        hits = session.plans.hits
        assert connection.execute(sql, values).fetchall() == alone
    assert (session.plans.hits > hits) == found


@pytest.mark.parametrize("seed", range(20))
def test_values_make_no_difference(connection: Any, seed: int) -> None:
    """A query with parameters answers as with the same values written out, whatever was planned before."""
    choose = random.Random(seed)
    every = ["a >= %s", "b < %s", "a + %s > b", "n > %s", "s = %s", "d > dateadd(day, %s, '2020-01-01')"]
    conditions = choose.sample(every, 2)
    sql = f"select a, b, %s from t where {conditions[0]} or not {conditions[1]} order by 1, 2 limit %s"
    for _ in range(4):
        values = [choose.randint(0, 3)]
        values += [choose.choice(["x", "y%", ""]) if c.startswith("s ") else choose.randint(0, 3) for c in conditions]
        values.append(choose.randint(1, 4))
        plain = sql % tuple([repr(v) for v in values])
        assert connection.execute(sql, values).fetchall() == connection.execute(plain).fetchall()


def test_execute_finds_its_plan(connection: Any) -> None:
    connection.execute("prepare q (int, numeric(8,2)) as select a from t where a > $1 and n < $2 order by 1")
    plans = connection.session.plans
    assert connection.execute("execute q (1, 2.75)").fetchall() == [(2,)]
    hits = plans.hits
    assert connection.execute("execute q (0, 9.99)").fetchall() == [(1,), (2,), (3,)]
    assert plans.hits == hits + 1
    plan = "\n".join(line for (line,) in connection.execute("explain execute q (0, 9.99)").fetchall())
    assert "(a > 0)" in plan and "9.99" in plan


def test_errors_of_prepared_statements_have_no_position(connection: Any) -> None:
    connection.execute("prepare half (int) as select 10 / $1")
    with pytest.raises(warehouse.DataError) as caught:
        connection.execute("execute half (0)").fetchall()
    assert caught.value.position is None and caught.value.sqlstate == "22012"


def test_prepared_statements_belong_to_their_session() -> None:
    with warehouse.connect(":memory:", autocommit=True) as one, warehouse.connect(":memory:", autocommit=True) as other:
        one.execute("prepare p as select 1")
        with pytest.raises(warehouse.ProgrammingError, match="does not exist"):
            other.execute("execute p")
