"""Chunks are whole records, whatever their size, and together they are the file."""
from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as s
from warehouse.storage.formats.chunks import read_chunks
from warehouse.storage.formats.listing import SourceFile
from warehouse.storage.formats.options import text_options
from warehouse.storage.formats.records import records


def chunks(text: bytes, size: int, format: str, options: dict[str, Any]) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f"
        path.write_bytes(text)
        return list(read_chunks(SourceFile(str(path), len(text)), text_options(format, options), None, size))


@pytest.mark.parametrize("how", [("delimited", {}), ("delimited", {"ESCAPE": True}), ("csv", {})])
@given(text=s.text('a\n"\\|,', max_size=60).map(str.encode), size=s.integers(1, 70))
def test_records_do_not_depend_on_the_size_of_chunks(how: tuple[str, dict[str, Any]], text: bytes, size: int) -> None:
    options = text_options(*how)
    found = chunks(text, size, *how)
    assert b"".join(c.data for c in found) == text
    whole = [r for c in chunks(text, 1000, *how) for r in records(c, options)]
    assert [r for c in found for r in records(c, options)] == whole


def test_chunks_are_about_as_large_as_asked() -> None:
    found = chunks(b"12345\n" * 1000, 600, "delimited", {})
    assert 10 <= len(found) <= 11
    assert [c.line for c in found][:2] == [1, 101]
