"""Results as text: values as psql spells them, widths, head and tail, every form."""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.client import render
from wcwidth import wcswidth

D = decimal.Decimal
TABLE = pa.table(
    {
        "id": pa.array([1, 2, None], pa.int32()),
        "name|x": ["a\nb", "日本語", None],
        "at": pa.array(
            [datetime.datetime(2024, 1, 2, 3, 4, 5, 120000), None, datetime.datetime(1, 1, 1)], pa.timestamp("us")
        ),
        "pay": pa.array([D("1.50"), D("-0.01"), None], pa.decimal128(15, 2)),
        "tiny": pa.array([D("1E-8"), D("0"), None], pa.decimal128(38, 8)),
        "real": [1.0, float("nan"), 1e22],
        "flag": [True, False, None],
    }
)


def written(table: pa.Table, form: str, **options: object) -> str:
    out = io.StringIO()
    render.write(table, form, out, render.Options(**options))  # type: ignore[arg-type]
    return out.getvalue()


def column(values: list, kind: pa.DataType) -> list:
    return render.text_column(pa.chunked_array([pa.array(values, kind)])).to_pylist()


def test_values_are_spelled_as_psql_spells_them() -> None:
    moment = datetime.datetime(2024, 1, 2, 3, 4, 5)
    assert column([True, False, None], pa.bool_()) == ["t", "f", None]
    assert column([moment, moment.replace(microsecond=120000)], pa.timestamp("us")) == [
        "2024-01-02 03:04:05",
        "2024-01-02 03:04:05.12",
    ]
    assert column([moment.replace(tzinfo=datetime.UTC)], pa.timestamp("us", "UTC")) == ["2024-01-02 03:04:05+00"]
    assert column([1.0, 0.1, -0.0, float("inf"), float("-inf"), float("nan")], pa.float64()) == [
        "1",
        "0.1",
        "-0",
        "Infinity",
        "-Infinity",
        "NaN",
    ]
    assert column([D("1E-8"), D("0E-8")], pa.decimal128(38, 8)) == ["0.00000001", "0.00000000"]
    assert column([D("12.50")], pa.decimal128(8, 2)) == ["12.50"]


def test_box() -> None:
    assert written(TABLE.select(["id", "name|x", "flag"]), "table").splitlines() == [
        "┌──────┬────────┬──────┐",
        "│  id  │ name|x │ flag │",
        "├──────┼────────┼──────┤",
        "│    1 │ a\\nb   │ t    │",
        "│    2 │ 日本語 │ f    │",
        "│ NULL │ NULL   │ NULL │",
        "└──────┴────────┴──────┘",
        "(3 rows)",
    ]


def test_many_rows_show_head_and_tail() -> None:
    lines = written(pa.table({"n": list(range(1000))}), "table", max_rows=4).splitlines()
    assert [line.strip("│ ") for line in lines[3:-2]] == ["0", "1", "·", "·", "·", "998", "999"]
    assert lines[-1] == "(1,000 rows, 4 shown)"


def test_a_box_fits_the_terminal() -> None:
    wide = pa.table({f"column_{i}": ["x" * 30] for i in range(20)})
    lines = written(wide, "table", width=100).splitlines()
    assert all(wcswidth(line) <= 100 for line in lines[:-1])
    assert "…" in lines[1] and "20 columns" in lines[-1]
    one = written(pa.table({"text": ["y" * 500]}), "table", width=60).splitlines()
    assert all(wcswidth(line) <= 60 for line in one)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=15), st.integers(40, 200))
def test_fit_keeps_to_the_terminal_where_it_can(wanted: list[int], terminal: int) -> None:
    room, kept = render.fit(wanted, terminal)
    assert all(1 <= r <= w for r, w in zip(room, wanted))
    total = 1 + sum(3 + (1 if i is None else room[i]) for i in kept)
    shown = [i for i in kept if i is not None]
    assert total <= terminal or len(shown) <= 1
    assert shown == sorted(shown) and kept.count(None) == (len(shown) < len(wanted))


@given(st.lists(st.tuples(st.text(max_size=8), st.one_of(st.none(), st.text(max_size=8))), max_size=5))
def test_csv_can_be_read_back(rows: list[tuple[str, str | None]]) -> None:
    clean = [(a.replace("\r", "").replace("\0", ""), b and b.replace("\r", "").replace("\0", "")) for a, b in rows]
    table = pa.table(
        {"a": pa.array([a for a, _ in clean], pa.string()), "b,c": pa.array([b for _, b in clean], pa.string())}
    )
    back = list(csv.reader(io.StringIO(written(table, "csv"), newline="")))
    assert back == [["a", "b,c"], *([a, b or ""] for a, b in clean)]


def test_csv_tells_null_from_empty_text() -> None:
    assert written(pa.table({"a": ["", None, "x"], "b": [1, 2, 3]}), "csv") == 'a,b\n"",1\n,2\nx,3\n'


def test_json_forms() -> None:
    assert json.loads(written(TABLE, "json"))[0] == {
        "id": 1,
        "name|x": "a\nb",
        "at": "2024-01-02 03:04:05.12",
        "pay": 1.5,
        "tiny": 1e-08,
        "real": 1,
        "flag": True,
    }
    lines = written(TABLE, "jsonl").splitlines()
    assert [json.loads(line)["real"] for line in lines] == [1, None, 1e22]
    assert '"pay": 1.50' in lines[0]  # digits are kept
    assert written(TABLE.slice(0, 0), "json") == "[]\n"


def test_the_other_forms() -> None:
    small = pa.table({"a": [1], "b|": ["x|<y>"]})
    assert written(small, "markdown") == "| a | b\\| |\n|---:|---|\n| 1 | x\\|<y> |\n"
    assert written(small, "tsv") == "a\tb|\n1\tx|<y>\n"
    assert written(small, "vertical").splitlines() == ["─[ row 1 ]", "a  │ 1", "b| │ x|<y>", "(1 row)"]
    assert "<td>x|&lt;y&gt;</td>" in written(small, "html")


@pytest.mark.parametrize("form", render.FORMATS)
def test_no_rows_and_no_columns(form: str) -> None:
    written(TABLE.slice(0, 0), form)
    written(pa.table({}), form)
