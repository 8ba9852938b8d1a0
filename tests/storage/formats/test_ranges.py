"""A large file in ranges: each line is read once, whole, with its number in the file."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import warehouse
from hypothesis import given, settings
from hypothesis import strategies as s
from warehouse.storage.formats import text
from warehouse.storage.formats.streams import Range


class Pieces:
    def __init__(self, data: bytes, at: int, size: int) -> None:
        self._data, self._at, self._size = data, at, size

    def read(self, size: int) -> bytes:
        self._at += self._size
        return self._data[self._at - self._size : self._at]


_lines = s.lists(s.binary(max_size=6).map(lambda b: b.replace(b"\n", b"-")), min_size=1)


@settings(max_examples=50)
@given(content=_lines.map(b"\n".join), step=s.integers(1, 20), size=s.integers(1, 7))
def test_ranges_together_are_the_file(content: bytes, step: int, size: int) -> None:
    found = []
    for start in range(0, len(content), step):
        stop = min(start + step, len(content))
        stream, data = Range(Pieces(content, max(0, start - 1), size), start, stop), b""
        while piece := stream.read(size):
            data += piece
        assert not start or not data or b"".join(found).endswith(b"\n")
        found.append(data)
    assert b"".join(found) == content


def test_copy_in_ranges(db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "RANGE_BYTES", 1000)
    db.execute("create table t (a integer, b varchar(20))")
    lines = [f"{i}|text {i}" for i in range(2000)]
    (tmp_path / "x").write_text("\n".join(lines))
    db.execute(f"copy t from '{tmp_path}/x'")
    assert db.execute("select count(*), count(distinct a), sum(a) from t").fetchone() == (2000, 2000, 1999000)
    found = db.execute("select is_partial, start_offset, lines_scanned from stl_load_commits order by 2").fetchall()
    assert [f[:2] for f in found] == [(1, 1000 * i) for i in range(len(found))] and len(found) > 20
    assert sum(f[2] for f in found) == 2000
    for at in (1, 700, 1500):
        lines[at] = "x" + lines[at]
    (tmp_path / "x").write_text("\n".join(lines))
    db.execute(f"copy t from '{tmp_path}/x' maxerror 4")
    told = "select line_number, is_partial, start_offset > 0 from stl_load_errors order by 1"
    assert db.execute(told).fetchall() == [(2, 0, False), (701, 1, True), (1501, 1, True)]
    with pytest.raises(warehouse.DataError, match="line 2,"):
        db.execute(f"copy t from '{tmp_path}/x'")


@pytest.mark.parametrize("options", ["escape", "removequotes", "ignoreheader 1000", "encoding utf16"])
def test_what_is_not_split(tmp_path: Path, options: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.planner.parse import parse_statement
    from warehouse.storage.formats import open_source

    (tmp_path / "x").write_bytes(b"1\n" * 2000)
    monkeypatch.setattr(text, "RANGE_BYTES", 1000)
    asked = parse_statement(f"copy t from 'x' {options}").options
    assert len(open_source(str(tmp_path / "x"), "delimited", asked).parts) == 1
    assert len(open_source(str(tmp_path / "x"), "delimited").parts) == 4
