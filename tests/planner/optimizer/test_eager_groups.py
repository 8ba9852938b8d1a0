"""Groups made before a join: when, and that the answer stays the same."""
from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import warehouse
from warehouse.planner.optimizer import eager_groups

SUMS = "sum(paid), count(*), count(paid), min(paid), max(paid), avg(paid), stddev_pop(paid)::decimal(20,4)"
BY_BUYER = f"select name, mail, town, year, {SUMS} from sale, buyer, day where buyer = id and sale.day = day.day"


@pytest.fixture(scope="module", params=[(1, 1), (2, 2)])
def shop(request: Any) -> Any:
    """Sales with and without a known buyer, a buyer that is there twice, NULLs everywhere."""
    nodes, slices = request.param
    rng = np.random.default_rng(5)
    rows = 3000
    with warehouse.connect(":memory:", nodes=nodes, slices_per_node=slices, autocommit=True) as connection:
        connection.execute("set enable_result_cache_for_session to off")
        ids = [None if b == 0 else int(b) for b in rng.integers(0, 50, rows)]
        paid = [None if p < 5 else int(p) for p in rng.integers(0, 100, rows)]
        connection.execute("create table sale (buyer int, day int, paid decimal(8,2))")
        connection.write_arrow("sale", pa.table({
            "buyer": pa.array(ids, pa.int32()), "day": pa.array(rng.integers(0, 10, rows), pa.int32()),
            "paid": pa.array(paid, pa.decimal128(8, 2)),
        }))
        connection.execute("create table buyer (id int, name varchar(20), mail varchar(20), town varchar(20))")
        mails = ["null" if i % 5 == 0 else f"'m{i}'" for i in range(45)]
        buyers = [f"({i}, 'n{i % 7}', {mails[i]}, 't')" for i in [*range(45), 7]]
        connection.execute(f"insert into buyer values {', '.join(buyers)}, (null, 'nobody', 'x', 'y')")
        connection.execute("create table day (day int, year int)")
        connection.execute("insert into day values " + ", ".join(f"({d}, {2000 + d // 4})" for d in range(10)))
        connection.execute("analyze")
        yield connection


@pytest.mark.parametrize("sql", [
    BY_BUYER,
    BY_BUYER + " and id < 20",
    f"select name, mail, town, buyer, {SUMS} from sale join buyer on buyer = id where name <> mail",
    f"select upper(name), mail, town, paid > 50, {SUMS} from sale join buyer on buyer = id and town = 't'",
    "select distinct name, mail, town, year from sale, buyer, day where buyer = id and sale.day = day.day",
    "select name, mail, town, count(distinct paid), sum(paid) from sale, buyer where buyer = id",
    f"select name, mail, town, day, {SUMS} from sale, buyer where buyer = id and sale.day < buyer.id",
    f"select name, mail, town, id, {SUMS} from sale, buyer where buyer + 1 = id",
])
def test_the_answer_stays_the_same(shop: Any, sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "distinct name" not in sql:
        sql += " group by " + ", ".join(str(i + 1) for i in range(sql.split(" from ")[0].count(",") - SUMS.count(",")
                                                                  if SUMS in sql else 3))
    late = sorted(map(str, shop.execute(sql).fetchall()))
    for name, value in (("WORTH", 0), ("REDUCTION", 1e9), ("KEPT", 0), ("MANY", 1)):
        monkeypatch.setattr(eager_groups, name, value)
    shop.execute("set search_path to public, elsewhere")  # else the plan comes from the cache
    early = sorted(map(str, shop.execute(sql).fetchall()))
    shop.execute("set search_path to default")
    assert late and early == late


@pytest.mark.parametrize(("sql", "early"), [
    (BY_BUYER + " group by 1, 2, 3, 4", True),
    (BY_BUYER.replace("sum(paid)", "sum(paid + id)") + " group by 1, 2, 3, 4", False),  # adds up a buyer's column
    (BY_BUYER.replace("sum(paid)", "sum(distinct paid)") + " group by 1, 2, 3, 4", False),
    (BY_BUYER.replace("sum(paid)", "sum(100 / paid)") + " group by 1, 2, 3, 4", False),  # might fail for nobody's rows
    (BY_BUYER.replace("where", "where id < year and") + " group by 1, 2, 3, 4", False),  # tied by more than equalities
    ("select name, mail, sum(paid) from sale, buyer where buyer = id group by 1, 2", False),  # few columns
])
def test_groups_are_made_early_where_it_is_right(
    shop: Any, sql: str, early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eager_groups, "WORTH", 1000)
    shop.execute("set search_path to public, somewhere")
    plan = "\n".join(line for (line,) in shop.execute("explain " + sql).fetchall())
    shop.execute("set search_path to default")
    depth = plan.index("HashAggregate", plan.index("Join")) if "HashAggregate" in plan[plan.index("Join"):] else None
    assert (depth is not None) == early
