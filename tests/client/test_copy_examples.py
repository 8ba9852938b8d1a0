"""The COPY examples of the manual (r_COPY_command_examples and the pages of its parameters), over data of our own.

`connect(s3_root=...)` maps s3://mybucket/key to a folder, so that the statements are the manual's own.
"""
from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse
from pyarrow import orc

ROLE = "iam_role 'arn:aws:iam::0123456789012:role/MyRedshiftRole'"
VENUES = [(1, "Toyota Park", "Bridgeview", "IL", 0), (5, "Gillette Stadium", "Foxborough", "MA", 68756)]
CATEGORIES = [(1, "Sports", "MLB", "Major League Baseball"), (2, "Sports", "NHL", "National Hockey League")]


class Bucket:
    """s3://mybucket, and a session that has it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.session = warehouse.connect(":memory:", slices_per_node=2, nodes=1, autocommit=True, s3_root=root)

    def put(self, key: str, content: str | bytes, bucket: str = "mybucket") -> None:
        path = self.root / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def run(self, sql: str) -> Any:
        return self.session.execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(v.rstrip() if isinstance(v, str) else v for v in row) for row in self.run(sql).fetchall()]


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[Bucket]:
    bucket = Bucket(tmp_path)
    (tmp_path / "mybucket").mkdir()
    bucket.run("create table venue (venueid smallint not null, venuename varchar(100), venuecity varchar(30), "
               "venuestate char(2), venueseats integer)")  # fmt: skip
    bucket.run("create table category (catid smallint, catgroup varchar(10), catname varchar(10), catdesc varchar(50))")
    yield bucket
    bucket.session.close()


def lines(rows: list[tuple[Any, ...]], delimiter: str = "|") -> str:
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows)


def documents(keys: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(keys, row)) for row in rows]


def test_a_prefix_and_the_default_delimiter(s3: Bucket) -> None:
    s3.put("data/listing/part-0", lines(CATEGORIES[:1]))
    s3.put("data/listing/part-1", lines(CATEGORIES[1:]))
    s3.run(f"copy category from 's3://mybucket/data/listing/' {ROLE}")
    assert s3.rows("select * from category order by 1") == CATEGORIES
    s3.run(f"copy category from 's3://mybucket/data/listing/part-0' {ROLE} region 'us-west-2'")
    assert s3.rows("select count(*) from category") == [(3,)]


def test_a_manifest(s3: Bucket) -> None:
    s3.put("custdata.1", lines(CATEGORIES[:1]))
    s3.put("custdata.2", lines(CATEGORIES[1:]), "mybucket-beta")
    s3.put("custdata.backup", "rubbish")
    entries = [{"url": "s3://mybucket/custdata.1", "mandatory": True},
               {"url": "s3://mybucket-beta/custdata.2", "mandatory": False},
               {"url": "s3://mybucket/custdata.3", "mandatory": False}]  # fmt: skip
    s3.put("cust.manifest", json.dumps({"entries": entries}))
    s3.run(f"copy category from 's3://mybucket/cust.manifest' {ROLE} manifest")
    assert s3.rows("select * from category order by 1") == CATEGORIES
    s3.put("cust.manifest", json.dumps({"entries": [*entries[:2], {"url": entries[2]["url"], "mandatory": True}]}))
    with pytest.raises(warehouse.Error, match=r"custdata\.3"):
        s3.run(f"copy category from 's3://mybucket/cust.manifest' {ROLE} manifest")


def _table() -> pa.Table:
    columns = list(zip(*CATEGORIES))
    types = (pa.int16(), pa.string(), pa.string(), pa.string())
    return pa.table([pa.array(c, t) for c, t in zip(columns, types)], names=["i", "g", "n", "d"])


def test_parquet_and_orc(s3: Bucket) -> None:
    into = io.BytesIO()
    pq.write_table(_table(), into)
    s3.put("data/listings/parquet/0", into.getvalue())
    orc.write_table(_table(), s3.root / "mybucket" / "x.orc")
    s3.put("data/listings/orc/0", (s3.root / "mybucket" / "x.orc").read_bytes())
    for format in ("parquet", "orc"):
        s3.run("truncate category")
        s3.run(f"copy category from 's3://mybucket/data/listings/{format}/' {ROLE} format as {format}")
        assert s3.rows("select * from category order by 1") == CATEGORIES
    size = (s3.root / "mybucket" / "x.orc").stat().st_size
    entry: dict[str, Any] = {"url": "s3://mybucket/x.orc", "mandatory": True, "meta": {"content_length": size}}
    s3.put("cust.manifest", json.dumps({"entries": [entry]}))
    s3.run(f"copy category from 's3://mybucket/cust.manifest' {ROLE} format as orc manifest")
    for meta, message in (({"content_length": 99}, "content_length 99"), (None, "content_length")):
        s3.put("cust.manifest", json.dumps({"entries": [{**entry, "meta": meta}]}))
        with pytest.raises(warehouse.DataError, match=message):
            s3.run(f"copy category from 's3://mybucket/cust.manifest' {ROLE} format as orc manifest")


def test_event_with_options(s3: Bucket) -> None:
    s3.run("create table event (eventid int, eventname varchar(20), starttime timestamp)")
    good = '1|"Hamlet"|2008-09-26 05:43:12\n2||2008-09-26 05:43:12\n3|   |2008-09-26 05:43:12\n'
    s3.put("data/allevents_pipe.txt", good + "x|bad|2008\n" * 4)
    s3.run(f"""copy event from 's3://mybucket/data/allevents_pipe.txt' {ROLE} removequotes emptyasnull blanksasnull
               maxerror 5 delimiter '|' timeformat 'YYYY-MM-DD HH:MI:SS'""")
    assert s3.rows("select eventid, eventname from event order by 1") == [(1, "Hamlet"), (2, None), (3, None)]
    s3.put("data/allevents_pipe.txt", good + "x|bad|2008\n" * 5)
    with pytest.raises(warehouse.DataError, match="MAXERROR is 5"):
        s3.run(f"copy event from 's3://mybucket/data/allevents_pipe.txt' {ROLE} removequotes maxerror 5")


def test_fixed_width(s3: Bucket) -> None:
    text = "1  Toyota Park              Bridgeview  IL0\n5  Gillette Stadium         Foxborough  MA68756\n"
    s3.put("data/venue_fw.txt", text)
    spec = "venueid:3,venuename:25,venuecity:12,venuestate:2,venueseats:6"
    s3.run(f"copy venue from 's3://mybucket/data/venue_fw.txt' {ROLE} fixedwidth '{spec}'")
    assert s3.rows("select * from venue order by 1") == VENUES


def test_csv(s3: Bucket) -> None:
    expected = [(13, "Shows", "Plays", 'All "non-musical" theatre'), (14, "Shows", "Opera", "All, light, and more")]
    text = '13,Shows,Plays,"All ""non-musical"" theatre"\n14,Shows,Opera,"All, light, and more"\n'
    s3.put("data/category_csv.txt", text)
    s3.run(f"copy category from 's3://mybucket/data/category_csv.txt' {ROLE} csv")
    text = '13,Shows,Plays,%All "non-musical" theatre%\n14,Shows,Opera,%All, light, and more%\n'
    s3.put("data/category_csv.txt", text)
    s3.run(f"copy category from 's3://mybucket/data/category_csv.txt' {ROLE} csv quote as '%'")
    assert s3.rows("select * from category order by 1") == [row for row in expected for _ in range(2)]


def test_explicit_values_for_an_identity_column(s3: Bucket) -> None:
    s3.run("""create table venue_identity (venueid int identity(1, 1), venuename varchar(100) not null,
              venuecity varchar(30), venuestate char(2), venueseats integer not null default '1000')""")
    s3.put("data/venue.txt", lines([(7, *VENUES[0][1:])]))
    s3.run(f"copy venue_identity from 's3://mybucket/data/venue.txt' {ROLE} explicit_ids")
    s3.put("data/venue_pipe.txt", "9|Gillette|Foxborough|MA|\n")
    named = "venue_identity(venueid, venuename, venuecity, venuestate)"
    s3.run(f"copy {named} from 's3://mybucket/data/venue_pipe.txt' {ROLE} delimiter '|' explicit_ids")
    found = s3.rows("select venueid, venueseats from venue_identity order by 1")
    assert found == [(7, 0), (9, 1000)]
    with pytest.raises(warehouse.Error, match='EXPLICIT_IDS: IDENTITY column "venueid" is missing'):
        s3.run(f"copy venue_identity(venuename) from 's3://mybucket/data/venue_pipe.txt' {ROLE} explicit_ids")
    with pytest.raises(warehouse.Error, match="without EXPLICIT_IDS"):
        s3.run(f"copy {named} from 's3://mybucket/data/venue_pipe.txt' {ROLE} delimiter '|'")
    with pytest.raises(warehouse.Error, match="no IDENTITY column"):
        s3.run(f"copy venue from 's3://mybucket/data/venue.txt' {ROLE} explicit_ids")


def test_gzip_and_a_timestamp(s3: Bucket) -> None:
    s3.run("create table timestamp1 (c1 timestamp)")
    s3.put("data/time.txt", "2009-01-12 14:15:57.119568\n")
    s3.run(f"copy timestamp1 from 's3://mybucket/data/time.txt' {ROLE} timeformat 'YYYY-MM-DD HH:MI:SS'")
    s3.put("data/timerows.gz", gzip.compress(b"2009-01-12 14:15:57.119568\n"))
    s3.run(f"copy timestamp1 from 's3://mybucket/data/timerows.gz' {ROLE} gzip delimiter '|'")
    assert [str(v) for (v,) in s3.run("select c1 from timestamp1").fetchall()] == ["2009-01-12 14:15:57.119568"] * 2


def test_default_values(s3: Bucket) -> None:
    s3.run("""create table venue_new (venueid smallint not null, venuename varchar(100) not null, venuecity varchar(30),
              venuestate char(2), venueseats integer not null default '1000')""")
    s3.put("data/venue_noseats.txt", "1|Toyota Park|Bridgeview|IL|\n")
    s3.run("copy venue_new(venueid, venuename, venuecity, venuestate) from 's3://mybucket/data/venue_noseats.txt' "
           f"{ROLE} delimiter '|'")  # fmt: skip
    assert s3.rows("select * from venue_new") == [(1, "Toyota Park", "Bridgeview", "IL", 1000)]
    with pytest.raises(warehouse.Error, match="NOT NULL column without DEFAULT must be included in column list"):
        s3.run(f"copy venue_new(venueid, venuecity) from 's3://mybucket/data/venue_noseats.txt' {ROLE} delimiter '|'")


def test_escape(s3: Bucket) -> None:
    s3.run("create table redshiftinfo (infoid int, tableinfo varchar(50))")
    s3.put("data/redshiftinfo.txt", "1|public\\|event\\|dwuser\n2|public\\|sales\\|dwuser\n")
    s3.run(f"copy redshiftinfo from 's3://mybucket/data/redshiftinfo.txt' {ROLE} delimiter '|' escape")
    assert s3.rows("select * from redshiftinfo order by 1") == [(1, "public|event|dwuser"), (2, "public|sales|dwuser")]
    with pytest.raises(warehouse.DataError, match=r"Extra column\(s\) found"):
        s3.run(f"copy redshiftinfo from 's3://mybucket/data/redshiftinfo.txt' {ROLE} delimiter '|'")


def test_line_ends_escaped(s3: Bucket) -> None:
    s3.run("create table t2 (c1 varchar(100), c2 int)")
    s3.put("data/nlTest2.txt", "<xml start>\\\n<line>\\\n</xml>|1000\n<xml>\\\n</xml>|2000\n")
    s3.run(f"copy t2 from 's3://mybucket/data/nlTest2.txt' {ROLE} escape delimiter as '|'")
    assert s3.rows("select * from t2 order by 2") == [("<xml start>\n<line>\n</xml>", 1000), ("<xml>\n</xml>", 2000)]


def test_json_by_names_and_paths(s3: Bucket) -> None:
    names = ("catid", "catgroup", "catname", "catdesc")
    s3.put("category_object_auto.json", "".join(json.dumps(d, indent=4) for d in documents(names, CATEGORIES)))
    s3.run(f"copy category from 's3://mybucket/category_object_auto.json' {ROLE} json 'auto'")
    mixed = documents(("CatID", "CatGroup", "CatName", "CatDesc"), CATEGORIES)
    s3.put("category_object_auto ignorecase.json", "\n".join(map(json.dumps, mixed)))
    s3.run(f"copy category from 's3://mybucket/category_object_auto ignorecase.json' {ROLE} json 'auto ignorecase'")
    other = documents(("one", "two", "three", "four"), CATEGORIES)
    s3.put("category_object_paths.json", "\n".join(map(json.dumps, other)))
    s3.put("category_jsonpath.json", json.dumps({"jsonpaths": ["$['one']", "$['two']", "$['three']", "$['four']"]}))
    s3.run(f"copy category from 's3://mybucket/category_object_paths.json' {ROLE} "
           "json 's3://mybucket/category_jsonpath.json'")  # fmt: skip
    s3.put("category_array_data.json", "\n".join(map(json.dumps, CATEGORIES)))
    s3.put("category_array_jsonpath.json", json.dumps({"jsonpaths": ["$[0]", "$[1]", "$[2]", "$[3]"]}))
    s3.run(f"copy category from 's3://mybucket/category_array_data.json' {ROLE} "
           "json 's3://mybucket/category_array_jsonpath.json'")  # fmt: skip
    assert s3.rows("select * from category order by 1") == [row for row in CATEGORIES for _ in range(4)]


def test_escapes_in_json(s3: Bucket) -> None:
    s3.run("create table escapes (backslash varchar(25), newline varchar(35), tab varchar(35))")
    s3.put("json/escape.json", r'{"backslash": "A backslash: \\", "newline": "two\n lines", "tab": "a \t tab"}')
    s3.run(f"copy escapes from 's3://mybucket/json/escape.json' {ROLE} format as json 'auto'")
    assert s3.rows("select * from escapes") == [("A backslash: \\", "two\n lines", "a \t tab")]


def _avro(names: tuple[str, ...], order: tuple[int, ...]) -> bytes:
    types = ("int", "string", "string", "string")
    fields = [{"name": names[i], "type": types[i]} for i in order]
    into = io.BytesIO()
    fastavro.writer(into, {"name": "category", "type": "record", "fields": fields}, documents(names, CATEGORIES))
    return into.getvalue()


def test_avro(s3: Bucket) -> None:
    s3.put("category_auto.avro", _avro(("catid", "catgroup", "catname", "catdesc"), (0, 3, 2, 1)))
    s3.run(f"copy category from 's3://mybucket/category_auto.avro' {ROLE} format as avro 'auto'")
    s3.put("category_auto-ignorecase.avro", _avro(("CatID", "CatGroup", "CatName", "CatDesc"), (0, 1, 2, 3)))
    s3.run(f"copy category from 's3://mybucket/category_auto-ignorecase.avro' {ROLE} format as avro 'auto ignorecase'")
    s3.put("category_object_paths.avro", _avro(("id", "group", "name", "desc"), (0, 3, 2, 1)))
    s3.put("category_path.avropath", json.dumps({"jsonpaths": ["$['id']", "$['group']", "$['name']", "$['desc']"]}))
    s3.run(f"copy category from 's3://mybucket/category_object_paths.avro' {ROLE} "
           "format avro 's3://mybucket/category_path.avropath '")  # fmt: skip
    assert s3.rows("select * from category order by 1") == [row for row in CATEGORIES for _ in range(3)]


@pytest.mark.parametrize(
    ("rest", "word"),
    [
        ("from 'dynamodb://Movies' {} readratio 50", "DynamoDB"),
        ("from 'emr://j-SAMPLE2B500FC/myoutput/part-*' {} delimiter '\\t' lzop", "EMR"),
        ("from 's3://mybucket/hosts' {} ssh", "SSH"),
        ("from 's3://mybucket/shapes.shp' format shapefile {}", "SHAPEFILE"),
        ("from 's3://mybucket/x' {} lzop", "LZOP"),
        ("from 's3://mybucket/x' {} master_symmetric_key 'k' encrypted", "MASTER_SYMMETRIC_KEY"),
        ("from 's3://mybucket/x' {} encrypted", "ENCRYPTED"),
        ("from 's3://mybucket/x' credentials 'aws_iam_role=a;master_symmetric_key=k'", "MASTER_SYMMETRIC_KEY"),
    ],
)
def test_what_needs_aws_is_refused_by_name(s3: Bucket, rest: str, word: str) -> None:
    with pytest.raises(warehouse.NotSupportedError, match=word):
        s3.run(f"copy category {rest.format(ROLE)}")
