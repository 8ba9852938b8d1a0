"""The examples of the manual's pages about UNLOAD, as they stand there, over rows of our own.

r_UNLOAD_command_examples, r_UNLOAD (usage notes), t_Unloading_tables, t_unloading_fixed_width_data,
t_Reloading_unload_files, unload-super-csv, unload-super-parquet. Left out are those with keys of AWS's services
(refused in test_unload.py).
"""
from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import warehouse
from warehouse import errors

ROLE = "iam_role 'arn:aws:iam::0123456789012:role/MyRedshiftRole'"
VENUES = [
    (1, "Toyota Park", "Bridgeview", "IL", 0),
    (2, 'Columbus "Crew" Stadium', "Columbus", "OH", 0),
    (4, "Community, Ballpark, Arena", "Kansas City", "KS", 0),
    (5, "Gillette Stadium", "Foxborough", "MA", 68756),
    (6, "New York Giants Stadium", "East Rutherford", "NJ", 80242),
    (22, "Quicken Loans Arena", "Cleveland", None, 0),
    (79, "Arrowhead Stadium", "Kansas City", "MO", 79451),
    (251, "Paris Hotel", "Las Vegas", "NV", None),
]
PIPED = sorted("|".join("" if v is None else str(v) for v in row) for row in VENUES)


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    """A database of two nodes with two slices each, and the folder of its buckets."""
    root = tmp_path_factory.mktemp("s3")
    with warehouse.connect(":memory:", nodes=2, slices_per_node=2, autocommit=True, s3_root=root) as db:
        db.execute("create table venue (venueid int distkey, venuename varchar(100), venuecity varchar(30), "
                   "venuestate char(2), venueseats int)")  # fmt: skip
        db.cursor().executemany("insert into venue values (%s, %s, %s, %s, %s)", VENUES)
        yield db, root


@pytest.fixture
def db(stocked: tuple[Any, Path]) -> Any:
    return stocked[0]


@pytest.fixture
def bucket(stocked: tuple[Any, Path]) -> Iterator[Path]:
    """An empty bucket `mybucket`."""
    import shutil

    folder = stocked[1] / "mybucket"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def lines(folder: Path, pattern: str = "*") -> list[str]:
    return sorted(line for p in folder.rglob(pattern) if p.is_file() for line in p.read_text().splitlines())


def test_pipe_delimited(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/unload/'\n{ROLE};")
    assert names(bucket) == [f"unload/{i:04d}_part_00" for i in range(4)]
    assert lines(bucket) == PIPED


def test_a_prefix_for_the_names(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/unload/venue_pipe_'\n{ROLE};")
    assert names(bucket) == [f"unload/venue_pipe_{i:04d}_part_00" for i in range(4)]


@pytest.mark.parametrize("include", ["", "INCLUDE"])
def test_partitioned_parquet(db: Any, bucket: Path, include: str) -> None:
    db.execute("create table lineitem (l_orderkey int distkey, l_shipdate date)")
    db.cursor().executemany("insert into lineitem values (%s, %s)",
                   [(i, f"1992-01-{2 + day:02d}") for i in range(40) for day in range(3)])  # fmt: skip
    db.execute(f"unload ('select * from lineitem')\nto 's3://mybucket/lineitem/'\n{ROLE}\nPARQUET\n"
               f"PARTITION BY (l_shipdate) {include};")  # fmt: skip
    db.execute("drop table lineitem")
    assert names(bucket) == [f"lineitem/l_shipdate=1992-01-{day:02d}/{i:04d}_part_00.parquet"
                             for day in (2, 3, 4) for i in range(4)]  # fmt: skip
    columns = {tuple(pq.read_schema(bucket / name).names) for name in names(bucket)}
    assert columns == {("l_orderkey", "l_shipdate") if include else ("l_orderkey",)}


def test_json(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/unload/'\n{ROLE}\nJSON;")
    assert '{"venueid":4,"venuename":"Community, Ballpark, Arena","venuecity":"Kansas City","venuestate":"KS",' \
           '"venueseats":0}' in lines(bucket)  # fmt: skip
    assert sorted(json.loads(line)["venueid"] for line in lines(bucket)) == [row[0] for row in VENUES]


def test_csv(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/unload/'\n{ROLE}\nCSV;")
    found = lines(bucket)
    assert '2,"Columbus ""Crew"" Stadium",Columbus,OH,0' in found
    assert '4,"Community, Ballpark, Arena",Kansas City,KS,0' in found


def test_csv_with_another_delimiter(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/unload/'\n{ROLE}\nCSV DELIMITER AS '|';")
    found = lines(bucket)
    assert '2|"Columbus ""Crew"" Stadium"|Columbus|OH|0' in found
    assert "4|Community, Ballpark, Arena|Kansas City|KS|0" in found


def test_manifest(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/venue_pipe_' {ROLE}\nmanifest;")
    assert names(bucket) == [*[f"venue_pipe_{i:04d}_part_00" for i in range(4)], "venue_pipe_manifest"]
    assert json.loads((bucket / "venue_pipe_manifest").read_text()) == {
        "entries": [{"url": f"s3://mybucket/venue_pipe_{i:04d}_part_00"} for i in range(4)]
    }


def test_manifest_verbose(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/unload_venue_folder/'\n{ROLE}\nmanifest verbose;")
    found = json.loads((bucket / "unload_venue_folder" / "manifest").read_text())
    assert list(found) == ["entries", "schema", "meta", "author"]
    assert [e["name"] for e in found["schema"]["elements"]] == [
        "venueid", "venuename", "venuecity", "venuestate", "venueseats"]  # fmt: skip
    assert found["meta"]["record_count"] == sum(e["meta"]["record_count"] for e in found["entries"]) == len(VENUES)
    assert found["author"] == {"name": "Amazon Redshift", "version": "1.0.0"}


def test_header(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue where venueseats > 75000')\nto 's3://mybucket/unload/'\n{ROLE}\nheader\n"
               "parallel off;")  # fmt: skip
    found = (bucket / "unload" / "000").read_text().splitlines()
    assert found[0] == "venueid|venuename|venuecity|venuestate|venueseats"
    assert sorted(found[1:]) == ["6|New York Giants Stadium|East Rutherford|NJ|80242",
                                 "79|Arrowhead Stadium|Kansas City|MO|79451"]  # fmt: skip


def test_smaller_files(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/unload/'\n{ROLE}\nmaxfilesize 1 gb;")
    assert lines(bucket) == PIPED
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/tickit/unload/venue_' \n{ROLE}\nparallel off\n"
               "maxfilesize 100 mb;")  # fmt: skip
    assert names(bucket / "tickit") == ["unload/venue_000"]


def test_serially(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/unload/venue_serial_'\n{ROLE}\nparallel off;")
    assert names(bucket) == ["unload/venue_serial_000"]
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/unload/lineorder_serial_'\n{ROLE}\n"
               "parallel off gzip;")  # fmt: skip
    packed = (bucket / "unload" / "lineorder_serial_000.gz").read_bytes()
    assert sorted(gzip.decompress(packed).decode().splitlines()) == PIPED


@pytest.fixture
def loadvenue(db: Any) -> Iterator[Any]:
    db.execute("create table loadvenue (like venue);")
    yield db
    db.execute("drop table loadvenue")


def ids(db: Any, table: str = "loadvenue") -> list[int]:
    return [row[0] for row in db.execute(f"select venueid from {table} order by 1").fetchall()]


def test_loaded_again(loadvenue: Any, bucket: Path) -> None:
    loadvenue.execute(f"unload ('select * from venue')\nto 's3://mybucket/unload/venue_pipe_'\n{ROLE};")
    loadvenue.execute(f"copy loadvenue from 's3://mybucket/unload/venue_pipe_' {ROLE};")
    assert ids(loadvenue) == [row[0] for row in VENUES]


def test_loaded_again_by_the_manifest(loadvenue: Any, bucket: Path) -> None:
    loadvenue.execute(f"unload ('select * from venue')\nto 's3://mybucket/venue_pipe_' {ROLE}\nmanifest;")
    loadvenue.execute(f"copy loadvenue\nfrom 's3://mybucket/venue_pipe_manifest' {ROLE}\nmanifest;")
    assert ids(loadvenue) == [row[0] for row in VENUES]


def test_reloaded_after_truncate(db: Any, bucket: Path) -> None:
    db.execute(f"unload  ('select * from venue order by venueid')\nto 's3://mybucket/tickit/venue/reload_' \n{ROLE} \n"
               "manifest \ndelimiter '|';")  # fmt: skip
    before = db.execute("select * from venue order by venueid").fetchall()
    db.execute("truncate venue;")
    db.execute(f"copy venue \nfrom 's3://mybucket/tickit/venue/reload_manifest' \n{ROLE}\nmanifest \n"
               "delimiter '|' emptyasnull;")  # fmt: skip
    assert db.execute("select * from venue order by venueid").fetchall() == before


def test_tab_delimited(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select venueid, venuename, venueseats from venue')\nto 's3://mybucket/venue_tab_'\n{ROLE}\n"
               "delimiter as '\\t';")  # fmt: skip
    assert "5\tGillette Stadium\t68756" in lines(bucket)


def test_fixed_width(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/venue_fw_'\n{ROLE}\n"
               "fixedwidth as 'venueid:3,venuename:39,venuecity:16,venuestate:2,venueseats:6';")  # fmt: skip
    assert f"1  {'Toyota Park':39}{'Bridgeview':16}IL0     " in lines(bucket)
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/tickit/venue/fw' \n{ROLE}\n"
               "fixedwidth '0:3,1:100,2:30,3:2,4:6';")  # fmt: skip
    assert {len(line) for line in lines(bucket / "tickit")} == {141}


def test_tab_delimited_and_compressed(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/venue_tab_'\n{ROLE}\ndelimiter as '\\t'\ngzip;")
    assert names(bucket) == [f"venue_tab_{i:04d}_part_00.gz" for i in range(4)]


def test_extension(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/venue_tab_'\n{ROLE}\nextension 'txt.gz'\ngzip;")
    assert names(bucket) == [f"venue_tab_{i:04d}_part_00.txt.gz" for i in range(4)]


def test_data_with_the_delimiter(db: Any, bucket: Path) -> None:
    db.execute("create table location (id int, location char(64));")
    db.execute("insert into location values (1,'Phoenix, AZ'),(2,'San Diego, CA'),(3,'Chicago, IL');")
    db.execute(f"unload ('select id, location from location')\nto 's3://mybucket/location_'\n{ROLE}\n"
               "delimiter ',' addquotes;")  # fmt: skip
    db.execute("drop table location")
    # Every field has quotation marks: decision 0025.
    assert lines(bucket) == ['"1","Phoenix, AZ"', '"2","San Diego, CA"', '"3","Chicago, IL"']


def test_a_join_with_a_window(db: Any, bucket: Path) -> None:
    db.execute("create table sales (dateid int, eventid int, pricepaid decimal(8,2))")
    db.execute("create table date (dateid int, caldate date)")
    db.execute("create table event (eventid int, venueid int)")
    db.execute("insert into sales values (1, 1, 363), (2, 1, 233), (3, 1, 310), (4, 1, 166), (5, 1, 268)")
    db.execute("insert into date values (1, '2008-01-04'), (2, '2008-01-05'), (3, '2008-01-06'), (4, '2008-01-08'), "
               "(5, '2008-01-11')")  # fmt: skip
    db.execute("insert into event values (1, 5)")
    db.execute(f"""unload ('select venuecity, venuestate, caldate, pricepaid,
sum(pricepaid) over(partition by venuecity, venuestate
order by caldate rows between 3 preceding and 3 following) as winsum
from sales join date on sales.dateid=date.dateid
join event on event.eventid=sales.eventid
join venue on event.venueid=venue.venueid
order by 1,2')
to 's3://mybucket/tickit/winsum'
{ROLE};""")
    for table in ("sales", "date", "event"):
        db.execute(f"drop table {table}")
    assert lines(bucket) == [
        "Foxborough|MA|2008-01-04|363.00|1072.00", "Foxborough|MA|2008-01-05|233.00|1340.00",
        "Foxborough|MA|2008-01-06|310.00|1340.00", "Foxborough|MA|2008-01-08|166.00|1340.00",
        "Foxborough|MA|2008-01-11|268.00|977.00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("unloading", "loading", "null"),
    [("null as 'fred'", "null as 'fred'", [22, 251]), ("", "", [251]), ("", "emptyasnull", [22, 251])],
)
def test_null_as(db: Any, bucket: Path, unloading: str, loading: str, null: list[int]) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/nulls/'\n{ROLE} {unloading} allowoverwrite;")
    if unloading:
        assert "251|Paris Hotel|Las Vegas|NV|fred" in lines(bucket)
        assert "22|Quicken Loans Arena|Cleveland|fred|0" in lines(bucket)
    db.execute("create table loadvenuenulls (like venue);")
    try:
        db.execute(f"copy loadvenuenulls from 's3://mybucket/nulls/'\n{ROLE}\n{loading};")
        found = db.execute("select venueid from loadvenuenulls where venuestate is null or venueseats is null "
                           "order by 1").fetchall()  # fmt: skip
    finally:
        db.execute("drop table loadvenuenulls")
    assert [row[0] for row in found] == null


def test_overwriting(db: Any, bucket: Path) -> None:
    statement = f"unload ('select * from venue')\nto 's3://mybucket/venue_pipe_'\n{ROLE}\nmanifest"
    db.execute(statement)
    with pytest.raises(errors.OperationalError, match="not empty"):
        db.execute(statement)
    db.execute(statement + " allowoverwrite;")
    assert lines(bucket, "*part_00") == PIPED


def test_limit(db: Any, bucket: Path) -> None:
    with pytest.raises(errors.NotSupportedError, match="Limit clause"):
        db.execute(f"unload ('select * from venue limit 10')\nto 's3://mybucket/venue_pipe_' {ROLE};")
    db.execute(f"""unload ('select * from venue where venueid in
(select venueid from venue order by venueid desc limit 10)')
to 's3://mybucket/venue_pipe_' {ROLE};""")
    assert lines(bucket) == PIPED
    db.execute("unload ('select * from (select * from venue order by venueid limit 10) v') to 's3://mybucket/nested_'")
    assert lines(bucket, "nested_*") == PIPED


def test_quoted_words_in_the_query(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select venuename, venuecity from venue where venuestate=\\'OH\\' ')\n"
               f"to 's3://mybucket/tickit/venue/ ' \n{ROLE};")  # fmt: skip
    db.execute(f"unload ('select venuename, venuecity from venue where venuestate=''OH''')\n"
               f"to 's3://mybucket/other/' \n{ROLE};")  # fmt: skip
    assert lines(bucket / "tickit") == lines(bucket / "other") == ['Columbus "Crew" Stadium|Columbus']


def test_comma_delimited(db: Any, bucket: Path) -> None:
    db.execute(f"unload ('select * from venue')\nto 's3://mybucket/tickit/venue/comma' \n{ROLE}\ndelimiter ',';")
    assert "1,Toyota Park,Bridgeview,IL,0" in lines(bucket)


def test_semistructured_rows(db: Any, bucket: Path) -> None:
    db.execute("create table region_nations (r_regionkey int, r_nations super)")
    db.execute("""insert into region_nations values (0, json_parse('[{"n_name":"ALGERIA"}]')), (1, null)""")
    db.execute(f"UNLOAD ('SELECT * FROM region_nations')\nTO 's3://mybucket/text/'\n{ROLE}\n"
               "DELIMITER AS '|'\nGZIP\nALLOWOVERWRITE;")  # fmt: skip
    db.execute(f"UNLOAD ('SELECT * FROM region_nations')\nTO 's3://mybucket/parquet/'\n{ROLE}\nFORMAT PARQUET;")
    db.execute("drop table region_nations")
    text = "".join(gzip.decompress(p.read_bytes()).decode() for p in (bucket / "text").iterdir())
    assert sorted(text.splitlines()) == ['0|[{"n_name":"ALGERIA"}]', "1|null"]
    schema = pq.ParquetFile(next((bucket / "parquet").iterdir())).schema
    assert schema.column(1).logical_type.type == "JSON"


def test_sketches(db: Any, bucket: Path) -> None:
    db.execute("CREATE TABLE a_table(an_int INT, b_int INT);")
    db.execute("INSERT INTO a_table VALUES (1,1), (2,1), (3,1), (4,1), (1,2), (2,2), (3,2), (4,2), (5,2), (6,2);")
    db.execute("CREATE TABLE hll_table (sketch HLLSKETCH);")
    try:
        db.execute("INSERT INTO hll_table select hll_create_sketch(an_int) from a_table group by b_int;")
        db.execute(f"UNLOAD ('select * from hll_table') TO 's3://mybucket/unload/'\n{ROLE} NULL AS 'null' "
                   "ALLOWOVERWRITE CSV;")  # fmt: skip
    finally:
        db.execute("drop table a_table")
        db.execute("drop table hll_table")
    assert sorted(line[:11] for line in lines(bucket)) == ['"{""version', '"{""version']
