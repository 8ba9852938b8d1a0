"""The 22 TPC-H queries bind, with Redshift's result types."""
from __future__ import annotations

from pathlib import Path

import pytest
from support_plans import bind

FOLDER = Path(__file__).parents[2] / "oracle" / "tpch"
TYPES = {
    1: ["character(1)", "character(1)", "numeric(38,2)", "numeric(38,2)", "numeric(38,4)", "numeric(38,6)",
        "numeric(38,2)", "numeric(38,2)", "numeric(38,2)", "bigint"],
    4: ["character(15)", "bigint"],
    8: ["integer", "numeric(38,4)"],
    14: ["numeric(38,4)"],
    17: ["numeric(38,4)"],
    22: ["character varying(15)", "bigint", "numeric(38,2)"],
}


@pytest.mark.parametrize("number", range(1, 23))
def test_query(number: int) -> None:
    sql = (FOLDER / f"q{number:02}.sql").read_text().replace("{fraction}", "0.0001")
    query = bind(sql)
    assert len(query.columns) == len(query.names) > 0
    if number in TYPES:
        assert [str(c.type) for c in query.columns] == TYPES[number]
