"""Every earlier format opens: databases that releases of their time wrote, in format_databases/.

`format-<n>.tar.xz` is a folder made by the last commit that wrote format n. Each holds a table of all types then
known, an ALL table with an IDENTITY and a DEFAULT, 3,000 rows in chosen encodings and a view; from format 3 on, rows
were deleted and updated; from format 5 on, the rows of small commits are in the catalogue.
"""
from __future__ import annotations

import datetime
import tarfile
from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.storage.catalog.layout import FORMAT_VERSION
from warehouse.storage.check import Checked, check

FOLDER = Path(__file__).parent / "format_databases"
FORMATS = sorted(int(p.name.split("-")[1].split(".")[0]) for p in FOLDER.glob("*.tar.xz"))


def unpacked(number: int, folder: Path) -> Path:
    with tarfile.open(FOLDER / f"format-{number}.tar.xz") as archive:
        archive.extractall(folder / "dw", filter="data")
    return folder / "dw"


def test_there_is_one_of_each_older_format() -> None:
    assert set(FORMATS) >= set(range(1, FORMAT_VERSION))


@pytest.mark.parametrize("number", FORMATS)
@pytest.mark.parametrize("read_only", [True, False])
def test_an_older_format_opens_and_holds_what_it_held(number: int, read_only: bool, tmp_path: Path) -> None:
    path = unpacked(number, tmp_path)
    with warehouse.connect(path, read_only=read_only, autocommit=True) as c:
        deleted = number >= 3
        assert c.execute("select count(*), sum(n) from numbers").fetchone() == (
            (2700, sum(n for n in range(3000) if n % 10 != 3)) if deleted else (3000, 2999 * 1500)
        )
        assert c.execute("select r, c from s.totals order by r limit 1").fetchone() == (0, 450 if deleted else 500)
        names = ["one", "TWO" if deleted else "two", "three"]
        assert c.execute("select id, v from ids order by id").fetchall() == list(zip((10, 15, 20), names))
        row = c.execute("select * from s.all_types where a = 1").fetchone()
        assert row[:3] == (1, 2, 3) and row[6:9] == (True, "ab", "text")
        assert row[9:] == (datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 34, 56, 789000))
    assert list(check(path, Checked(), lambda name: None)) == []


@pytest.mark.parametrize("number", FORMATS)
def test_the_first_write_raises_the_format_and_says_so(number: int, tmp_path: Path) -> None:
    path = unpacked(number, tmp_path)
    with warehouse.connect(path, autocommit=True) as c:
        warning = (
            f'WARNING:  database "{path}" was brought from format {number} to {FORMAT_VERSION}: '
            "earlier releases cannot open it any more"
        )
        told = c.execute("insert into ids (v) values ('four')").notices
        assert told == ([warning] if number < FORMAT_VERSION else [])
        assert c.execute("delete from numbers where n >= 10").notices == []
        assert c.execute("select max(id) from ids").fetchone()[0] > 20
    with warehouse.connect(path) as c:
        assert c.execute("select count(*) from numbers").fetchone() == (9 if number >= 3 else 10,)


def test_check_names_what_is_broken(tmp_path: Path, capsys: Any) -> None:
    from warehouse.client import cli

    path = unpacked(3, tmp_path)
    assert cli._check(str(path), quiet=True) == 0
    assert capsys.readouterr().out == ""
    assert cli._check(str(path), quiet=False) == 0
    assert "all is whole" in capsys.readouterr().out
    first, *_, last = sorted(path.rglob("*.ext"))
    data = bytearray(last.read_bytes())
    data[len(data) // 3] ^= 4
    last.write_bytes(data)
    first.unlink()
    before = sorted(path.rglob("*"))
    assert cli._check(str(path), quiet=False) == 1
    told = capsys.readouterr().out
    assert first.name in told and last.name in told and "2 problems" in told
    assert sorted(path.rglob("*")) == before
    assert cli._check(str(tmp_path / "nothing"), quiet=False) == 2


def test_check_finds_a_catalogue_that_does_not_fit(tmp_path: Path) -> None:
    import sqlite3

    path = unpacked(3, tmp_path)
    connection = sqlite3.connect(path / "catalog.sqlite")
    connection.execute('UPDATE extents SET "rows" = "rows" + 1 WHERE id = (SELECT min(id) FROM extents)')
    connection.execute("UPDATE delete_vectors SET vector = x'00FFFF'")
    connection.commit()
    connection.close()
    found = list(check(path, Checked(), lambda name: None))
    assert any("the catalogue says" in problem for problem in found)
    assert any("rows are deleted that row group" in problem for problem in found)
