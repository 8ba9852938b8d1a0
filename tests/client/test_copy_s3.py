"""COPY from a real S3 server: credentials of the statement, prefixes, manifests, and what is missing or forbidden."""
from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
import warehouse
from warehouse.storage.objects.registry import Objects
from warehouse.storage.schema import Column
from warehouse.storage.types import varchar


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    return str(s3.bucket("copies"))


@pytest.fixture
def t(s3: Any) -> Iterator[Any]:
    session = warehouse.connect(":memory:", autocommit=True, s3_endpoint_url=s3.endpoint)
    session.execute("create table t (a int, b varchar(10))")
    yield session
    session.close()


def put(s3: Any, url: str, data: bytes) -> None:
    with Objects(s3.options).create(url, overwrite=True) as writer:
        writer.write(data)


def test_a_prefix_of_many_files(t: Any, s3: Any, bucket: str) -> None:
    for number in range(5):
        put(s3, f"{bucket}many/part-{number}.gz", gzip.compress(f"{number}|x\n".encode() * 100))
    put(s3, f"{bucket}many/other", b"rubbish")
    cursor = t.execute(f"copy t from '{bucket}many/part-' {s3.clauses} region 'us-east-1' gzip")
    assert cursor.rowcount == 500
    told = t.execute("select trim(filename), lines_scanned from stl_load_commits where query = pg_last_copy_id()")
    assert sorted(told.fetchall()) == [(f"{bucket}many/part-{n}.gz", 100) for n in range(5)]


def test_credentials_in_one_text(t: Any, s3: Any, bucket: str) -> None:
    put(s3, f"{bucket}one.csv", b"1,x\n")
    text = "aws_access_key_id=testing;aws_secret_access_key=testing"
    t.execute(f"copy t from '{bucket}one.csv' with credentials as '{text}' csv")
    [(told,)] = t.execute("select trim(querytxt) from stl_query where query = pg_last_copy_id()").fetchall()
    assert "testing" not in told and "credentials as '***'" in told


def test_a_manifest_of_urls(t: Any, s3: Any, bucket: str) -> None:
    put(s3, f"{bucket}m/1", b"1|x\n")
    put(s3, f"{bucket}m.json", json.dumps({"entries": [{"url": f"{bucket}m/1"}] * 2}).encode())
    t.execute(f"copy t from '{bucket}m.json' {s3.clauses} manifest")
    assert t.execute("select count(*) from t").fetchone() == (2,)
    with pytest.raises(warehouse.OperationalError, match=r"Problem reading manifest file - S3ServiceException"):
        t.execute(f"copy t from '{bucket}no.json' {s3.clauses} manifest")
    put(s3, f"{bucket}m.json", b'{"entries": [{"url": 1}]}')
    with pytest.raises(warehouse.DataError, match="not properly formed"):
        t.execute(f"copy t from '{bucket}m.json' {s3.clauses} manifest")


def test_parquet_over_the_network(t: Any, s3: Any, bucket: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    into = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), into)
    put(s3, f"{bucket}p/x.parquet", into.getvalue().to_pybytes())
    t.execute(f"copy t from '{bucket}p/' {s3.clauses} parquet")
    assert t.execute("select * from t order by 1").fetchall() == [(1, "x"), (2, "y")]


def test_what_is_missing(t: Any, s3: Any, bucket: str) -> None:
    with pytest.raises(warehouse.OperationalError, match="The specified S3 prefix 'nothing/here' does not exist"):
        t.execute(f"copy t from '{bucket}nothing/here' {s3.clauses}")
    with pytest.raises(warehouse.OperationalError, match=r"The specified bucket does not exist.*NoSuchBucket"):
        t.execute(f"copy t from 's3://no-such-bucket/x' {s3.clauses}")
    with pytest.raises(warehouse.Error, match="must be given together"):
        t.execute(f"copy t from '{bucket}x' access_key_id 'a'")
    assert t.execute("select pg_last_copy_id()").fetchone() == (-1,)


def test_progress_counts_the_bytes_of_objects(s3: Any, bucket: str) -> None:
    from warehouse.storage.formats import open_source

    data = gzip.compress(b"1|x\n" * 1000)
    put(s3, f"{bucket}progress/x.gz", data)
    source = open_source(f"{bucket}progress/", "delimited", {"GZIP": True}, objects=Objects(s3.options))
    done: list[int] = []
    columns = tuple(Column(i, name, varchar(5)) for i, name in enumerate("ab"))
    for part in source.parts:
        assert sum(batch.num_rows for batch in source.read(part, columns, done.append)) == 1000
    assert sum(done) == source.total_bytes == len(data)
