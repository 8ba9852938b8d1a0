"""Two tables that a design helps: `visits` by day, many to a `person`; nothing is designed yet."""
from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pyarrow as pa

VISITS, PEOPLE = 140_000, 70_000
DDL = (
    "create table visits (person bigint, day date, kind varchar(8), amount integer) diststyle even",
    "create table people (id bigint, town varchar(12), born integer) diststyle even",
)
QUERIES = {
    "towns": "select town, sum(amount) from visits join people on person = id group by town",
    "week": "select kind, count(*) from visits where day between '2024-03-04' and '2024-03-10' group by kind",
    "loyal": "select person, count(*) as n from visits group by person order by n desc, person limit 5",
}


def tables(share: int = 1) -> dict[str, pa.Table]:
    """Rows by table, one in `share` of them; days come in no order."""
    rng = np.random.default_rng(7)
    first = datetime.date(2024, 1, 1)
    days = np.array([first + datetime.timedelta(days=i) for i in range(366)], "datetime64[D]")
    made = {
        "visits": pa.table({
            "person": rng.integers(0, PEOPLE, VISITS), "day": days[rng.integers(0, 366, VISITS)],
            "kind": np.array(["walk", "bus", "car"])[rng.integers(0, 3, VISITS)],
            "amount": rng.integers(0, 1000, VISITS).astype(np.int32),
        }),
        "people": pa.table({
            "id": np.arange(PEOPLE), "town": np.array([f"town {i}" for i in range(40)])[rng.integers(0, 40, PEOPLE)],
            "born": rng.integers(1930, 2020, PEOPLE).astype(np.int32),
        }),
    }
    return {name: rows.slice(0, rows.num_rows // share) for name, rows in made.items()}


def fill(connection: Any, share: int = 1) -> None:
    """Make both tables."""
    for statement, (name, rows) in zip(DDL, tables(share).items()):
        connection.execute(statement)
        connection.write_arrow(name, rows, create=False)
