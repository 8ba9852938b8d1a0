"""Every option of COPY that is supported, through SQL: what the file says, what the table then holds."""
from __future__ import annotations

import bz2
import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse

# option text, file text, rows expected of t (a integer, b varchar(4), c decimal(5,2))
CASES: dict[str, tuple[str, str, list[tuple[Any, ...]]]] = {
    "DELIMITER": ("delimiter ','", "1,x,2.5\n", [(1, "x", "2.50")]),
    "CSV": ("csv", '1,"x,""y",2.5\n', [(1, 'x,"y', "2.50")]),
    "QUOTE": ("csv quote as ''''", "1,'x,y',2.5\n", [(1, "x,y", "2.50")]),
    "BLANKSASNULL": ("blanksasnull", "1|   |2\n", [(1, None, "2.00")]),
    "EMPTYASNULL": ("emptyasnull", "1||2\n", [(1, None, "2.00")]),
    "ESCAPE": ("escape", "1|x\\|y|2\n", [(1, "x|y", "2.00")]),
    "FILLRECORD": ("fillrecord", "1|x\n", [(1, "x", None)]),
    "IGNOREBLANKLINES": ("ignoreblanklines", "1|x|2\n\n\n", [(1, "x", "2.00")]),
    "IGNOREHEADER": ("ignoreheader 2", "a|b|c\n-|-|-\n1|x|2\n", [(1, "x", "2.00")]),
    "NULL AS": ("null as '-'", "1|-|2\n", [(1, None, "2.00")]),
    "REMOVEQUOTES": ("removequotes", '1|"x"|2\n', [(1, "x", "2.00")]),
    "ROUNDEC": ("roundec", "1|x|2.555\n", [(1, "x", "2.56")]),
    "TRIMBLANKS": ("trimblanks", "1|x   |2\n", [(1, "x", "2.00")]),
    "TRUNCATECOLUMNS": ("truncatecolumns", "1|abcdef|2\n", [(1, "abcd", "2.00")]),
    "COMPUPDATE": ("compupdate on", "1|x|2\n", [(1, "x", "2.00")]),
    "STATUPDATE": ("statupdate on", "1|x|2\n", [(1, "x", "2.00")]),
}


@pytest.fixture
def t(db: Any) -> Any:
    db.execute("create table t (a integer, b varchar(4), c decimal(5,2))")
    return db


def rows(db: Any) -> list[tuple[Any, ...]]:
    found = db.execute("select a, b, c from t order by a").fetchall()
    return [(a, b, None if c is None else str(c)) for a, b, c in found]


@pytest.mark.parametrize("option", CASES)
def test_option(t: Any, tmp_path: Path, option: str) -> None:
    clause, text, expected = CASES[option]
    (tmp_path / "in.txt").write_text(text)
    t.execute(f"copy t from '{tmp_path}/in.txt' {clause}")
    assert rows(t) == expected


@pytest.mark.parametrize("option", ["BLANKSASNULL", "FILLRECORD", "TRUNCATECOLUMNS", "IGNOREHEADER", "DELIMITER"])
def test_without_the_option_it_is_different(t: Any, tmp_path: Path, option: str) -> None:
    (tmp_path / "in.txt").write_text(CASES[option][1])
    try:
        t.execute(f"copy t from '{tmp_path}/in.txt'")
    except warehouse.DataError:
        assert rows(t) == []
    else:
        assert rows(t) != CASES[option][2]


@pytest.mark.parametrize(
    ("column", "clause", "text", "expected"),
    [
        ("date", "dateformat 'DD.MM.YYYY'", "31.01.2024", "2024-01-31"),
        ("date", "dateformat 'auto'", "Jan-31-2024", "2024-01-31"),
        ("timestamp", "timeformat 'epochsecs'", "86400", "1970-01-02 00:00:00"),
        ("timestamp", "timeformat 'DD.MM.YYYY HH:MI:SS'", "31.01.2024 10:20:30", "2024-01-31 10:20:30"),
    ],
)
def test_formats_of_dates_and_times(
    db: Any, tmp_path: Path, column: str, clause: str, text: str, expected: str
) -> None:
    db.execute(f"create table d (x {column})")
    (tmp_path / "in.txt").write_text(text + "\n")
    db.execute(f"copy d from '{tmp_path}/in.txt' {clause}")
    assert str(db.execute("select x from d").fetchone()[0]) == expected


def test_column_list(t: Any, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("2.5|1\n")
    t.execute(f"copy t (c, a) from '{tmp_path}/in.txt'")
    assert rows(t) == [(1, None, "2.50")]


def test_gzip_prefix_and_file_url(t: Any, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"part{number}.gz").write_bytes(gzip.compress(f"{number}|x|{number}\n".encode()))
    (tmp_path / "other.bz2").write_bytes(bz2.compress(b"9|x|9\n"))
    t.execute(f"copy t from 'file://{tmp_path}/part' gzip")
    assert [a for a, _, _ in rows(t)] == [1, 2, 3]


def test_a_broken_row_names_file_line_column_and_value(t: Any, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("1,x,1\n2,y,2\n3,z,oops\n")
    with pytest.raises(warehouse.DataError) as caught:
        t.execute(f"copy t from '{tmp_path}/in.csv' csv")
    told = f"{caught.value} {caught.value.detail}"
    assert "in.csv" in told and "3" in told and "c" in told and "oops" in told
    assert rows(t) == []


def test_all_files_or_none(t: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,x,1\n" * 1000)
    (tmp_path / "b.csv").write_text("1,toolong,1\n")
    with pytest.raises(warehouse.DataError):
        t.execute(f"copy t from '{tmp_path}/' csv")
    assert rows(t) == []


def test_parquet_by_position_and_other_schemas(t: Any, tmp_path: Path) -> None:
    good = pa.table({"x": pa.array([1], pa.int32()), "y": ["x"], "z": pa.array(["2.50"]).cast(pa.decimal128(5, 2))})
    pq.write_table(good, tmp_path / "good.parquet")
    t.execute(f"copy t from '{tmp_path}/good.parquet' format as parquet")
    assert rows(t) == [(1, "x", "2.50")]
    pq.write_table(good.set_column(0, "x", pa.array(["one"])), tmp_path / "bad.parquet")
    with pytest.raises(warehouse.Error) as caught:
        t.execute(f"copy t from '{tmp_path}/bad.parquet' format parquet")
    assert "bad.parquet" in f"{caught.value} {caught.value.detail}" and len(rows(t)) == 1
    pq.write_table(good.set_column(1, "y", pa.array(["far too long for it" * 20])), tmp_path / "long.parquet")
    with pytest.raises(warehouse.DataError, match="too long") as caught:
        t.execute(f"copy t from '{tmp_path}/long.parquet' format parquet")
    assert "long.parquet" in caught.value.detail and len(rows(t)) == 1
    t.execute("create temp table c (x char(4))")
    for texts in (["abc", "\u00e9"], pa.array(["\u00e9", None]).dictionary_encode()):
        pq.write_table(pa.table({"x": texts}), tmp_path / "char.parquet")
        with pytest.raises(warehouse.DataError, match="Multibyte character not supported for CHAR"):
            t.execute(f"copy c from '{tmp_path}/char.parquet' format parquet")


# -- what the load does -------------------------------------------------------------------------------


def notices(cursor: Any) -> str:
    return " ".join(cursor.notices)


@pytest.mark.parametrize(
    ("clause", "encoded"),
    [
        ("encoding utf8", "1|é|2\n".encode()),
        ("encoding as utf16", "1|é|2\n".encode("utf-16")),
        ("encoding as utf16", b"\xfe\xff" + "1|é|2\n".encode("utf-16-be")),
        ("encoding utf16le", "1|é|2\n".encode("utf-16-le")),
        ("encoding utf16be", b"\xfe\xff" + "1|é|2\n".encode("utf-16-be")),
        ("encoding as 'ISO88591'", b"1|\xe9|2\n"),
    ],
    ids=["utf8", "utf16", "utf16 big", "utf16le", "utf16be", "iso 8859-1"],
)
def test_encoding(t: Any, tmp_path: Path, clause: str, encoded: bytes) -> None:
    (tmp_path / "in.txt").write_bytes(encoded)
    t.execute(f"copy t from '{tmp_path}/in.txt' {clause}")
    assert rows(t) == [(1, "é", "2.00")]


@pytest.mark.parametrize(
    ("clause", "encoded", "message"),
    [
        ("encoding utf16", "1|x|2\n".encode("utf-16-le"), "no byte order mark"),
        ("encoding utf16le", b"\xfe\xff\0a", "other byte order"),
        ("encoding utf16le", b"a\0\0\xdc", "not encoded in UTF16LE"),
        ("encoding latin1", b"", "LATIN1"),
    ],
)
def test_encoding_refused(t: Any, tmp_path: Path, clause: str, encoded: bytes, message: str) -> None:
    (tmp_path / "in.txt").write_bytes(encoded)
    with pytest.raises(warehouse.Error, match=message):
        t.execute(f"copy t from '{tmp_path}/in.txt' {clause}")


@pytest.mark.parametrize(("word", "pack"), [("gzip", "gzip"), ("bzip2", "bz2"), ("zstd", "zstd")])
def test_compression(t: Any, tmp_path: Path, word: str, pack: str) -> None:
    import zstandard

    packed = {"gzip": gzip.compress, "bz2": bz2.compress, "zstd": zstandard.compress}[pack](b"1|x|2\n" * 500)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(packed)
    t.execute(f"copy t from '{tmp_path}/' {word}")
    assert len(rows(t)) == 1000
    with pytest.raises(warehouse.DataError, match=f"compressed with {word}") as caught:
        t.execute(f"copy t from '{tmp_path}/'")
    assert word.upper() in caught.value.hint
    for damaged in (packed[:-10], packed[:8] + b"damage" + packed[14:]):
        (tmp_path / "b").write_bytes(damaged)
        with pytest.raises(warehouse.OperationalError, match=r"/b.*cannot be read"):
            t.execute(f"copy t from '{tmp_path}/b' {word}")
    assert len(rows(t)) == 1000
    with pytest.raises(warehouse.ProgrammingError, match="two compressions"):
        t.execute(f"copy t from '{tmp_path}/' gzip zstd")


def test_acceptinvchars(t: Any, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_bytes(b"1|a\xff|2\n2|\xe0\xa1|2\n3|\xef\xbf\xbe|3\n4|ok|4\n")
    with pytest.raises(warehouse.DataError, match=r"UTF8.*ff"):
        t.execute(f"copy t from '{tmp_path}/in.txt'")
    cursor = t.execute(f"copy t from '{tmp_path}/in.txt' acceptinvchars as '^'")
    assert [b for _, b, _ in rows(t)] == ["a^", "^^", "^^^", "ok"]
    assert "3 record(s) were loaded with replacements" in notices(cursor)
    found = t.execute("select line_number, trim(colname) from stl_replacements where query = pg_last_copy_id()")
    assert sorted(found.fetchall()) == [(1, "b"), (2, "b"), (3, "b")]
    with pytest.raises(warehouse.ProgrammingError, match="one ASCII character"):
        t.execute(f"copy t from '{tmp_path}/in.txt' acceptinvchars 'é'")


def test_acceptanydate(db: Any, tmp_path: Path) -> None:
    db.execute("create table d (x date, y timestamp)")
    (tmp_path / "in.txt").write_text("00/00/00|00/00/00 00:00:00\n2024-01-31|2024-01-31\n")
    with pytest.raises(warehouse.DataError, match="Date"):
        db.execute(f"copy d from '{tmp_path}/in.txt'")
    db.execute(f"copy d from '{tmp_path}/in.txt' acceptanydate dateformat 'auto'")
    assert db.execute("select count(*), count(x), count(y) from d").fetchone() == (2, 1, 1)


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("files", [1, 4])
def test_maxerror_is_exact(t: Any, tmp_path: Path, limit: int, files: int) -> None:
    for number in range(files):
        bad = "bad|x|1\n" if number % 2 or files == 1 else ""
        (tmp_path / f"f{number}").write_text("1|x|1\n" * 50 + bad * (4 // max(1, files // 2)) + "2|x|1\n" * 50)
    statement = f"copy t from '{tmp_path}/f' maxerror {limit}"
    if limit > 4:
        assert "4 record(s) could not be loaded" in notices(t.execute(statement))
        assert len(rows(t)) == 100 * files
    else:
        with pytest.raises(warehouse.DataError, match="Invalid digit" if limit < 2 else f"MAXERROR is {limit}"):
            t.execute(statement)
        assert rows(t) == []
    told = t.execute("select count(*), min(err_code) from stl_load_errors where query = pg_last_copy_id()").fetchone()
    assert told == (min(4, max(1, limit)), 1207)
    last = t.execute("select pg_last_copy_count()").fetchone()
    assert last == (100 * files if limit > 4 else 0,)


def test_ignoreallerrors(t: Any, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("bad\n" * 300 + "1|x|1\n")
    cursor = t.execute(f"copy t from '{tmp_path}/in.txt' ignoreallerrors")
    assert cursor.rowcount == 1 and "300 record(s) could not be loaded" in notices(cursor)
    with pytest.raises(warehouse.ProgrammingError, match="IGNOREALLERRORS cannot be used with MAXERROR"):
        t.execute(f"copy t from '{tmp_path}/in.txt' ignoreallerrors maxerror 2")


def test_noload(t: Any, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("1|x|1\n")
    cursor = t.execute(f"copy t from '{tmp_path}/in.txt' noload")
    assert cursor.rowcount == 0 and rows(t) == [] and "1 record(s) checked" in notices(cursor)
    (tmp_path / "in.txt").write_text("1|too long|1\n")
    with pytest.raises(warehouse.DataError, match="exceeds DDL length"):
        t.execute(f"copy t from '{tmp_path}/in.txt' noload")


def test_noload_of_parquet_finds_missing_values(db: Any, tmp_path: Path) -> None:
    db.execute("create table n (a int not null)")
    pq.write_table(pa.table({"a": pa.array([1, None], pa.int32())}), tmp_path / "in.parquet")
    for clause in ("noload", ""):
        with pytest.raises(warehouse.IntegrityError, match='column "a"'):
            db.execute(f"copy n from '{tmp_path}/in.parquet' format parquet {clause}")


def test_comprows_and_compupdate(db: Any, tmp_path: Path) -> None:
    db.execute("create table e (a int encode zstd, b varchar(10) encode raw) sortkey (a)")
    (tmp_path / "in.txt").write_text("".join(f"{i}|x{i % 3}\n" for i in range(2000)))
    encodings = "select encoding from pg_table_def where tablename = 'e' order by \"column\""
    db.execute(f"copy e from '{tmp_path}/in.txt' compupdate off")
    assert [e for (e,) in db.execute(encodings).fetchall()] == ["zstd", "none"]
    db.execute("truncate e")
    db.execute(f"copy e from '{tmp_path}/in.txt' compupdate preset comprows 1000")
    assert [e for (e,) in db.execute(encodings).fetchall()] == ["none", "lzo"]
    for rows_ in (999, 1 << 31):
        with pytest.raises(warehouse.ProgrammingError, match="COMPROWS must be between"):
            db.execute(f"copy e from '{tmp_path}/in.txt' comprows {rows_}")


def test_only_the_owner_may_say_statupdate(db: Any, tmp_path: Path) -> None:
    db.execute("create table t (a integer)")
    db.execute("create user u password disable")
    db.execute("grant insert on t to u")
    (tmp_path / "in.txt").write_text("1\n")
    db.execute("set session authorization u")
    db.execute(f"copy t from '{tmp_path}/in.txt'")
    with pytest.raises(warehouse.Error, match="must be owner"):
        db.execute(f"copy t from '{tmp_path}/in.txt' statupdate on")


@pytest.mark.parametrize(
    ("clauses", "message"),
    [
        ("csv fixedwidth 'a:1'", "two formats"),
        ("fixedwidth 'a:1,b:1,c:1' delimiter ','", "DELIMITER cannot be used with FIXEDWIDTH"),
        ("fixedwidth 'a:1,b:1,c:1' escape", "ESCAPE cannot be used with FIXEDWIDTH"),
        ("fixedwidth 'a:1,b:0'", "not a list of label:width"),
        ("fixedwidth 'a:1,b:1'", "has 2 columns, but 3 are loaded"),
        ("csv removequotes", "REMOVEQUOTES"),
        ("csv escape", "ESCAPE"),
        ("quote '%'", "QUOTE can be used with CSV only"),
        ("delimiter '||'", "one ASCII character"),
        ("null as '\\n'", "line end"),
        ("maxerror 100001", "MAXERROR must be between 0 and 100000"),
        ("dateformat 'nonsense'", "DATEFORMAT"),
        ("ignoreheader -1", "negative"),
        ("parquet maxerror 5", "MAXERROR is not supported for PARQUET"),
        ("orc ignoreallerrors", "IGNOREALLERRORS is not supported for ORC"),
        ("parquet acceptanydate", "ACCEPTANYDATE is not supported for PARQUET"),
        ("json escape", "ESCAPE cannot be used with JSON"),
        ("avro gzip", "GZIP cannot be used with AVRO"),
        ("gzip gzip", "given twice"),
        ("iam_role default access_key_id 'a'", "IAM_ROLE cannot be used with ACCESS_KEY_ID"),
        ("credentials 'nonsense'", "Invalid credentials"),
    ],
)
def test_what_contradicts_itself(t: Any, tmp_path: Path, clauses: str, message: str) -> None:
    (tmp_path / "in.txt").write_text("1|x|2\n")
    with pytest.raises(warehouse.Error, match=message):
        t.execute(f"copy t from '{tmp_path}/in.txt' {clauses}")
