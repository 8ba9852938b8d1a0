"""Damaged Parquet files: an error that names the file, or rows where the damage does not show; never the end of the
process. The damage is done in a process of its own, so that its end would be seen."""
from __future__ import annotations

import io
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warehouse.storage.lake.formats.parquet_footer import read_footer
from warehouse.storage.lake.formats.thrift import Damaged

ROWS = 300
CASES = 80


def table() -> pa.Table:
    return pa.table({
        "n": pa.array([i if i % 7 else None for i in range(ROWS)]), "s": [f"text {i % 9}" for i in range(ROWS)],
        "plain": [f"{i} and more" for i in range(ROWS)], "f": [i / 2 for i in range(ROWS)],
        "l": [[i] for i in range(ROWS)], "k": pa.array(range(ROWS), pa.int32()),
    })  # fmt: skip


def written(**options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table(), out, row_group_size=100, use_dictionary=["n", "s"], **options)
    return out.getvalue()


def damaged(whole: bytes, draw: random.Random) -> bytes:
    """Some bytes of the footer, or of anything, are others; or the end is missing."""
    data = bytearray(whole)
    length = int.from_bytes(whole[-8:-4], "little")
    kind = draw.randrange(5)
    if kind == 4:
        return whole[: draw.randrange(len(whole))]
    first = 4 if kind == 3 else len(whole) - 8 - length
    for _ in range(draw.choice((1, 1, 2, 8))):
        data[draw.randrange(first, len(whole) - 4)] = draw.choice((0, 0xFF, 0x80, 0x7F, draw.randrange(256)))
    return bytes(data)


def check(root: Path) -> None:
    """All cases; runs in its own process."""
    import warehouse

    files = [written(), written(compression="zstd"),
             written(compression="none", data_page_version="2.0", data_page_size=200)]
    with warehouse.connect(":memory:", autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("set enable_result_cache_for_session to off")
        cursor.execute("create external schema lake from data catalog database 'l' "
                       "create external database if not exists")
        cursor.execute("create external table lake.t (n bigint, s varchar(20), plain varchar(20), f float8, k int) "
                       f"stored as parquet location '{root}/t/'")
        (root / "t").mkdir()
        errors = 0
        for case in range(CASES):
            draw = random.Random(case)
            print(case, flush=True)
            for old in (root / "t").iterdir():
                old.unlink()
            (root / "t" / f"{case}.parquet").write_bytes(damaged(draw.choice(files), draw))
            try:
                cursor.execute("select count(*), sum(n), max(s), max(plain), sum(f), min(k) from lake.t where k >= 0")
                cursor.fetchall()
            except warehouse.InternalError:
                raise
            except warehouse.Error as error:
                errors += 1
                assert f"{case}.parquet" in f"{error} {error.detail}", error
        print(f"{errors} errors")


def test_damaged_files(tmp_path: Path) -> None:
    code = (f"import sys; sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}; from pathlib import Path; "
            f"import test_damaged_parquet as t; t.check(Path({str(tmp_path)!r}))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-200:]}{done.stderr[-2000:]}"
    assert int(done.stdout.split()[-2]) > CASES // 4


def test_footers_that_are_none() -> None:
    whole = written()
    length = int.from_bytes(whole[-8:-4], "little")
    footer = whole[-8 - length : -8]
    info = read_footer(footer)
    assert info.rows == (100, 100, 100) and [leaf.name for leaf in info.leaves] == ["n", "s", "plain", "f", "l", "k"]
    assert [leaf.nested for leaf in info.leaves] == [False] * 4 + [True, False]
    for bad in (b"", b"\x00", footer[:40], bytes(reversed(footer)), b"\xff" * 100, b"\x1c" * 1000, b"\x19\xfc" * 200):
        with pytest.raises(Damaged):
            read_footer(bad)
    for cut in range(0, len(footer), 11):
        with pytest.raises(Damaged):
            read_footer(footer[:cut])
