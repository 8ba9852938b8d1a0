"""write_arrow: anything with an Arrow stream, into new and existing tables, by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from warehouse.errors import Error, InterfaceError


class Stream:
    """Nothing but `__arrow_c_stream__`."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


def test_a_new_table_takes_its_types_from_the_data(db: Any) -> None:
    data = pa.table(
        {"A": pa.array([1, 2], pa.int8()), "b": ["x", None], "c": [Decimal("1.5"), None], "d": [True, False]}
    )
    assert db.write_arrow("t", data) == 2
    table = db.session.database.view().relation("public", "t")
    assert [(c.name, str(c.type)) for c in table.columns] == [
        ("a", "smallint"), ("b", "character varying(65535)"), ("c", "numeric(2,1)"), ("d", "boolean"),
    ]  # fmt: skip
    assert sorted(db.execute("select * from t").fetchall()) == [
        (1, "x", Decimal("1.5"), True), (2, None, None, False),
    ]  # fmt: skip


def test_streams_frames_and_results(db: Any) -> None:
    table = pa.table({"a": [1, 2, 3]})
    db.write_arrow("t", Stream(table))
    db.write_arrow("t", table.to_reader(max_chunksize=1))
    db.write_arrow("t", pd.DataFrame({"a": [4]}, index=["row"]))
    db.write_arrow("t", db.execute("select a + 10 as a from t"))
    assert db.execute("select count(*), sum(a) from t").fetchone() == (14, 102)
    assert db.cursor().write_dataframe(pd.DataFrame({"a": [0]}), "t") == 1


def test_columns_go_by_name_and_the_rest_is_filled(db: Any) -> None:
    db.execute("create table t (id int identity(1,1), a int not null, b varchar(5) default 'd', c bigint)")
    db.write_arrow("t", pa.table({"C": [7, 8], "a": [1, 2]}))
    assert sorted(db.execute("select * from t").fetchall()) == [(1, 1, "d", 7), (2, 2, "d", 8)]


def test_names_with_schemas(db: Any) -> None:
    db.execute("create schema s")
    db.write_arrow("s.t", pa.table({"a": [1]}))
    db.write_arrow('"s"."t"', pa.table({"a": [2]}))
    assert db.execute("select count(*) from s.t").fetchone() == (2,)


@pytest.mark.parametrize(
    ("table", "data", "sqlstate", "words"),
    [
        ("t", {"nosuch": [1]}, "42703", "nosuch"),
        ("t", {"b": ["x"]}, "23502", '"a"'),
        ("t", {"a": [2**40]}, "22003", "out of range"),
        ("t", {"a": [1], "b": ["much too long"]}, "22001", "too long"),
        ("t", {"a": ["text"]}, "42804", '"a"'),
        ("pg_class", {"a": [1]}, "42501", "system catalog"),
        ("nosuch.t", {"a": [1]}, "3F000", "nosuch"),
    ],
)
def test_refused_and_nothing_written(db: Any, table: str, data: dict[str, Any], sqlstate: str, words: str) -> None:
    db.execute("create table t (a int not null, b varchar(5))")
    with pytest.raises(Error) as caught:
        db.write_arrow(table, pa.table(data))
    assert caught.value.sqlstate == sqlstate and words in str(caught.value)
    assert db.execute("select count(*) from t").fetchone() == (0,)
    assert db.session.database.view().relation("public", "v") is None


def test_what_is_no_arrow(db: Any) -> None:
    with pytest.raises(InterfaceError, match="__arrow_c_stream__"):
        db.write_arrow("t", [1, 2, 3])
    with pytest.raises(InterfaceError, match="Series"):
        db.write_arrow("t", pd.Series([1]))
    with pytest.raises(Error, match="does not exist") as caught:
        db.write_arrow("missing", pa.table({"a": [1]}), create=False)
    assert caught.value.sqlstate == "42P01"


def test_names_are_data(db: Any) -> None:
    """No word is reserved where a name is no part of a statement."""
    assert db.write_arrow("table", pa.table({"order": [1], "user": ["a"]})) == 1
    assert db.write_arrow("public.table", pa.table({"order": [2], "user": ["b"]})) == 1
    assert db.execute('select "order", "user" from "table" order by 1').fetchall() == [(1, "a"), (2, "b")]
    shown = db.execute('show table "table"').fetchone()[0]
    db.execute('drop table "table"')
    db.execute(shown)
