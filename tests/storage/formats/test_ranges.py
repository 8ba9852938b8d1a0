"""A large file in ranges: each line is read once, whole, with its number in the file."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import warehouse
from hypothesis import given, settings
from hypothesis import strategies as s
from warehouse.engine.handlers.copy_findings import Findings
from warehouse.storage import formats
from warehouse.storage.formats import chunks, ranges
from warehouse.storage.formats.listing import list_files
from warehouse.storage.formats.text import TextSource
from warehouse.storage.schema import Column
from warehouse.storage.types import varchar

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "csv": ("csv", {}),
    "csv with a header": ("csv", {"IGNOREHEADER": 2}),
    "escape": ("delimited", {"ESCAPE": True, "DELIMITER": ","}),
    "escape with quotes": ("delimited", {"ESCAPE": True, "REMOVEQUOTES": True, "DELIMITER": ","}),
    "delimited": ("delimited", {"DELIMITER": ",", "REMOVEQUOTES": True}),
    "fixed width": ("fixedwidth", {"FIXEDWIDTH": "a:1,b:2"}),
}
COLUMNS = (Column(1, "a", varchar(20)), Column(2, "b", varchar(20)))


def _read(path: Path, format: str, options: dict[str, Any], size: int, chunk: int) -> tuple[list[Any], list[Any], int]:
    """Rows, what is wrong with others, and how many parts there were."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "RANGE_BYTES", size)
        patch.setattr(ranges, "LOOK_BYTES", 3)
        source = TextSource(list_files(str(path)), format, options, chunk)
        findings, rows = Findings("t", None), []
        for number, part in enumerate(source.parts):
            own = findings.of_part()
            for batch in source.read(part, COLUMNS, None, own):
                rows += batch.to_pylist()
            found = own.take()
            findings.add(number, found)
            findings.read(part, found)
    return rows, [(r.line, r.column, r.reason, r.raw_line) for _, r in findings.rejections], len(source.parts)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=15)
@given(
    content=s.lists(s.sampled_from([b"a", b",", b'"', b"\n", b"\\", b"b,c\n", b'"x,\ny",z\n', b"\r\n", b'""'])),
    size=s.integers(1, 12), chunk=s.integers(1, 40),
)  # fmt: skip
def test_any_file_in_any_ranges(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: list[bytes], size: int, chunk: int
) -> None:
    """The same rows, the same errors with the same lines, as of the file in one piece."""
    path = tmp_path_factory.getbasetemp() / "ranges"
    path.write_bytes(b"".join(content) or b"\n")
    whole, wrong, _ = _read(path, *FORMATS[name], 1 << 20, chunk)
    rows, found, parts = _read(path, *FORMATS[name], size, chunk)
    assert (rows, found) == (whole, wrong)
    assert parts > 1 or path.stat().st_size <= 2 * size + 60


def test_the_line_of_a_record_without_an_end(
    db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "RANGE_BYTES", 1000)
    monkeypatch.setattr(chunks, "MAX_RECORD_BYTES", 5000)
    monkeypatch.setattr(formats, "FEWEST_CHUNK_BYTES", 100)
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 100)
    db.execute("create table t (a integer, b varchar(20))")
    lines = ['1,"x\ny"'] * 1000
    lines[500:] = ['1,"x', *["1,x"] * 3000]
    (tmp_path / "x").write_text("\n".join(lines))
    with pytest.raises(warehouse.DataError, match="line 1001: no end of the record"):
        db.execute(f"copy t from '{tmp_path}/x' csv")


def test_copy_in_ranges(db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "RANGE_BYTES", 1000)
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


@pytest.mark.parametrize("options", ["gzip", "ignoreheader 3000", "encoding utf16"])
def test_what_is_not_split(tmp_path: Path, options: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.planner.parse import parse_statement
    from warehouse.storage.formats import open_source

    (tmp_path / "x").write_bytes(b"1\n" * 2000)
    monkeypatch.setattr(ranges, "RANGE_BYTES", 1000)
    asked = parse_statement(f"copy t from 'x' {options}").options
    assert len(open_source(str(tmp_path / "x"), "delimited", asked).parts) == 1
    assert len(open_source(str(tmp_path / "x"), "delimited", {"IGNOREHEADER": 500}).parts) == 3
    assert len(open_source(str(tmp_path / "x"), "csv").parts) == 4
