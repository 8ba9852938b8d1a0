"""Workload files: names, weights, and what is wrong with them."""
from __future__ import annotations

from pathlib import Path

from warehouse.bench.design.workload import read


def test_names_and_weights(tmp_path: Path) -> None:
    (tmp_path / "one.sql").write_text("select 1")
    (tmp_path / "two.sql").write_text("-- name: first\n-- weight: 3\nselect 1;\n-- weight: 0.5\nselect ';' ;")
    queries, broken = read([f"{tmp_path / 'one.sql'}:2", str(tmp_path / "two.sql")])
    assert not broken
    assert [(q.name, q.text.split("\n")[-1], q.weight) for q in queries] == [
        ("one", "select 1", 2.0), ("first", "select 1", 3.0), ("two#2", "select ';'", 0.5),
    ]


def test_a_folder_and_names_that_come_twice(tmp_path: Path) -> None:
    for name in ("b.sql", "a.sql"):
        (tmp_path / name).write_text("-- name: same\nselect 1")
    (tmp_path / "notes.txt").write_text("no SQL")
    assert [q.name for q in read([str(tmp_path)])[0]] == ["same", "same (2)"]


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    cases = {"open.sql": "select 'x", "empty.sql": "-- nothing\n", "weight.sql": "-- weight: many\nselect 1",
             "less.sql": "-- weight: -1\nselect 1", "good.sql": "select 1"}
    for name, text in cases.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "binary.sql").write_bytes(b"\xff\xfe")
    queries, broken = read([str(tmp_path), str(tmp_path / "missing.sql")])
    assert [q.name for q in queries] == ["good"]
    found = {b.name.rpartition("/")[2]: b.error for b in broken}
    assert found == {
        "binary.sql": "cannot be read: it is not UTF-8 text", "empty.sql": "there is no query in it",
        "less": "weight -1 is not above 0", "missing.sql": "cannot be read: No such file or directory",
        "open.sql": found["open.sql"], "weight": 'weight "many" is not a number',
    }
    assert "unterminated quoted string" in found["open.sql"]
