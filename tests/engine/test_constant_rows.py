"""SELECT of literals, which takes no program: the same values and types as where one runs."""
from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("literals", [
    "1, -7, 3000000000", "null, null::int, true, false", "'text', '', 'ä'::varchar(4), 'c'::char(3)",
    "1.50, 99999999999999999999999999.12, 1e300, -0.0", "date '2020-02-29', timestamp '2020-01-01 01:02:03.5'",
    "interval '3 days', 1 as a, 1 as b", "'{}'::varchar, 5::smallint, 2.5::real",
])  # fmt: skip
def test_a_projection_of_literals_is_what_a_program_makes(db: Any, literals: str) -> None:
    db.execute("create table if not exists one (x int)")
    db.execute("delete from one; insert into one values (1)")
    short = db.execute(f"select {literals}").fetch_arrow_table()
    long = db.execute(f"select {literals} from one").fetch_arrow_table()
    assert short.schema.types == long.schema.types and short.to_pylist() == long.to_pylist()
    assert db.execute(f"select {literals} where false").fetchall() == []
    assert db.execute(f"select {literals} union all select {literals}").fetch_arrow_table().num_rows == 2


def test_explain_analyze_counts_its_row(db: Any) -> None:
    plan = [line for (line,) in db.execute("explain analyze select 1, 'a'").fetchall()]
    assert "rows=1" in " ".join(plan)
