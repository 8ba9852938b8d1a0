"""Every kind of store keeps to one contract; S3 is moto's server."""
from __future__ import annotations

import os
from urllib.request import urlopen

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warehouse import errors
from warehouse.storage.objects.options import StoreOptions
from warehouse.storage.objects.registry import Objects
from warehouse.storage.objects.remote import PART_BYTES


@pytest.fixture(params=["files", "url", "root", "memory", "s3"])
def store(request, tmp_path):
    """(objects, what names begin with)."""
    match request.param:
        case "files":
            return Objects(), f"{tmp_path}/b/"
        case "url":
            return Objects(), f"file://{tmp_path}/b/"
        case "root":
            (tmp_path / "b").mkdir()
            return Objects(StoreOptions(s3_root=str(tmp_path))), "s3://b/"
        case "memory":
            return Objects(), f"memory://{tmp_path.name}-{os.getpid()}/"
    s3 = request.getfixturevalue("s3")
    return Objects(s3.options), s3.bucket(tmp_path.name.replace("_", "-")[:40].lower().rstrip("-"))


def _put(objects, url, data, **how):
    with objects.create(url, **how) as writer:
        writer.write(data)


def test_written_read_listed_and_deleted(store):
    objects, top = store
    for name in ("part-1", "part-2.gz", "part-x/3", "par", "other/part-1"):
        _put(objects, top + name, name.encode())
    found = objects.list(top + "part-")
    assert [f.url.rpartition("/b/")[2] if "/b/" in f.url else f.url[len(top) :] for f in found] == [
        "part-1", "part-2.gz", "part-x/3",
    ]  # fmt: skip
    assert [f.bytes for f in found] == [6, 9, 8] and all(f.etag and f.modified for f in found)
    assert objects.read(top + "part-x/3") == b"part-x/3" and objects.read(top + "part-1", 2, 5) == b"rt-"
    assert objects.read_many(top + "part-x/3", [(5, 8), (0, 2), (1, 7)]) == [b"x/3", b"pa", b"art-x/"]
    with pytest.raises(errors.FileMissing, match="nothing"):
        objects.read_many(top + "nothing", [(0, 1)])
    assert objects.exists(top + "part-x") and not objects.exists(top + "partz")
    objects.delete(top + "part-1")
    objects.delete(top + "part-1")
    assert len(objects.list(top + "part-")) == 2


def test_an_object_is_not_written_over_unless_asked(store):
    objects, top = store
    _put(objects, top + "a", b"1")
    with pytest.raises(errors.OperationalError, match="there already") as caught:
        _put(objects, top + "a", b"2")
    assert caught.value.sqlstate == "58P01" and objects.read(top + "a") == b"1"
    _put(objects, top + "a", b"3", overwrite=True)
    assert objects.read(top + "a") == b"3" and len(objects.list(top)) == 1


@pytest.mark.parametrize("size", [10, 2 * PART_BYTES + 5])
def test_what_is_given_up_never_appears(store, size):
    objects, top = store
    with pytest.raises(ZeroDivisionError), objects.create(top + "half") as writer:
        writer.write(bytes(size))
        1 / 0  # noqa: B018
    assert objects.list(top) == []


def test_an_upload_that_is_given_up_leaves_no_parts(s3):
    """They would be paid for."""
    objects, top = Objects(s3.options), s3.bucket("given-up")
    writer = objects.create(top + "half")
    for _ in range(3):
        writer.write(bytes(PART_BYTES))
    uploads = f"{s3.endpoint}/given-up?uploads"
    assert b"<Upload>" in urlopen(uploads).read()
    writer.abort()
    assert b"<Upload>" not in urlopen(uploads).read() and objects.list(top) == []


def test_a_full_disk_does_not_keep_a_file_from_being_given_up(tmp_path):
    """What is in the buffer of a file cannot be written when it is closed either."""
    writer = Objects().create(str(tmp_path / "x"))
    writer._file.close()
    writer._file = os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb")
    writer.write(b"x")
    with pytest.raises(errors.DiskFull):
        writer.close()
    assert os.listdir(tmp_path) == []


def test_large_object_in_parts(store):
    objects, top = store
    data = os.urandom(1 << 20) * 34
    with objects.create(top + "large") as writer:
        for at in range(0, len(data), 3_000_000):
            writer.write(data[at : at + 3_000_000])
    assert objects.info(top + "large").bytes == len(data)
    with objects.open(top + "large") as file:
        file.seek(-10, os.SEEK_END)
        assert file.read() == data[-10:]
        file.seek(5)
        assert file.read(len(data)) == data[5:]


def test_pyarrow_reads_from_an_open_object(store):
    objects, top = store
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": range(1000)}), sink)
    _put(objects, top + "t.parquet", sink.getvalue().to_pybytes())
    with objects.open(top + "t.parquet") as file:
        assert pq.ParquetFile(file).read().num_rows == 1000


def test_what_is_missing_is_named(store):
    objects, top = store
    assert objects.list(top + "nothing") == []
    for call in (objects.info, objects.open, objects.read):
        with pytest.raises(errors.FileMissing, match="nothing"):
            call(top + "nothing")


def test_missing_bucket_and_denied_access(s3):
    with pytest.raises(errors.FileMissing, match="bucket does not exist"):
        Objects(s3.options).list("s3://no-such-bucket/x")


def test_credentials_of_a_statement():
    options = StoreOptions(region="eu-west-1")
    given = options.authorized({"CREDENTIALS": "aws_access_key_id=K;aws_secret_access_key=S;token=T"})
    assert (given.access_key_id, given.secret_access_key, given.session_token) == ("K", "S", "T")
    assert options.authorized({"IAM_ROLE": "default"}) == options
    assert "S" not in repr(given).replace("StoreOptions", "")
    for bad in ({"CREDENTIALS": "nonsense"}, {"ACCESS_KEY_ID": "K"}):
        with pytest.raises(errors.ProgrammingError):
            options.authorized(bad)


def test_s3_configuration_comes_from_statement_connection_environment_file(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text("[work]\naws_access_key_id = F\naws_secret_access_key = G\n")
    (tmp_path / "config").write_text("[profile work]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert StoreOptions().s3_configuration() == {
        "region": "eu-north-1", "access_key_id": "F", "secret_access_key": "G",
    }  # fmt: skip
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "E")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "E")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    found = StoreOptions(region="us-west-2").authorized({"REGION": "us-east-2"}).s3_configuration()
    assert (found["access_key_id"], found["endpoint"], found["region"]) == ("E", "http://127.0.0.1:1", "us-east-2")


def test_root_keeps_names_inside(tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(errors.ProgrammingError, match="leads out"):
        Objects(StoreOptions(s3_root=str(tmp_path))).info("s3://b/../x")


@pytest.mark.parametrize("bad", ["ftp://x/y", "http://x/y"])
def test_other_schemes_are_refused_by_name(bad):
    with pytest.raises(errors.NotSupportedError, match=bad.split(":")[0]):
        Objects().list(bad)


def test_where_nobody_has_credentials() -> None:
    from warehouse.storage.objects.remote import Remote

    told = Remote(None, "s3://b/")._failed(OSError("PUT http://169.254.169.254/latest/api"), "k", "read")
    assert told.sqlstate == "42501" and 's3://b/k' in told.message and "s3_root" in str(told.hint)


def test_what_s3_answers_to_a_listing_is_told_in_its_words() -> None:
    from obstore.exceptions import GenericError
    from warehouse.storage.objects.remote import Remote

    def told(status: str, body: str) -> errors.Error:
        text = f"Generic S3 error: Error performing list request: ... - Server returned non-2xx status code: {status}: "
        return Remote(None, "s3://b/")._failed(GenericError(text + body), "d/", "list")

    denied = told("403 Forbidden", "<?xml?><Error><Code>AccessDenied</Code><Message>no</Message></Error>")
    assert isinstance(denied, errors.PermissionDenied)
    assert str(denied) == "S3ServiceException:Access Denied,Status 403,Error AccessDenied: s3://b/d/"
    expired = told("400 Bad Request", "<Error>\n<Code>ExpiredToken</Code>\n<Message>It has expired</Message></Error>")
    assert str(expired) == "S3ServiceException:It has expired,Status 400,Error ExpiredToken: s3://b/d/"
    moved = Remote(None, "s3://b/")._failed(GenericError("Received redirect without LOCATION, this"), "d/", "list")
    assert "Status 301,Error PermanentRedirect" in str(moved) and "region" in (moved.hint or "")
